//! The page about the system.

use axum::extract::State;
use axum::response::Html;

use crate::ClientState;
use crate::api_client::ForwardedHeaders;
use crate::views;

/// `GET /about` explains how it works and shows the state of the system.
///
/// 200, also when the API is unavailable: then without its figures
#[tracing::instrument(skip_all)]
pub(crate) async fn about(State(state): State<ClientState>, forwarded: ForwardedHeaders) -> Html<String> {
    let system = state.api.system(&forwarded).await;
    if let Err(error) = &system {
        tracing::warn!(error = error as &dyn std::error::Error, "cannot read the state of the system");
    }
    Html(views::about(system.as_ref().ok()).into_string())
}
