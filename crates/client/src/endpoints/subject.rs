//! The page of a subject other than F(n).

use http::HeaderMap;
use model::{Status, Subject};

use super::about;
use super::ask_cookie::AskCookie;
use super::failure::PageFailure;
use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views::SubjectPage;

/// Returns the subject other than F(n) that a text is.
pub(super) fn other_subject(text: &str) -> Option<Subject> {
    text.parse().ok().filter(|subject: &Subject| subject.fibonacci_index().is_none())
}

/// Reads everything that the page of a subject shows.
pub(super) async fn load(
    state: &ClientState,
    subject: Subject,
    headers: &HeaderMap,
    forwarded: &ForwardedHeaders,
) -> Result<SubjectPage, PageFailure> {
    let calculation = state.api.calculation(&subject, forwarded).await?;
    let offer = match calculation {
        Some(_) => None,
        None => Some(state.api.offer(subject.clone(), forwarded).await),
    };
    let can_cancel = AskCookie::read(&subject, headers, &state.settings).is_some();
    let system = match &calculation {
        Some(calculation) if calculation.status == Status::Queued => about::system(state, forwarded).await,
        _ => None,
    };
    Ok(SubjectPage { subject, calculation, offer, system, can_cancel })
}
