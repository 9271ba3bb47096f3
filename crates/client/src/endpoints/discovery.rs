//! The files that search engines read, and the redirect to a random number.

use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};

use axum::extract::State;
use axum::response::Redirect;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Uri};

use crate::ClientState;

/// The numbers in the sitemap.
const MAX_LISTED: u32 = 10_000;

type TypedText = ([(HeaderName, &'static str); 1], String);

/// `GET /robots.txt` allows the pages of 0 to 10,000; other numbers have no end.
pub(crate) async fn robots(State(state): State<ClientState>, headers: HeaderMap) -> TypedText {
    let origin = origin(&state, &headers);
    let text = format!(
        "User-agent: *\nAllow: /\nDisallow: /api/\nDisallow: /fragments/\nDisallow: /card\nDisallow: /surprise\n\
         Disallow: /*?\nSitemap: {origin}/sitemap.xml\n"
    );
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text)
}

/// `GET /sitemap.xml`
pub(crate) async fn sitemap(State(state): State<ClientState>, headers: HeaderMap) -> TypedText {
    let origin = origin(&state, &headers);
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n\
         <url><loc>{origin}/</loc></url>\n<url><loc>{origin}/about</loc></url>\n"
    );
    for n in 0..=MAX_LISTED {
        let _ = writeln!(text, "<url><loc>{origin}/n/{n}</loc></url>");
    }
    text.push_str("</urlset>\n");
    ([(CONTENT_TYPE, "application/xml; charset=utf-8")], text)
}

/// `GET /surprise` redirects to the page of a random number up to 100,000.
pub(crate) async fn surprise() -> Redirect {
    let random = RandomState::new().build_hasher().finish();
    Redirect::to(&format!("/n/{}", random % 100_001))
}

/// The scheme and host that people use.
pub(super) fn origin(state: &ClientState, headers: &HeaderMap) -> String {
    let public = state.settings.public_url.as_ref().map(Uri::to_string);
    let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    // Letters that stand in no host must not get into the XML.
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b)));
    public.map_or_else(|| format!("http://{}", host.unwrap_or("localhost")), |url| url.trim_end_matches('/').to_owned())
}
