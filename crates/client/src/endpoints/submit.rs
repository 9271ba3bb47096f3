//! Submits the form: parses the text, calls the API and redirects to the number's page.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::{Expression, ExpressionError};
use serde::Deserialize;
use wire::{ProblemKind, Shortened, Submitted};

use super::ask_cookie::AskCookie;
use super::failure::PageFailure;
use super::home::{self, HomeQuery};
use crate::ClientState;
use crate::api_client::ForwardedHeaders;
use crate::views;

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SubmitFields {
    #[serde(default)]
    index: String,
}

/// `POST /`, form field `index`, submits F(n).
///
/// 303 to the number's page · 403 cross-site · 413, 415, 422 invalid form or text · 503 with `Retry-After` the API
/// is unavailable · otherwise the API's status. Every refusal shows the first page with the text that was typed and
/// the reason beside the field.
#[tracing::instrument(skip_all)]
pub(crate) async fn submit(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    headers: HeaderMap,
    form: Result<Form<SubmitFields>, FormRejection>,
) -> Response {
    if let Err(error) = server::check_same_site(&headers, state.settings.public_url.as_ref()) {
        return PageFailure::from(error).into_response();
    }
    let (text, result) = match form {
        Ok(Form(fields)) => {
            let result = submit_text(&state, &fields.index, &forwarded).await;
            (fields.index, result)
        }
        Err(rejection) => (String::new(), Err(malformed(&rejection))),
    };
    match result {
        Ok(submitted) => redirect_to_number(&state, &submitted),
        Err(failure) => refuse(&state, &text, failure, &forwarded).await,
    }
}

async fn submit_text(state: &ClientState, text: &str, forwarded: &ForwardedHeaders) -> Result<Submitted, PageFailure> {
    let expression: Expression = text.parse().map_err(|error| not_an_index(text, &error))?;
    Ok(state.api.submit(expression.index(), forwarded).await?)
}

fn redirect_to_number(state: &ClientState, submitted: &Submitted) -> Response {
    let page = format!("/n/{}", submitted.calculation.index);
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::try_from(page) {
        Ok(page) => response.headers_mut().insert(LOCATION, page),
        Err(_) => return PageFailure::new(StatusCode::BAD_GATEWAY, ProblemKind::Internal).into_response(),
    };
    let cookie = AskCookie::from_response(submitted).and_then(|cookie| cookie.set(&state.settings));
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

async fn refuse(state: &ClientState, text: &str, failure: PageFailure, forwarded: &ForwardedHeaders) -> Response {
    let form = views::SubmitForm { text, problem: Some(&failure.problem) };
    // The API was unavailable a moment ago: do not wait for the same timeout again.
    let page = if failure.problem.kind == ProblemKind::Unavailable {
        views::home(&form, Err(&failure.problem))
    } else {
        let history = home::history(state, &HomeQuery::default(), forwarded).await;
        views::home(&form, history.as_ref().map_err(|failure| &*failure.problem))
    };
    failure.with_page(page)
}

fn not_an_index(text: &str, error: &ExpressionError) -> PageFailure {
    let kind = match error {
        ExpressionError::Empty => ProblemKind::IndexMissing,
        ExpressionError::Overflow => ProblemKind::IndexOutOfRange,
        ExpressionError::TooLong { .. }
        | ExpressionError::Unexpected { .. }
        | ExpressionError::Ambiguous { .. }
        | ExpressionError::Grouping { .. }
        | ExpressionError::NotWhole => ProblemKind::IndexNotInteger,
    };
    let mut failure = PageFailure::new(StatusCode::UNPROCESSABLE_ENTITY, kind);
    failure.problem.field = Some("index".to_owned());
    failure.problem.allowed = Some("a whole number, as 1000, 10^6, 1 000 000, 2^20+1 or -8".to_owned());
    if *error != ExpressionError::Empty {
        failure.problem.given = Some(Shortened::new(text).to_string());
        failure.problem.detail = Some(sentence(&error.to_string()));
    }
    failure
}

fn malformed(rejection: &FormRejection) -> PageFailure {
    let status = rejection.status();
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::MediaType,
        _ => ProblemKind::BodyMalformed,
    };
    PageFailure::new(status, kind)
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let end = if text.ends_with('?') { None } else { Some('.') };
    first.chain(characters).chain(end).collect()
}
