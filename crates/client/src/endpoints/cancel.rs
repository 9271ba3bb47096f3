//! Cancelling a calculation that this browser submitted.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use wire::ProblemKind;

use super::ask_cookie::AskCookie;
use super::failure::PageFailure;
use super::index_path::IndexPath;
use crate::ClientState;
use crate::api_client::CallError;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views;

/// `POST /n/{index}/withdraw` cancels the calculation that this browser submitted.
///
/// 303 back to the number's page, also when it has finished · 403 cross-site, or without the cookie ·
/// 404 not an index · otherwise the API's status
#[tracing::instrument(skip_all)]
pub(crate) async fn cancel(
    State(state): State<ClientState>,
    forwarded: ForwardedHeaders,
    path: IndexPath,
    headers: HeaderMap,
) -> Result<Response, PageFailure> {
    server::check_same_site(&headers, state.settings.public_url.as_ref())?;
    let subject = path.subject()?;
    let ask = AskCookie::read(&subject, &headers, &state.settings).ok_or_else(|| {
        server::record_refusal("wrong-token");
        PageFailure::new(StatusCode::FORBIDDEN, ProblemKind::Forbidden).with_detail(views::failure_text::NOT_YOURS)
    })?;
    match state.api.cancel(&subject, &ask.token, &forwarded).await {
        Ok(_) => {}
        // Already finished or cancelled; its page says which.
        Err(CallError::Problem { problem, .. }) if problem.kind == ProblemKind::Conflict => {}
        Err(error) => return Err(error.into()),
    }
    let mut response = Redirect::to(&format!("/n/{}", subject.path())).into_response();
    if let Some(cookie) = ask.delete(&state.settings) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}
