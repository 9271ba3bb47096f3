//! The page of a subject other than F(n).

use axum::response::{Html, IntoResponse, Response};
use http::HeaderMap;
use model::{Status, Subject};

use super::about;
use super::ask_cookie::AskCookie;
use super::failure::PageFailure;
use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views::{self, SubjectPage};

/// Returns the subject other than F(n) that a text is.
pub(super) fn other_subject(text: &str) -> Option<Subject> {
    text.parse().ok().filter(|subject: &Subject| subject.fibonacci_index().is_none())
}

/// Shows the calculation of a subject.
pub(super) async fn subject(
    state: &ClientState,
    subject: Subject,
    headers: &HeaderMap,
    forwarded: &ForwardedHeaders,
) -> Result<Response, PageFailure> {
    let calculation = state.api.calculation(&subject, forwarded).await?;
    let can_cancel = AskCookie::read(&subject, headers, &state.settings).is_some();
    let system = match &calculation {
        Some(calculation) if calculation.status == Status::Queued => about::system(state, forwarded).await,
        _ => None,
    };
    let page = SubjectPage { subject, calculation, system, can_cancel };
    Ok(Html(views::subject(&page).into_string()).into_response())
}
