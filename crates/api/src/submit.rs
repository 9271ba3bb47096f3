//! `POST /api/calculations`

use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use model::{AskToken, Calculation};
use server::Draining;

use crate::ask::{Answer, Patience, ask};
use crate::body;
use crate::error::ApiError;
use crate::state::ApiState;

/// The longest that an answer is held back for a value.
const MAX_WAIT: Duration = Duration::from_secs(30);
const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// `POST /api/calculations` asks for F(n).
///
/// With `Prefer: wait=N` the answer is held back up to N seconds, at most 30, for the value to be known.
#[utoipa::path(
    post,
    path = "/api/calculations",
    tag = "calculations",
    params(
        ("prefer" = Option<String>, Header, description = "`wait=N`: wait up to N ≤ 30 seconds for the value (RFC 7240)"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context that the calculation joins"),
    ),
    request_body(
        description = "The index n as a string or an integer literal in plain digits. A form with the field `index` will do as well.",
        content((Submit = "application/json"), (Submit = "application/x-www-form-urlencoded"))
    ),
    responses(
        (status = 200, description = "The value is known", body = wire::Submitted),
        (status = 202, description = "SubmitResult: it will be computed, whatever fails", body = wire::Submitted, headers(
            ("location" = String, description = "The calculation"),
            ("abaci-ask" = String, description = "For work above half a second: the token that withdraws this ask"),
            ("preference-applied" = String, description = "How long was waited for at most"),
        )),
        (status = 400, description = "The body cannot be read", body = wire::Problem, content_type = "application/problem+json"),
        (status = 403, description = "Sent by a page of another site", body = wire::Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body did not arrive in time", body = wire::Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = wire::Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is neither JSON nor a form", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "The index is missing, not a whole number in plain digits, or out of range", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too much work asked for; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was stored; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit(State(state): State<ApiState>, request: Request) -> Result<Submitted, ApiError> {
    let wait = preferred_wait(request.headers());
    let draining = request.extensions().get().map(|Draining(token)| token.clone()).unwrap_or_default();
    let patience = wait.map(|wait| Patience { wait, draining });
    let from = state.client_address(&request);
    let fields = body::read(request, state.limits.body_bytes).await?;
    let admitted = state.limits.admit(&fields)?;
    let answer = ask(&state, &admitted, from, patience).await?;
    Ok(Submitted { answer, applied: wait })
}

/// The body of a submission.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "read strictly by `body`; this is its description")]
pub(crate) struct Submit {
    /// The n of F(n): `-?(0|[1-9][0-9]{0,18})`, as a string or an integer literal.
    #[schema(example = "1000", pattern = "^-?(0|[1-9][0-9]{0,18})$")]
    index: String,
}

/// What a submission came to, on its way to become an answer.
pub(crate) struct Submitted {
    answer: Answer,
    applied: Option<Duration>,
}

impl IntoResponse for Submitted {
    fn into_response(self) -> Response {
        let mut response = match self.answer {
            Answer::Known(calculation) => (StatusCode::OK, body_of(&calculation, None)).into_response(),
            Answer::Pending(calculation, token) => {
                let mut response = (StatusCode::ACCEPTED, body_of(&calculation, token.as_ref())).into_response();
                let path = format!("/api/calculations/{}", calculation.subject.index());
                insert(&mut response, header::LOCATION, &path);
                if let Some(token) = token {
                    insert(&mut response, HeaderName::from_static(wire::ASK_HEADER), &token.to_string());
                }
                response
            }
        };
        if let Some(wait) = self.applied {
            insert(&mut response, PREFERENCE_APPLIED, &format!("wait={}", wait.as_secs()));
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

fn body_of(calculation: &Calculation, ask: Option<&AskToken>) -> Json<wire::Submitted> {
    Json(wire::Submitted { calculation: calculation.into(), ask: ask.map(ToString::to_string) })
}

/// Every text put here is of digits, letters and slashes, which a header can carry.
fn insert(response: &mut Response, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}

/// `wait=N` out of the `Prefer` headers, no longer than is allowed. What is not understood is no
/// preference, as RFC 7240 wants it.
fn preferred_wait(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let wait = preferences.flat_map(|value| value.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"'))
    })?;
    if wait.is_empty() || !wait.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // More digits than fit are more seconds than are allowed.
    let wait = Duration::from_secs(wait.parse().unwrap_or(u64::MAX)).min(MAX_WAIT);
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_to_wait_is_understood_and_clamped() {
        let wait = |text: &'static str| {
            preferred_wait(&HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))])).map(|wait| wait.as_secs())
        };
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait = \"7\"; x=1"), Some(7));
        assert_eq!(wait("wait=31"), Some(30));
        assert_eq!(wait("wait=99999999999999999999999"), Some(30));
        for none in ["wait=0", "wait=", "wait=-1", "wait=1.5", "waiting=3", "wait"] {
            assert_eq!(wait(none), None, "{none}");
        }
    }
}
