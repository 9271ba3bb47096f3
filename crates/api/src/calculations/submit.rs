//! `POST /api/calculations`

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use model::{AskToken, Calculation};
use server::{Draining, client_address};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use super::range::check_change;
use super::submission::{Submission, WaitLimit, submit_subject};
use crate::error::ApiError;
use crate::error_responses::{BodyErrors, FieldErrors};
use crate::extract::read_fields;
use crate::limits::Allowance;
use crate::state::ApiState;

/// Maximum time that a response is held back for a value.
const MAX_WAIT: Duration = Duration::from_secs(30);
const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(super) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// `POST /api/calculations` submits an index n for F(n), or another subject.
///
/// With `Prefer: wait=N` the response is held back up to N seconds, at most 30, until the value is known.
#[utoipa::path(
    post,
    path = "/api/calculations",
    tag = "calculations",
    params(
        ("prefer" = Option<String>, Header, description = "`wait=N`: wait up to N ≤ 30 seconds for the value (RFC 7240)"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context that the calculation joins"),
    ),
    request_body(
        description = "The index n of F(n) as a string or an integer literal in plain digits, or `subject` in its place; or a form with one of these fields.",
        content((SubmitBody = "application/json"), (SubmitFormBody = "application/x-www-form-urlencoded"))
    ),
    responses(
        (status = 200, description = "The value is known", body = wire::Submitted),
        (status = 202, description = "Accepted: it will be computed, whatever fails", body = wire::Submitted, headers(
            ("location" = String, description = "The calculation"),
            ("abaci-ask" = String, description = "For work above half a second: the token that withdraws this submission"),
            ("ratelimit-policy" = String, description = "`\"queued-work\";q=N`: seconds of queued work that an address may have"),
            ("ratelimit" = String, description = "`\"queued-work\";r=N;t=N`: what is left of it, and the seconds until nothing is queued"),
            ("preference-applied" = String, description = "The maximum time that was waited"),
        )),
        BodyErrors,
        FieldErrors,
        (status = 412, description = "A condition failed; nothing was stored", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "The index is missing, not a whole number in plain digits, or out of range; or the subject is unknown", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too much work requested; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The queue or the disk is full and nothing was stored, or (`unavailable`) it may have been stored; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json", headers(
            ("retry-after" = u64, description = "Seconds until it is worth trying again"),
            ("abaci-ask" = Option<String>, description = "For work above half a second that may have been stored: the token that withdraws it"),
        )),
    )
)]
pub(crate) async fn submit(State(state): State<ApiState>, request: Request) -> Response {
    let from = client_address(request.headers(), request.extensions(), &state.config.trusted_proxies);
    let response = submit_from(&state, from, request).await;
    with_rate_limit(&state, from, response)
}

async fn submit_from(state: &ApiState, from: IpAddr, request: Request) -> Result<SubmitResponse, ApiError> {
    let wait = preferred_wait(request.headers());
    let draining = request.extensions().get().map(|Draining(token)| token.clone()).unwrap_or_default();
    let conditions = check_change(request.headers());
    let fields = read_fields(request, state.config.body_bytes).await?;
    let valid = state.config.validate(&fields)?;
    conditions?;
    let wait_limit = wait.map(|wait| WaitLimit { wait, draining });
    let submission = submit_subject(state, &valid, from, wait_limit).await?;
    Ok(SubmitResponse { submission, wait })
}

/// The body of a submission: an index or a subject.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "`read_fields` parses the body strictly; this describes it")]
#[schema(as = Submit)]
pub(crate) struct SubmitBody {
    /// The n of F(n): `-?(0|[1-9][0-9]{0,18})`, as a string or an integer literal.
    #[schema(schema_with = index_schema, required = false)]
    index: Option<String>,
    /// Another subject: `L(n)`, `U(P,Q,n)`, `V(P,Q,n)`, `G(a,b,n)`, `T(k,n)`, `P(m)`, `A(m)` or `Phi(d)`.
    #[schema(pattern = "^(?:[FLUVGTPA]|Phi)\\([-,0-9]{1,62}\\)$", nullable = false, example = "L(1000)")]
    subject: Option<String>,
}

/// The form of a submission. Its own schema: generated clients choose the media type by the type of the body.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "`read_fields` parses the body strictly; this describes it")]
#[schema(as = SubmitForm)]
struct SubmitFormBody {
    /// The n of F(n).
    #[schema(pattern = "^(0|-?[1-9][0-9]{0,18})$", nullable = false, example = "1000")]
    index: Option<String>,
    /// Another subject.
    #[schema(pattern = "^(?:[FLUVGTPA]|Phi)\\([-,0-9]{1,62}\\)$", nullable = false, example = "L(1000)")]
    subject: Option<String>,
}

fn index_schema() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^(0|-?[1-9][0-9]{0,18})$"));
    let integer = ObjectBuilder::new().schema_type(Type::Integer);
    OneOfBuilder::new().item(text).item(integer).examples(["1000"]).into()
}

/// A submission on its way to become a response.
pub(crate) struct SubmitResponse {
    submission: Submission,
    wait: Option<Duration>,
}

impl IntoResponse for SubmitResponse {
    fn into_response(self) -> Response {
        let mut response = match self.submission {
            Submission::Known(calculation) => (StatusCode::OK, body(&calculation, None)).into_response(),
            Submission::Pending(calculation, token) => {
                let mut response = (StatusCode::ACCEPTED, body(&calculation, token.as_ref())).into_response();
                let path = format!("/api/calculations/{}", calculation.subject.path());
                insert(response.headers_mut(), header::LOCATION, &path);
                if let Some(token) = token {
                    insert(response.headers_mut(), HeaderName::from_static(wire::ASK_HEADER), &token.to_string());
                }
                response
            }
        };
        if let Some(wait) = self.wait {
            insert(response.headers_mut(), PREFERENCE_APPLIED, &format!("wait={}", wait.as_secs()));
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Adds the fields of draft-ietf-httpapi-ratelimit-headers: seconds of queued work that the address may have.
pub(super) fn with_rate_limit(state: &ApiState, from: IpAddr, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    if let Some(Allowance { limit, remaining, reset }) = state.backlog.allowance(from) {
        let policy = format!("\"queued-work\";q={}", limit.as_secs());
        let current = format!("\"queued-work\";r={};t={}", remaining.as_secs(), reset.as_secs());
        insert(response.headers_mut(), HeaderName::from_static("ratelimit-policy"), &policy);
        insert(response.headers_mut(), HeaderName::from_static("ratelimit"), &current);
    }
    response
}

fn body(calculation: &Calculation, ask: Option<&AskToken>) -> Json<wire::Submitted> {
    Json(wire::Submitted { calculation: calculation.into(), ask: ask.map(ToString::to_string) })
}

/// Inserts a text of printable ASCII, which is always a valid header value.
pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// Returns `wait=N` of the `Prefer` headers, at most [`MAX_WAIT`]. Unknown preferences are ignored (RFC 7240).
pub(super) fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let wait = preferences.flat_map(|value| value.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    })?;
    if wait.is_empty() || !wait.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A number that does not fit is above the maximum too.
    let wait = Duration::from_secs(wait.parse().unwrap_or(u64::MAX)).min(MAX_WAIT);
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preferred_wait_is_parsed_and_clamped() {
        for (text, seconds) in [
            ("wait=10", Some(10)),
            ("respond-async, Wait = \"7\"; x=1", Some(7)),
            ("wait=31", Some(30)),
            ("wait=99999999999999999999999", Some(30)),
            ("wait=0", None),
            ("wait=", None),
            ("wait=-1", None),
            ("wait=1.5", None),
            ("waiting=3", None),
            ("wait", None),
        ] {
            let headers = HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))]);
            assert_eq!(preferred_wait(&headers), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
