//! The page of one number.

use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use model::{Expression, Index};
use wire::{ProblemKind, Shortened};

use super::ask_cookie::AskCookie;
use super::failure::PageFailure;
use super::index_path::IndexPath;

use crate::ClientState;
use crate::api_client::ForwardedHeaders;
use crate::views;

/// `GET /n/{index}` shows the status of F(n), and its digits once they are known.
///
/// 200 · 303 from another spelling to the canonical one · 404 never submitted, or not an index · 503 with
/// `Retry-After` the API is unavailable
#[tracing::instrument(skip_all)]
pub(crate) async fn number(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    IndexPath(text): IndexPath,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    let Ok(index) = text.parse::<Index>() else { return redirect_to_canonical(&text) };
    Ok(match state.api.calculation(index, &forwarded).await? {
        Some(calculation) => {
            let mine = AskCookie::read(index, &headers).is_some();
            Html(views::number(index, &calculation, mine).into_string()).into_response()
        }
        None => (StatusCode::NOT_FOUND, Html(views::never_submitted(index).into_string())).into_response(),
    })
}

/// Redirects another spelling of an index to the canonical one, so that every number has one URL.
fn redirect_to_canonical(text: &str) -> Result<Response, PageFailure> {
    match text.parse::<Expression>() {
        Ok(expression) => Ok(Redirect::to(&format!("/n/{}", expression.index())).into_response()),
        Err(_) => {
            let mut failure = PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound)
                .with_detail("There is a page for every whole number, and this is not one.");
            failure.problem.given = Some(Shortened::new(text).to_string());
            Err(failure)
        }
    }
}
