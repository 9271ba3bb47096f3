//! The image that others show of a number.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use wire::NumberFacts;

use super::failure::PageFailure;
use super::index_path::IndexPath;
use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views;

/// `GET /n/{index}/preview.svg` draws the name of a number, the count of its digits and its ends. Other sites may embed
/// it.
///
/// 200 · 404 not an index · 503 with `Retry-After` the API is unavailable
#[tracing::instrument(skip_all)]
pub(crate) async fn preview_svg(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    index: IndexPath,
) -> Result<Response, PageFailure> {
    let facts = facts(&state, index, &forwarded).await?;
    Ok(image("image/svg+xml", views::preview_svg(&facts).into_string()))
}

/// `GET /n/{index}/preview.png` is the same as PNG, for sites that show no SVG.
///
/// 200 · 404 not an index · 503 with `Retry-After` the API is unavailable
#[tracing::instrument(skip_all)]
pub(crate) async fn preview_png(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    index: IndexPath,
) -> Result<Response, PageFailure> {
    let facts = facts(&state, index, &forwarded).await?;
    Ok(image("image/png", views::preview_png(&facts)))
}

async fn facts(
    state: &ClientState,
    index: IndexPath,
    forwarded: &ForwardedHeaders,
) -> Result<NumberFacts, PageFailure> {
    Ok(state.api.facts(&index.canonical()?, None, forwarded).await?)
}

fn image(media_type: &'static str, content: impl IntoResponse) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    (headers, content).into_response()
}
