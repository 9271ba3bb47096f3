//! `POST /api/calculations/batch`

#[cfg(test)]
mod fuzzing;
mod indexes;
mod lines;

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::{AskToken, Subject};
use server::{Draining, Share, client_address};
use store::{NewCalculation, StoreError, SubmitResult};

use self::indexes::{NDJSON, read_indexes};
use self::lines::{Line, LineWait, stream};
use super::range::check_change;
use super::submission::{WaitLimit, check_disk};
use super::submit::{PREFERENCE_APPLIED, insert, preferred_wait, with_rate_limit};
use crate::error::ApiError;
use crate::error_responses::{BodyErrors, FieldErrors};
use crate::limits::{Charge, ValidSubject};
use crate::metrics;
use crate::state::ApiState;

/// `POST /api/calculations/batch` submits many indexes or other subjects, all or none.
///
/// The response has one line for each, in their order: the JSON of the calculation, with the token of the submission if
/// it has one. With `Prefer: wait=N` each line is held back until its value is known, all of them up to N seconds, at
/// most 30.
#[utoipa::path(
    post,
    path = "/api/calculations/batch",
    tag = "calculations",
    params(
        ("prefer" = Option<String>, Header, description = "`wait=N`: wait up to N ≤ 30 seconds for the values (RFC 7240)"),
        ("traceparent" = Option<String>, Header, description = "W3C trace context that the calculations join"),
    ),
    request_body(
        description = "Up to 10,000 by default: a list of indexes or of subjects, an inclusive range of indexes, or an index or a subject on each line.",
        content((BatchBody = "application/json"), (String = "application/x-ndjson"))
    ),
    responses(
        (status = 200, description = "All values are known: a line for each index, which is a Submitted as JSON", body = String, content_type = "application/x-ndjson"),
        (status = 202, description = "Accepted: all will be computed, whatever fails; the same lines", body = String, content_type = "application/x-ndjson", headers(
            ("ratelimit-policy" = String, description = "`\"queued-work\";q=N`: seconds of queued work that an address may have"),
            ("ratelimit" = String, description = "`\"queued-work\";r=N;t=N`: what is left of it, and the seconds until nothing is queued"),
            ("preference-applied" = String, description = "The maximum time that was waited"),
        )),
        BodyErrors,
        FieldErrors,
        (status = 412, description = "A condition failed; nothing was stored", body = wire::Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is neither JSON nor lines of it", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "An index is wrong, and `field` says which: `indexes[2]`, counted from 0, or `line 3`, counted from 1; or there are too many (`batch-too-large`). Nothing was stored", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too much work requested; nothing was stored; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The queue or the disk has no room for all, and nothing was stored; or (`unavailable`) all may have been stored; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit_batch(State(state): State<ApiState>, request: Request) -> Response {
    let from = client_address(request.headers(), request.extensions(), &state.config.trusted_proxies);
    let response = submit_from(&state, from, request).await;
    with_rate_limit(&state, from, response)
}

/// The body of a batch: `indexes`, `subjects`, or `from` and `to`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "`read_indexes` parses the body strictly; this describes it")]
#[schema(as = SubmitBatch)]
pub(crate) struct BatchBody {
    /// The indexes, as strings or integer literals in plain digits.
    #[schema(example = json!(["1", "2", "1000"]))]
    indexes: Option<Vec<String>>,
    /// Subjects, such as `L(1000)`, in place of the indexes.
    #[schema(example = json!(["L(1000)", "U(3,-1,500)"]))]
    subjects: Option<Vec<String>>,
    /// The first index of a range.
    #[schema(example = "1")]
    from: Option<String>,
    /// The last index of a range, included if whole steps lead there.
    #[schema(example = "10000")]
    to: Option<String>,
    /// The distance between two indexes of a range, not 0; 1 if it is left out.
    #[schema(example = "1")]
    step: Option<String>,
}

async fn submit_from(state: &ApiState, from: IpAddr, request: Request) -> Result<Response, ApiError> {
    let share = state.open_batch(from)?;
    let wait = preferred_wait(request.headers());
    let draining = request.extensions().get().map(|Draining(token)| token.clone()).unwrap_or_default();
    let conditions = check_change(request.headers());
    let indexes = read_indexes(state, request).await?;
    conditions?;
    let subjects: Vec<Subject> = indexes.iter().map(|index| index.subject.clone()).collect();
    check(state, from, &indexes).await?;
    let charge = match &state.rate_limit {
        Some(limit) => {
            let work = indexes.iter().map(|index| index.work).sum();
            limit.charge(from, work, state.ports.clock.now()).await?
        }
        None => Charge::free(),
    };
    // Subscribe before the jobs are enqueued, so that no end is missed however soon it comes.
    let waiter = wait.and_then(|_| state.hub.wait_for_all(subjects));
    let lines = store(state, from, indexes, charge).await?;
    let is_known = lines.iter().all(|line| line.calculation.is_readable());
    let wait_for = waiter.zip(wait).map(|(waiter, wait)| LineWait::new(waiter, WaitLimit { wait, draining }));
    Ok(respond(state, lines, is_known, wait_for, wait.map(|wait| wait.as_secs()), share))
}

fn respond(
    state: &ApiState,
    lines: Vec<Line>,
    is_known: bool,
    wait: Option<LineWait>,
    wait_seconds: Option<u64>,
    share: Share,
) -> Response {
    let status = if is_known { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = (status, stream(state.clone(), lines, wait, share)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = wait_seconds {
        insert(headers, PREFERENCE_APPLIED, &format!("wait={seconds}"));
    }
    response
}

/// Checks what a single submission is checked for, and the sums.
async fn check(state: &ApiState, from: IpAddr, indexes: &[ValidSubject]) -> Result<(), ApiError> {
    for index in indexes {
        state.config.check_workers(index, &state.workers)?;
    }
    state.backlog.check_batch(from, indexes)?;
    check_disk(state, indexes).await
}

/// Stores all indexes in one transaction, then announces and enqueues what is new.
async fn store(
    state: &ApiState,
    from: IpAddr,
    indexes: Vec<ValidSubject>,
    charge: Charge,
) -> Result<Vec<Line>, ApiError> {
    let (start, now, traceparent) = (Instant::now(), state.ports.clock.now(), server::current_trace());
    let new = |index: &ValidSubject| {
        let ask = index.is_withdrawable().then(AskToken::random).transpose();
        Ok(NewCalculation {
            subject: index.subject.clone(),
            digits: index.digits,
            lane: index.lane(),
            ask: ask.map_err(|error| ApiError::Internal(error.to_string().into()))?,
            submitter: Some(from.into()),
            traceparent,
            now,
        })
    };
    let new = indexes.iter().map(new).collect::<Result<Vec<_>, ApiError>>()?;
    let results = state.ports.store.submit_batch(&new).await.map_err(|error| match error {
        StoreError::Unavailable(source) => ApiError::Unconfirmed { token: None, source },
        error => error.into(),
    })?;
    let (mut lines, mut accepted, mut queued) = (Vec::with_capacity(results.len()), Vec::new(), Vec::new());
    let mut is_new: HashSet<&Subject> = HashSet::new();
    for ((result, new), index) in results.into_iter().zip(&new).zip(&indexes) {
        let (calculation, ask) = match result {
            SubmitResult::Known(calculation) => (calculation, None),
            SubmitResult::Pending(calculation) => (calculation, new.ask.clone()),
            SubmitResult::Queued(calculation) => {
                metrics::record_accepted(new.lane);
                state.recent.record_accepted(&new.subject, start);
                accepted.push(state.accepted(&calculation, new.submitter));
                queued.push(index);
                if calculation.asked_at == now {
                    is_new.insert(&new.subject);
                }
                (calculation, new.ask.clone())
            }
        };
        lines.push(Line { calculation, ask });
    }
    for new in &new {
        // The store counts only the request that made the row.
        if !is_new.remove(&new.subject) {
            state.usage.add_request(&new.subject);
        }
    }
    charge.keep_part(queued.iter().map(|index| index.work).sum());
    state.backlog.add_batch(from, &queued);
    if !accepted.is_empty() {
        state.dispatch_batch(accepted).await;
    }
    Ok(lines)
}
