//! The page about the system.

use axum::extract::State;
use axum::response::Html;
use http::HeaderMap;
use model::{Index, Subject};
use wire::{CalculationBody, SystemStatus};

use super::failure::PageFailure;
use super::index_path::IndexPath;
use super::mine_cookie::read_mine;
use crate::ClientState;
use crate::api_client::CallError;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views::{self, Race};

/// `GET /about` explains how it works and shows the state of the system, the number that this browser submitted last,
/// and the race to F(10⁹).
///
/// 200, also when the API is unavailable: then without its figures
#[tracing::instrument(skip_all)]
pub(crate) async fn about(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    headers: HeaderMap,
) -> Html<String> {
    let (system, mine, finish) = tokio::join!(
        system(&state, &forwarded),
        last_of_mine(&state, &headers, &forwarded),
        finish(&state, &forwarded)
    );
    let race = race(finish, system.as_ref());
    Html(views::about(system.as_ref(), mine.as_ref(), &race).into_string())
}

/// `GET /fragments/system` returns the part of that page that is refreshed.
///
/// 200, also when the API is unavailable
pub(crate) async fn system_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    headers: HeaderMap,
) -> Html<String> {
    let (system, mine) = tokio::join!(system(&state, &forwarded), last_of_mine(&state, &headers, &forwarded));
    Html(views::system_now(system.as_ref(), mine.as_ref()).into_string())
}

/// `GET /fragments/race` returns the race while it runs.
///
/// 200, also when the API is unavailable
pub(crate) async fn race_fragment(State(state): State<ClientState>, forwarded: ForwardedHeaders) -> Html<String> {
    let (system, finish) = tokio::join!(system(&state, &forwarded), finish(&state, &forwarded));
    Html(views::race(&race(finish, system.as_ref())).into_string())
}

fn race(calculation: Option<CalculationBody>, system: Option<&SystemStatus>) -> Race {
    Race { calculation, now: system.and_then(|system| system.at.parse().ok()) }
}

async fn finish(state: &ClientState, forwarded: &ForwardedHeaders) -> Option<CalculationBody> {
    calculation(state, &Index::new(views::FINISH).into(), forwarded).await
}

async fn last_of_mine(
    state: &ClientState,
    headers: &HeaderMap,
    forwarded: &ForwardedHeaders,
) -> Option<CalculationBody> {
    calculation(state, read_mine(headers).first()?, forwarded).await
}

async fn calculation(state: &ClientState, subject: &Subject, forwarded: &ForwardedHeaders) -> Option<CalculationBody> {
    let found = state.api.calculation(subject, forwarded).await;
    let warn = |error: &CallError| {
        tracing::warn!(error = error as &dyn std::error::Error, %subject, "cannot read a calculation");
    };
    found.inspect_err(warn).ok().flatten()
}

/// `GET /fragments/queue/{subject}` returns the part of a page that says the place of a calculation in the queue.
///
/// 200, also when the API is unavailable · 404 not a subject
pub(crate) async fn queue_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    path: IndexPath,
) -> Result<Html<String>, PageFailure> {
    let subject = path.subject()?;
    Ok(Html(views::queue_now(&subject, system(&state, &forwarded).await.as_ref()).into_string()))
}

pub(super) async fn system(state: &ClientState, forwarded: &ForwardedHeaders) -> Option<SystemStatus> {
    let system = state.api.system(forwarded).await;
    let warn = |error: &CallError| {
        tracing::warn!(error = error as &dyn std::error::Error, "cannot read the state of the system");
    };
    system.inspect_err(warn).ok()
}
