//! Submits the form: parses the text, calls the API and redirects to the number's page.

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::{Index, Subject};
use serde::Deserialize;
use wire::ProblemKind;

use super::ask_cookie::AskCookie;
use super::failure::PageFailure;
use super::home::{self, HomeQuery};
use super::index_failure::{invalid, not_an_index};
use super::mine_cookie::add_mine;
use super::subject::other_subject;
use crate::ClientState;
use crate::api_client::CallError;
use crate::forwarded_headers::ForwardedHeaders;
use crate::typed_index::{self, TypedIndex};
use crate::views::{self, form_text as words};

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct SubmitFields {
    #[serde(default)]
    index: String,
    /// The answer to the question which index was meant; the field still has the text that was asked about.
    meant: Option<String>,
}

/// `POST /`, form fields `index` and `meant`, submits F(n).
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
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(rejection) => return refuse(&state, "", malformed(&rejection), &[], &forwarded).await,
    };
    let text = fields.meant.as_ref().unwrap_or(&fields.index);
    if let Some(subject) = other_subject(text.trim()) {
        return submit_subject(&state, text, subject, &headers, &forwarded).await;
    }
    match typed_index::parse(text) {
        Ok(TypedIndex::One(index)) => submit_index(&state, text, &index, &headers, &forwarded).await,
        Ok(TypedIndex::Ambiguous(meanings)) => {
            let mut failure = invalid(text, ProblemKind::IndexNotInteger);
            words::AMBIGUOUS.clone_into(&mut failure.problem.title);
            refuse(&state, text, failure, &meanings, &forwarded).await
        }
        Err(error) => refuse(&state, text, not_an_index(text, &error), &[], &forwarded).await,
    }
}

/// Submits an index, or redirects to its facts if it is beyond what is computed here.
async fn submit_index(
    state: &ClientState,
    text: &str,
    index: &str,
    headers: &HeaderMap,
    forwarded: &ForwardedHeaders,
) -> Response {
    match index.parse::<Index>() {
        Ok(index) => submit_subject(state, text, index.into(), headers, forwarded).await,
        Err(_) => redirect_to(index),
    }
}

async fn submit_subject(
    state: &ClientState,
    text: &str,
    subject: Subject,
    headers: &HeaderMap,
    forwarded: &ForwardedHeaders,
) -> Response {
    let result = state.api.submit(&subject, forwarded).await;
    let cookie = AskCookie::from_response(&subject, &result).and_then(|cookie| cookie.set(&state.settings));
    let mine = result.is_ok().then(|| add_mine(&subject, headers, &state.settings)).flatten();
    let mut response = match result {
        Ok(_) => redirect_to(&subject.path()),
        Err(CallError::Problem { problem, .. })
            if problem.kind == ProblemKind::IndexOutOfRange && subject.fibonacci_index().is_some() =>
        {
            redirect_to(&subject.path())
        }
        Err(error) => refuse(state, text, error.into(), &[], forwarded).await,
    };
    for cookie in [cookie, mine].into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn redirect_to(index: &str) -> Response {
    match HeaderValue::try_from(format!("/n/{index}")) {
        Ok(page) => (StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response(),
        Err(_) => PageFailure::new(StatusCode::BAD_GATEWAY, ProblemKind::Internal).into_response(),
    }
}

async fn refuse(
    state: &ClientState,
    text: &str,
    failure: PageFailure,
    meanings: &[String],
    forwarded: &ForwardedHeaders,
) -> Response {
    let form = views::SubmitForm { text, problem: Some(&failure.problem), meanings };
    // The API was unavailable a moment ago: do not wait for the same timeout again.
    let page = if failure.problem.kind == ProblemKind::Unavailable {
        views::home(&form, Err(&failure.problem))
    } else {
        let history = home::history(state, &HomeQuery::default(), forwarded).await;
        views::home(&form, history.as_ref().map_err(|failure| &*failure.problem))
    };
    failure.with_page(page)
}

pub(super) fn malformed(rejection: &FormRejection) -> PageFailure {
    let status = rejection.status();
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::MediaType,
        _ => ProblemKind::BodyMalformed,
    };
    PageFailure::new(status, kind)
}
