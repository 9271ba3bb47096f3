//! The image that others show of a number.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use wire::ProblemKind;

use super::failure::PageFailure;
use super::index_path::IndexPath;
use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::{typed_index, views};

/// `GET /n/{index}/preview.svg` draws the name of a number, the count of its digits and its ends. Other sites may embed
/// it.
///
/// 200 · 404 not an index · 503 with `Retry-After` the API is unavailable
#[tracing::instrument(skip_all)]
pub(crate) async fn preview(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    IndexPath(text): IndexPath,
) -> Result<Response, PageFailure> {
    if !typed_index::is_canonical(&text) {
        return Err(PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound));
    }
    let facts = state.api.facts(&text, None, &forwarded).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    Ok((headers, views::preview(&facts).into_string()).into_response())
}
