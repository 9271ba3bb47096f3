//! The page of one number.

use axum::extract::{FromRequestParts, Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use model::{Expression, Index};
use wire::{ProblemKind, Shortened};

use super::failure::Failure;
use super::withdraw::AskCookie;
use crate::ClientState;
use crate::api_client::OnBehalf;
use crate::html;

/// What stands in the path for an index, not yet read.
#[derive(Debug)]
pub(crate) struct Spelling(pub(crate) String);

/// `GET /n/{index}`: where F(n) stands, and its digits once they are known.
///
/// 200 · 303 another spelling of an index, to the plain one · 404 never asked for (and how to ask), or no index ·
/// 503 with `Retry-After` the API is out of reach
#[tracing::instrument(skip_all)]
pub(crate) async fn number(
    State(state): State<ClientState>,
    by: OnBehalf,
    Spelling(text): Spelling,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Ok(index) = text.parse::<Index>() else { return elsewhere(&text) };
    Ok(match state.api.calculation(index, &by).await? {
        Some(calculation) => {
            let mine = AskCookie::read(index, &headers).is_some();
            Html(html::number(index, &calculation, mine).into_string()).into_response()
        }
        None => (StatusCode::NOT_FOUND, Html(html::never_asked(index).into_string())).into_response(),
    })
}

/// Another spelling of an index leads to the plain one, so that every number has one address.
fn elsewhere(text: &str) -> Result<Response, Failure> {
    match text.parse::<Expression>() {
        Ok(expression) => Ok(Redirect::to(&format!("/n/{}", expression.index())).into_response()),
        Err(_) => {
            let mut failure = Failure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound)
                .detailed("There is a page for each whole number that was asked for; this is none.");
            failure.problem.given = Some(Shortened::new(text).to_string());
            Err(failure)
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Spelling {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let no_text = |_| Failure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound);
        Path::from_request_parts(parts, state).await.map(|Path(text)| Self(text)).map_err(no_text)
    }
}
