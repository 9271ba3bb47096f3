//! Base URLs.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;

/// A base URL with the scheme `http` or `https`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    text: String,
    uri: Uri,
}

/// Error for a text that is not a base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a URL such as http://localhost:3050, with nothing after the host and port")]
pub(crate) struct HttpUrlError;

impl HttpUrl {
    /// Returns the text, without a slash at its end.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn uri(&self) -> Uri {
        self.uri.clone()
    }
}

impl FromStr for HttpUrl {
    type Err = HttpUrlError;

    fn from_str(text: &str) -> Result<Self, HttpUrlError> {
        let uri: Uri = text.parse().map_err(|_| HttpUrlError)?;
        let bare = matches!(uri.path_and_query().map(|rest| rest.as_str()), None | Some("/" | ""));
        match (uri.scheme_str(), uri.authority()) {
            (Some("http" | "https"), Some(authority)) if bare && !authority.as_str().contains('@') => {
                let text = text.trim_end_matches('/').to_owned();
                Ok(Self { text, uri })
            }
            _ => Err(HttpUrlError),
        }
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_has_a_scheme_and_a_host_and_no_path() {
        assert_eq!("http://localhost:3050/".parse::<HttpUrl>().map(|url| url.text), Ok("http://localhost:3050".into()));
        assert_eq!("https://[::1]:8".parse::<HttpUrl>().map(|url| url.text), Ok("https://[::1]:8".into()));
        for text in ["", "localhost:3050", "ftp://host", "http://host/api", "http://host?x", "http://me@host", "/"] {
            assert_eq!(text.parse::<HttpUrl>(), Err(HttpUrlError), "{text:?}");
        }
    }
}
