//! The form is sent: read what was typed, ask the API, go to the number's page.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::{Expression, ExpressionError};
use serde::Deserialize;
use wire::{ProblemKind, Shortened, Submitted};

use super::failure::Failure;
use super::home::{self, Place};
use super::withdraw::AskCookie;
use crate::ClientState;
use crate::api_client::OnBehalf;
use crate::html;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    index: String,
}

/// `POST /`, form field `index`: asks for F(n).
///
/// 303 to the number's page · 403 sent by another site · 413, 415, 422 wrong form or text · what the API says
/// otherwise · 503 with `Retry-After` the API is out of reach. Every refusal is the first page again, with the
/// text that was typed and the reason beside the field.
#[tracing::instrument(skip_all)]
pub(crate) async fn ask(
    State(state): State<ClientState>,
    by: OnBehalf,
    headers: HeaderMap,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    if let Err(error) = server::check_same_site(&headers, state.settings.public_url.as_ref()) {
        return Failure::from(error).into_response();
    }
    let (text, answer) = match typed {
        Ok(Form(typed)) => {
            let answer = submit(&state, &typed.index, &by).await;
            (typed.index, answer)
        }
        Err(rejection) => (String::new(), Err(unreadable(&rejection))),
    };
    match answer {
        Ok(submitted) => to_number(&state, &submitted),
        Err(failure) => refused(&state, &text, failure, &by).await,
    }
}

async fn submit(state: &ClientState, text: &str, by: &OnBehalf) -> Result<Submitted, Failure> {
    let expression: Expression = text.parse().map_err(|error| not_an_index(text, &error))?;
    Ok(state.api.submit(expression.index(), by).await?)
}

fn to_number(state: &ClientState, submitted: &Submitted) -> Response {
    let page = format!("/n/{}", submitted.calculation.index);
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::try_from(page) {
        Ok(page) => response.headers_mut().insert(LOCATION, page),
        Err(_) => return Failure::new(StatusCode::BAD_GATEWAY, ProblemKind::Internal).into_response(),
    };
    let cookie = AskCookie::of(submitted).and_then(|cookie| cookie.set(&state.settings));
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

async fn refused(state: &ClientState, text: &str, failure: Failure, by: &OnBehalf) -> Response {
    let form = html::Form { text, problem: Some(&failure.problem) };
    // Out of reach a moment ago: no second wait for the same silence.
    let page = if failure.problem.kind == ProblemKind::Unavailable {
        html::home(&form, Err(&failure.problem))
    } else {
        let record = home::record(state, &Place::default(), by).await;
        html::home(&form, record.as_ref().map_err(|failure| &*failure.problem))
    };
    failure.with(page)
}

fn not_an_index(text: &str, error: &ExpressionError) -> Failure {
    let kind = match error {
        ExpressionError::Empty => ProblemKind::IndexMissing,
        ExpressionError::Overflow => ProblemKind::IndexOutOfRange,
        ExpressionError::TooLong { .. } | ExpressionError::Unexpected { .. } | ExpressionError::NotWhole => {
            ProblemKind::IndexNotInteger
        }
    };
    let mut failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, kind);
    failure.problem.field = Some("index".to_owned());
    failure.problem.allowed = Some("a whole number, as 1000, 10^6, 1 000 000, 2^20+1 or -8".to_owned());
    if *error != ExpressionError::Empty {
        failure.problem.given = Some(Shortened::new(text).to_string());
        failure.problem.detail = Some(sentence(&error.to_string()));
    }
    failure
}

fn unreadable(rejection: &FormRejection) -> Failure {
    let status = rejection.status();
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::MediaType,
        _ => ProblemKind::BodyMalformed,
    };
    Failure::new(status, kind)
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).chain(['.']).collect()
}
