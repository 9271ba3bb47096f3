//! Verifies a copy of the digits of a number.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::failure::PageFailure;
use super::index_path::IndexPath;
use super::number::{NumberQuery, load};
use super::submit::malformed;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views::VerifiedCopy;
use crate::{ClientState, views};

/// The field of the form.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct VerifyFields {
    #[serde(default)]
    text: String,
}

/// `POST /n/{index}/verify`, form field `text`, shows the page of F(n) and whether the text is F(n). White space and
/// commas between digits are ignored. Longer texts go to the API, which the script of the page does.
///
/// 200 · 403 cross-site · 404 not an index · 413, 415, 422 invalid form · otherwise the API's status
#[tracing::instrument(skip_all)]
pub(crate) async fn verify(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    index: IndexPath,
    headers: HeaderMap,
    form: Result<Form<VerifyFields>, FormRejection>,
) -> Result<Response, PageFailure> {
    server::check_same_site(&headers, state.settings.public_url.as_ref())?;
    let index = index.canonical()?;
    let Form(fields) = form.map_err(|rejection| malformed(&rejection))?;
    let digits = views::digits_only(&fields.text);
    let answer = state.api.verify(&index, digits, &forwarded).await.map_err(PageFailure::from);
    let status = answer.as_ref().err().map_or(StatusCode::OK, |failure| failure.status);
    let mut page = load(&state, index, &NumberQuery::default(), &headers, &forwarded).await?;
    page.verified = Some(VerifiedCopy { text: fields.text, answer: answer.map_err(|failure| failure.problem) });
    Ok((status, Html(views::number(&page).into_string())).into_response())
}
