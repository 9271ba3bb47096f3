//! Withdrawing an ask, and the cookie that remembers whose it is.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use model::{AskToken, Index};
use wire::{ProblemKind, Submitted};

use super::failure::Failure;
use super::number::Spelling;
use crate::api_client::{ApiError, OnBehalf};
use crate::{ClientState, Settings};

/// The name of the cookie. One name is enough: its path is that of one number.
const NAME: &str = "ask";
const MAX_AGE_S: u32 = 24 * 60 * 60;

/// `POST /n/{index}/withdraw`: withdraws the ask that this browser made.
///
/// 303 back to the number's page, also when there is nothing left to withdraw · 403 sent by another site, or
/// without the cookie · 404 not an index · what the API says otherwise
#[tracing::instrument(skip_all)]
pub(crate) async fn withdraw(
    State(state): State<ClientState>,
    by: OnBehalf,
    Spelling(index): Spelling,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    server::check_same_site(&headers, state.settings.public_url.as_ref())?;
    let index: Index = index.parse().map_err(|_| Failure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound))?;
    let ask = AskCookie::read(index, &headers).ok_or_else(|| {
        Failure::new(StatusCode::FORBIDDEN, ProblemKind::Forbidden)
            .detailed("This browser has not asked for this number, or more than a day ago.")
    })?;
    match state.api.withdraw(index, &ask.token, &by).await {
        Ok(_) => {}
        // Finished or withdrawn meanwhile; its page says which.
        Err(ApiError::Problem { problem, .. }) if problem.kind == ProblemKind::Conflict => {}
        Err(error) => return Err(error.into()),
    }
    let mut response = Redirect::to(&format!("/n/{index}")).into_response();
    if let Some(cookie) = ask.forget(&state.settings) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The token of an ask, kept by the browser that asked and sent only to the pages of that number.
#[derive(Debug)]
pub(crate) struct AskCookie {
    index: Index,
    token: AskToken,
}

impl AskCookie {
    /// The cookie for an answer with a token.
    pub(crate) fn of(submitted: &Submitted) -> Option<Self> {
        let token = submitted.ask.as_deref()?.parse().ok()?;
        Some(Self { index: submitted.calculation.index.parse().ok()?, token })
    }

    /// The cookie of a number in a request.
    pub(crate) fn read(index: Index, headers: &HeaderMap) -> Option<Self> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let token = cookies
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find_map(|(name, value)| if name == NAME { value.parse().ok() } else { None })?;
        Some(Self { index, token })
    }

    /// Tells the browser to keep it for a day.
    pub(crate) fn set(&self, settings: &Settings) -> Option<HeaderValue> {
        self.heading(&self.token.to_string(), MAX_AGE_S, settings)
    }

    fn forget(&self, settings: &Settings) -> Option<HeaderValue> {
        self.heading("", 0, settings)
    }

    fn heading(&self, value: &str, max_age_s: u32, settings: &Settings) -> Option<HeaderValue> {
        let secure = if settings.secure_cookies() { "; Secure" } else { "" };
        let index = self.index;
        let text = format!("{NAME}={value}; Path=/n/{index}; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
        let mut heading = HeaderValue::try_from(text).ok()?;
        heading.set_sensitive(true);
        Some(heading)
    }
}
