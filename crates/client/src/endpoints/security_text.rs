//! Where to report a vulnerability of this site (RFC 9116).

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::header::CONTENT_TYPE;

use super::failure::not_found;
use crate::ClientState;

/// Validity of a copy of the file. The operator's setting decides.
const VALIDITY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// `GET /.well-known/security.txt` names the operator's contact for reports of vulnerabilities.
///
/// 200 · 404 the operator has set no contact
pub(crate) async fn security_text(State(state): State<ClientState>) -> Response {
    let Some(contact) = &state.settings.security_contact else { return not_found().await };
    let expires = (contact.now)() + VALIDITY;
    let mut text = format!("Contact: {}\nExpires: {expires}\nPreferred-Languages: en\n", contact.uri);
    if let Some(url) = state.settings.public_url.as_ref().map(Uri::to_string) {
        text.push_str(&format!("Canonical: {}/.well-known/security.txt\n", url.trim_end_matches('/')));
    }
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
