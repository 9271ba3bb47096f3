//! Parts of pages, fetched by the script when something has changed.
//!
//! The page and its updates share one rendering, so they cannot differ.

use axum::extract::State;
use axum::response::Html;
use http::StatusCode;
use model::Index;
use wire::{CalculationBody, ProblemKind};

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

/// `GET /fragments/row/{index}` returns one row of the history.
///
/// 200 · 404 never submitted · 503 the API is unavailable
pub(crate) async fn row_fragment(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    IndexPath(index): IndexPath,
) -> Result<Html<String>, PageFailure> {
    let (_, calculation) = find(&state, &index, &forwarded).await?;
    Ok(Html(views::row(&calculation).into_string()))
}

async fn find(
    state: &ClientState,
    index: &str,
    forwarded: &ForwardedHeaders,
) -> Result<(Index, CalculationBody), PageFailure> {
    let not_found = || PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound);
    let index: Index = index.parse().map_err(|_| not_found())?;
    let calculation = state.api.calculation(&index.into(), forwarded).await?.ok_or_else(not_found)?;
    Ok((index, calculation))
}
