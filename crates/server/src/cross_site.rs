//! The check that a request which changes something was not sent by a page of another site.
//!
//! Browsers say where a request comes from. Programs need not, and pass.

use http::uri::Uri;
use http::{HeaderMap, header};

use crate::refusals::record_refusal;

/// Characters of a foreign origin or host that a message repeats.
const SHOWN_CHARACTERS: usize = 100;

/// Error for a request that a page of another site sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrossSiteError {
    /// The browser says so itself.
    #[error("The browser sent this request from a page of another site.")]
    SaidByBrowser,
    /// The page's origin is not the host that the request was sent to.
    #[error(
        "The page is at {origin}, but the request was sent to {host}. \
         If both are this site, set ABACI_PUBLIC_URL to the address that browsers use."
    )]
    OtherOrigin {
        /// The `Origin` header, shortened.
        origin: String,
        /// The `Host` header, shortened.
        host: String,
    },
}

/// Checks that a request was not sent by a page of another site.
///
/// `Sec-Fetch-Site: same-origin`, which scripts cannot set, is enough: it holds even if a proxy rewrites `Host`.
/// Otherwise the origin must be that of `public_url`, or its host and port those in `Host`.
///
/// # Errors
/// [`CrossSiteError`] says which two hosts differ; the refusal is counted.
pub fn check_same_site(headers: &HeaderMap, public_url: Option<&Uri>) -> Result<(), CrossSiteError> {
    let result = compare(headers, public_url);
    if result.is_err() {
        record_refusal("cross-site");
    }
    result
}

fn compare(headers: &HeaderMap, public_url: Option<&Uri>) -> Result<(), CrossSiteError> {
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        Some(b"same-origin") => return Ok(()),
        Some(b"cross-site") => return Err(CrossSiteError::SaidByBrowser),
        _ => {}
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin_uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    // An origin that cannot be parsed, `null` (sandboxed pages) and `file:` are foreign.
    if let Some(page) = origin_uri.as_ref().and_then(Site::of) {
        let is_host = host.is_some_and(|host| without_port(host, page.port) == page.authority);
        if is_host || public_url.and_then(Site::of).as_ref() == Some(&page) {
            return Ok(());
        }
    }
    let shown = |text: &str| text.chars().take(SHOWN_CHARACTERS).collect::<String>();
    Err(CrossSiteError::OtherOrigin {
        origin: shown(&String::from_utf8_lossy(origin.as_bytes())),
        host: shown(host.unwrap_or("no host")),
    })
}

/// The origin of an http or https address.
#[derive(PartialEq)]
struct Site {
    /// The scheme's default port, as a suffix.
    port: &'static str,
    /// Host and port in lower case, without the default port.
    authority: String,
}

impl Site {
    fn of(uri: &Uri) -> Option<Self> {
        let port = match uri.scheme_str()? {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        Some(Self { port, authority: without_port(uri.authority()?.as_str(), port) })
    }
}

/// Some proxies name the default port; browsers leave it out.
fn without_port(authority: &str, default_port: &str) -> String {
    authority.strip_suffix(default_port).unwrap_or(authority).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&'static str, &'static str)]) -> Result<(), CrossSiteError> {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        check_same_site(&headers.collect(), Some(&Uri::from_static("https://abaci.example/")))
    }

    #[test]
    fn programs_and_pages_of_the_same_site_pass() {
        let cases: &[&[(&str, &str)]] = &[
            &[],
            &[("host", "localhost:3050")],
            &[("sec-fetch-site", "none")],
            &[("host", "localhost:3050"), ("origin", "http://localhost:3050")],
            &[("host", "A:3050"), ("origin", "http://a:3050"), ("sec-fetch-site", "same-origin")],
            &[("host", "Fib.example"), ("origin", "https://fib.example:443")],
            &[("host", "fib.example:80"), ("origin", "http://fib.example")],
            &[("host", "api:5000"), ("origin", "https://abaci.example")],
            &[("host", "api:5000"), ("origin", "https://Abaci.example:443")],
            &[("host", "rewritten"), ("origin", "https://fib.example"), ("sec-fetch-site", "same-origin")],
        ];
        for headers in cases {
            assert_eq!(check(headers), Ok(()), "{headers:?}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let cases: &[&[(&str, &str)]] = &[
            &[("sec-fetch-site", "cross-site")],
            &[("host", "a:3050"), ("origin", "http://a:3050"), ("sec-fetch-site", "cross-site")],
            &[("host", "fib.example"), ("origin", "https://evil.example")],
            &[("host", "a.example"), ("origin", "http://b.example"), ("sec-fetch-site", "same-site")],
            &[("host", "fib.example:3050"), ("origin", "http://fib.example")],
            &[("host", "api:5000"), ("origin", "http://abaci.example")],
            &[("host", "fib.example"), ("origin", "null")],
            &[("host", "fib.example"), ("origin", "file://fib.example")],
            &[("origin", "https://fib.example")],
        ];
        for headers in cases {
            assert!(check(headers).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn a_refusal_names_both_hosts_and_the_setting() {
        let error = check(&[("host", "api:5000"), ("origin", "http://localhost:3050")]).expect_err("another origin");
        let text = error.to_string();
        for part in ["http://localhost:3050", "api:5000", "ABACI_PUBLIC_URL"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
