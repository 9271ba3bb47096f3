//! The first page: ask, and see what was asked.

use axum::extract::{FromRequestParts, Query, State};
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;
use wire::ProblemKind;

use super::failure::Failure;
use crate::ClientState;
use crate::api_client::{Cursor, OnBehalf};
use crate::html::{self, Form, Record};

/// Calculations on one page of the record.
const PER_PAGE: u32 = 30;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Place {
    /// Where the page of the record begins.
    after: Option<String>,
    /// What stands in the field already.
    index: Option<String>,
}

/// `GET /?after=&index=`: the form and a page of the record.
///
/// 200 · 404 a cursor that is none · 503 with `Retry-After` the API is out of reach; the form is shown anyway
#[tracing::instrument(skip_all)]
pub(crate) async fn home(State(state): State<ClientState>, by: OnBehalf, place: Place) -> Result<Response, Failure> {
    let form = Form { text: place.index.as_deref().unwrap_or_default(), problem: None };
    match record(&state, &place, &by).await {
        Ok(record) => Ok(Html(html::home(&form, Ok(&record)).into_string()).into_response()),
        Err(failure) if failure.status.is_client_error() => Err(failure),
        Err(failure) => {
            let page = html::home(&form, Err(&failure.problem));
            Ok(failure.with(page))
        }
    }
}

/// The page of the record that begins at a place.
pub(crate) async fn record(state: &ClientState, place: &Place, by: &OnBehalf) -> Result<Record, Failure> {
    let unknown =
        || Failure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound).detailed("There is no such page of the record.");
    let after = match place.after.as_deref() {
        Some(text) => Some(Cursor::read(text).ok_or_else(unknown)?),
        None => None,
    };
    let list = state.api.record(PER_PAGE, after.as_ref(), by).await?;
    Ok(Record { list, after })
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let unreadable =
            |_| Failure::new(StatusCode::BAD_REQUEST, ProblemKind::NotFound).detailed("The address cannot be read.");
        Query::from_request_parts(parts, state).await.map(|Query(place)| place).map_err(unreadable)
    }
}
