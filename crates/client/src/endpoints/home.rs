//! The first page: the form and the history.

use axum::extract::{FromRequestParts, Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use wire::ProblemKind;

use super::failure::PageFailure;
use crate::ClientState;
use crate::api_client::{Cursor, ForwardedHeaders};
use crate::views::{self, History, SubmitForm};

/// Calculations on one page of the history.
const PER_PAGE: u32 = 30;

/// The query of the first page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct HomeQuery {
    /// The cursor of the page of the history.
    after: Option<String>,
    /// The initial text of the field.
    pub(crate) index: Option<String>,
}

/// `GET /?after=&index=` shows the form and a page of the history.
///
/// 200 · 404 invalid cursor · 503 with `Retry-After` the API is unavailable; the form is still shown
#[tracing::instrument(skip_all)]
pub(crate) async fn home(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    query: HomeQuery,
) -> Result<Response, PageFailure> {
    let form = SubmitForm { text: query.index.as_deref().unwrap_or_default(), problem: None, meanings: &[] };
    match history(&state, &query, &forwarded).await {
        Ok(history) => Ok(Html(views::home(&form, Ok(&history)).into_string()).into_response()),
        Err(failure) if failure.status.is_client_error() => Err(failure),
        Err(failure) => {
            let page = views::home(&form, Err(&failure.problem));
            Ok(failure.with_page(page))
        }
    }
}

/// Returns the page of the history that a query names.
pub(crate) async fn history(
    state: &ClientState,
    query: &HomeQuery,
    forwarded: &ForwardedHeaders,
) -> Result<History, PageFailure> {
    let invalid = || {
        PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound)
            .with_detail("There is no such page of the history.")
    };
    let after = match query.after.as_deref() {
        Some(text) => Some(Cursor::parse(text).ok_or_else(invalid)?),
        None => None,
    };
    let list = state.api.history(PER_PAGE, after.as_ref(), forwarded).await?;
    Ok(History { list, after })
}

impl<S: Send + Sync> FromRequestParts<S> for HomeQuery {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageFailure> {
        let unreadable = |_| {
            PageFailure::new(StatusCode::BAD_REQUEST, ProblemKind::NotFound).with_detail("The address cannot be read.")
        };
        Query::from_request_parts(parts, state).await.map(|Query(query)| query).map_err(unreadable)
    }
}
