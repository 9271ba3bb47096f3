//! Parts of pages, fetched by the script when something has changed.
//!
//! The page and its updates share one rendering, so they cannot differ.

use axum::extract::State;
use axum::response::Html;
use http::StatusCode;
use wire::ProblemKind;

use super::failure::PageFailure;
use super::home::{self, HomeQuery};
use super::index_path::IndexPath;
use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views;

/// `GET /fragments/history?show=&from=&after=` returns a page of the history.
///
/// 200 · 404 invalid cursor · 503 the API is unavailable
pub(crate) async fn history_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    query: HomeQuery,
) -> Result<Html<String>, PageFailure> {
    let history = home::history(&state, &query, &forwarded).await?;
    Ok(Html(views::history(&history).into_string()))
}

/// `GET /fragments/row/{subject}` returns one row of the history.
///
/// 200 · 404 never submitted · 503 the API is unavailable
pub(crate) async fn row_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    path: IndexPath,
) -> Result<Html<String>, PageFailure> {
    let calculation = state.api.calculation(&path.subject()?, &forwarded).await?;
    let not_found = || PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound);
    Ok(Html(views::row(&calculation.ok_or_else(not_found)?).into_string()))
}
