//! Settings that name places: addresses and folders.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::Uri;

/// A text that is no address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a numeric address with a port, such as 127.0.0.1:3050, 0.0.0.0:3050 or [::1]:3050, is wanted")]
pub(crate) struct SocketAddressError;

/// Reads an address to listen on.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, SocketAddressError> {
    text.parse().map_err(|_| SocketAddressError)
}

/// Where a program on this machine reaches what listens on `address`.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    // Listening on every address includes the loopback one; asking "every address" is not portable.
    if address.ip().is_unspecified() {
        let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    address
}

/// A base address that begins with `http://` or `https://`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    text: String,
    uri: Uri,
}

/// A text that is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address such as http://localhost:3050 is wanted, with nothing after the host and port")]
pub(crate) struct HttpUrlError;

impl HttpUrl {
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

/// Where long values are kept: a folder, as `file:///…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValuesUrl {
    pub(crate) folder: PathBuf,
}

/// Why a text names no place for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValuesUrlError {
    /// Not a `file:` address with a full path.
    #[error("a folder as file:///full/path is wanted")]
    Form,
    /// A bucket, which wants a part that this program was built without.
    #[error("object stores (s3://) are not built into this program; a folder as file:///full/path is wanted")]
    Bucket,
}

impl FromStr for ValuesUrl {
    type Err = ValuesUrlError;

    fn from_str(text: &str) -> Result<Self, ValuesUrlError> {
        if text.starts_with("s3://") {
            return Err(ValuesUrlError::Bucket);
        }
        match text.strip_prefix("file://") {
            Some(path) if path.starts_with('/') && !path.contains(['%', '?', '#']) => {
                Ok(Self { folder: PathBuf::from(path) })
            }
            _ => Err(ValuesUrlError::Form),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_on_every_address_is_reached_at_the_loopback_one() {
        for (listens, reached) in
            [("0.0.0.0:9050", "127.0.0.1:9050"), ("[::]:9050", "[::1]:9050"), ("10.0.0.1:9050", "10.0.0.1:9050")]
        {
            assert_eq!(reachable(listens.parse().expect("an address")).to_string(), reached);
        }
    }

    #[test]
    fn a_base_address_has_a_scheme_and_a_host_and_no_path() {
        assert_eq!("http://localhost:3050/".parse::<HttpUrl>().map(|url| url.text), Ok("http://localhost:3050".into()));
        assert_eq!("https://[::1]:8".parse::<HttpUrl>().map(|url| url.text), Ok("https://[::1]:8".into()));
        for text in ["", "localhost:3050", "ftp://host", "http://host/api", "http://host?x", "http://me@host", "/"] {
            assert_eq!(text.parse::<HttpUrl>(), Err(HttpUrlError), "{text:?}");
        }
    }

    #[test]
    fn a_place_for_values_is_a_full_path() {
        let folder = PathBuf::from("/srv/values");
        assert_eq!("file:///srv/values".parse(), Ok(ValuesUrl { folder }));
        assert_eq!("s3://bucket/prefix".parse::<ValuesUrl>(), Err(ValuesUrlError::Bucket));
        for text in ["", "/srv", "file://srv", "file:/srv", "file:///a%20b", "http://host/"] {
            assert_eq!(text.parse::<ValuesUrl>(), Err(ValuesUrlError::Form), "{text:?}");
        }
    }
}
