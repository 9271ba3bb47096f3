//! The page about the system.

use axum::extract::State;
use axum::response::Html;
use wire::SystemStatus;

use super::index_path::IndexPath;
use crate::ClientState;
use crate::api_client::CallError;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views;

/// `GET /about` explains how it works and shows the state of the system.
///
/// 200, also when the API is unavailable: then without its figures
#[tracing::instrument(skip_all)]
pub(crate) async fn about(State(state): State<ClientState>, forwarded: ForwardedHeaders) -> Html<String> {
    Html(views::about(system(&state, &forwarded).await.as_ref()).into_string())
}

/// `GET /fragments/system` returns the part of that page that is refreshed.
///
/// 200, also when the API is unavailable
pub(crate) async fn system_fragment(State(state): State<ClientState>, forwarded: ForwardedHeaders) -> Html<String> {
    Html(views::system_now(system(&state, &forwarded).await.as_ref()).into_string())
}

/// `GET /fragments/queue/{index}` returns the part of a queued number's page that says its place in the queue.
///
/// 200, also when the API is unavailable
pub(crate) async fn queue_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    IndexPath(index): IndexPath,
) -> Html<String> {
    Html(views::queue_now(&index, system(&state, &forwarded).await.as_ref()).into_string())
}

pub(super) async fn system(state: &ClientState, forwarded: &ForwardedHeaders) -> Option<SystemStatus> {
    let system = state.api.system(forwarded).await;
    let warn = |error: &CallError| {
        tracing::warn!(error = error as &dyn std::error::Error, "cannot read the state of the system");
    };
    system.inspect_err(warn).ok()
}
