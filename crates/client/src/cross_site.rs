//! Refuses forms that were sent by pages of other sites, as the API does.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

use crate::Settings;

/// Whether a request that changes something comes from a page of another site.
///
/// A request without any sign of a browser (curl) does not.
pub(crate) fn is_cross_site(headers: &HeaderMap, settings: &Settings) -> bool {
    match headers.get("sec-fetch-site").map(|value| value.as_bytes()) {
        Some(b"cross-site") => return true,
        // Scripts cannot set this heading, and it holds even where a proxy has changed the host's name.
        Some(b"same-origin") => return false,
        _ => {}
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    // An origin of `null`, and one that cannot be read, is nobody we know.
    let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok()) else { return true };
    let Some(from) = origin.authority() else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let public = settings.public_url.as_ref().and_then(Uri::authority);
    let port = if origin.scheme_str() == Some("https") { ":443" } else { ":80" };
    host.is_none_or(|host| !same(host, from.as_str(), port)) && public != Some(from)
}

/// Whether two hosts are one; some proxies name the default port, browsers leave it out.
fn same(host: &str, from: &str, default_port: &str) -> bool {
    let plain = |authority: &str| authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase();
    plain(host) == plain(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)));
        let settings = Settings { public_url: Some(Uri::from_static("https://abaci.example")), ..Settings::default() };
        is_cross_site(&headers.collect(), &settings)
    }

    #[test]
    fn our_own_forms_and_tools_are_let_through() {
        assert!(!refused(&[]));
        assert!(!refused(&[("host", "a:3050"), ("origin", "http://a:3050")]));
        assert!(!refused(&[("host", "A:3050"), ("origin", "http://a:3050"), ("sec-fetch-site", "same-origin")]));
        assert!(!refused(&[("host", "a:80"), ("origin", "http://a")]));
        assert!(!refused(&[("host", "inner"), ("origin", "https://abaci.example")]));
        assert!(!refused(&[("sec-fetch-site", "none")]));
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        assert!(refused(&[("sec-fetch-site", "cross-site")]));
        assert!(refused(&[("host", "a:3050"), ("origin", "http://a:3050"), ("sec-fetch-site", "cross-site")]));
        assert!(refused(&[("host", "a:3050"), ("origin", "http://b:3050")]));
        assert!(refused(&[("host", "a:3050"), ("origin", "http://a")]));
        assert!(refused(&[("host", "a"), ("origin", "null")]));
        assert!(refused(&[("host", "a.example"), ("origin", "http://b.example"), ("sec-fetch-site", "same-site")]));
        assert!(refused(&[("origin", "http://a")]));
    }
}
