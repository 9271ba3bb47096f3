//! The cookie that remembers which numbers this browser submitted.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use model::{AskToken, Subject};
use wire::Submitted;

use crate::PageSettings;
use crate::api_client::CallError;

/// The name of the cookie. One name is enough: its path is that of one number.
const NAME: &str = "ask";
/// Its name over TLS. Browsers accept the prefix from `Secure` cookies only, so no page without TLS can set it.
const SECURE_NAME: &str = "__Secure-ask";
const MAX_AGE_S: u32 = 24 * 60 * 60;

/// The token of a submission, stored by the browser that submitted it and sent only to the pages of that number.
#[derive(Debug)]
pub(crate) struct AskCookie {
    subject: Subject,
    pub(crate) token: AskToken,
}

impl AskCookie {
    /// Returns the cookie for the response to a submission that carries a token: one that was accepted, or that may
    /// have been stored although it failed.
    pub(crate) fn from_response(subject: &Subject, response: &Result<Submitted, CallError>) -> Option<Self> {
        let token = match response {
            Ok(submitted) => submitted.ask.as_deref()?.parse().ok()?,
            Err(CallError::Problem { ask, .. }) => ask.clone()?,
            Err(_) => return None,
        };
        Some(Self { subject: subject.clone(), token })
    }

    /// Reads the cookie of a number from a request.
    pub(crate) fn read(subject: &Subject, headers: &HeaderMap, settings: &PageSettings) -> Option<Self> {
        let token = cookies(headers, name(settings)).find_map(|value| value.parse().ok())?;
        Some(Self { subject: subject.clone(), token })
    }

    /// Returns the `Set-Cookie` value that stores it for a day.
    pub(crate) fn set(&self, settings: &PageSettings) -> Option<HeaderValue> {
        self.header(&self.token.to_string(), MAX_AGE_S, settings)
    }

    /// Returns the `Set-Cookie` value that deletes it.
    pub(crate) fn delete(&self, settings: &PageSettings) -> Option<HeaderValue> {
        self.header("", 0, settings)
    }

    fn header(&self, value: &str, max_age_s: u32, settings: &PageSettings) -> Option<HeaderValue> {
        let secure = if settings.secure_cookies() { "; Secure" } else { "" };
        let (name, path) = (name(settings), self.subject.path());
        let text = format!("{name}={value}; Path=/n/{path}; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
        let mut header = HeaderValue::try_from(text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// Returns the values of the cookies of that name.
pub(super) fn cookies<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    pairs.filter_map(move |(found, value)| (found == name).then_some(value))
}

fn name(settings: &PageSettings) -> &'static str {
    if settings.secure_cookies() { SECURE_NAME } else { NAME }
}
