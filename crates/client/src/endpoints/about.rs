//! How it works, and what robots may read.

use axum::extract::State;
use axum::response::Html;
use http::header::{CONTENT_TYPE, HeaderName};

use crate::ClientState;
use crate::api_client::OnBehalf;
use crate::html;

/// `GET /about`: how it works, and how it stands.
///
/// 200, also when the API is out of reach: then without its figures
#[tracing::instrument(skip_all)]
pub(crate) async fn about(State(state): State<ClientState>, by: OnBehalf) -> Html<String> {
    let system = state.api.system(&by).await;
    if let Err(error) = &system {
        tracing::warn!(error = error as &dyn std::error::Error, "the state of the system cannot be read");
    }
    Html(html::about(system.as_ref().ok()).into_string())
}

/// `GET /robots.txt`: the first page and how it works; numbers have no end.
pub(crate) async fn robots() -> ([(HeaderName, &'static str); 1], &'static str) {
    let text = "User-agent: *\nAllow: /$\nAllow: /about\nAllow: /assets/\nDisallow: /\n";
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}
