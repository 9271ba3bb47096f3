//! Parts of pages, fetched by the script when something has changed.
//!
//! One rendering for both: what is shown first and what replaces it later cannot differ.

use axum::extract::State;
use axum::response::Html;
use http::{HeaderMap, StatusCode};
use model::Index;
use wire::{CalculationBody, ProblemKind};

use super::failure::Failure;
use super::home::{self, Place};
use super::number::Spelling;
use super::withdraw::AskCookie;
use crate::ClientState;
use crate::api_client::OnBehalf;
use crate::html;

/// `GET /fragments/record?after=`: a page of the record.
///
/// 200 · 404 a cursor that is none · 503 the API is out of reach
pub(crate) async fn record_fragment(
    State(state): State<ClientState>,
    by: OnBehalf,
    place: Place,
) -> Result<Html<String>, Failure> {
    let record = home::record(&state, &place, &by).await?;
    Ok(Html(html::record(&record).into_string()))
}

/// `GET /fragments/row/{index}`: one row of the record.
///
/// 200 · 404 never asked for · 503 the API is out of reach
pub(crate) async fn row_fragment(
    State(state): State<ClientState>,
    by: OnBehalf,
    Spelling(index): Spelling,
) -> Result<Html<String>, Failure> {
    let (_, calculation) = find(&state, &index, &by).await?;
    Ok(Html(html::row(&calculation).into_string()))
}

/// `GET /n/{index}/fragment`: the part of a number's page that changes. Below `/n/{index}`, because the cookie
/// that shows whose ask it is is sent nowhere else.
///
/// 200 · 404 never asked for · 503 the API is out of reach
pub(crate) async fn number_fragment(
    State(state): State<ClientState>,
    by: OnBehalf,
    Spelling(index): Spelling,
    headers: HeaderMap,
) -> Result<Html<String>, Failure> {
    let (index, calculation) = find(&state, &index, &by).await?;
    let mine = AskCookie::read(index, &headers).is_some();
    Ok(Html(html::number_part(index, &calculation, mine).into_string()))
}

async fn find(state: &ClientState, index: &str, by: &OnBehalf) -> Result<(Index, CalculationBody), Failure> {
    let not_found = || Failure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound);
    let index: Index = index.parse().map_err(|_| not_found())?;
    let calculation = state.api.calculation(index, by).await?.ok_or_else(not_found)?;
    Ok((index, calculation))
}
