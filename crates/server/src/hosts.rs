//! The hosts that a server answers to.
//!
//! A page of any site can resolve its own name to a loopback address (DNS rebinding) and then count as the same site.
//! A server that listens on loopback therefore answers only to names that it is known by.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, Uri, Version, header};

/// The host names that a server answers to, besides IP addresses and `localhost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHosts(Vec<String>);

/// Why a request's `Host` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// RFC 9112, section 3.2: exactly one valid `Host`. The response is 400.
    #[error("expected exactly one valid Host header")]
    Malformed,
    /// The name is not known. The response is 421.
    #[error(
        "This server listens on loopback and does not answer to the host {0}. \
         If that is its name, set ABACI_PUBLIC_URL to the address that browsers use."
    )]
    Unknown(String),
}

impl KnownHosts {
    /// Creates the list; ports do not matter.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    fn contains(&self, host: &str) -> bool {
        // An address was not resolved from a name, so it cannot be rebound.
        let is_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        is_address || host == "localhost" || host.ends_with(".localhost") || self.0.contains(&host)
    }
}

/// Checks the `Host` of a request; the name only if `known` is given. A target in absolute form has the name, instead of
/// `Host` (RFC 9112, section 3.2.2).
pub(crate) fn check_host(
    version: Version,
    target: &Uri,
    headers: &HeaderMap,
    known: Option<&KnownHosts>,
) -> Result<(), HostError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(Authority::try_from(host.as_bytes()).map_err(|_| HostError::Malformed)?),
        (None, _) if version < Version::HTTP_11 => None,
        _ => return Err(HostError::Malformed),
    };
    let Some(authority) = target.authority().or(host.as_ref()) else { return Ok(()) };
    match known {
        Some(known) if !known.contains(authority.host()) => {
            Err(HostError::Unknown(authority.host().chars().take(100).collect()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_and_addresses_are_answered() {
        let known = KnownHosts::new(["Fib.example".to_owned()]);
        let check = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
            check_host(Version::HTTP_11, &Uri::from_static("/"), &headers, Some(&known))
        };
        for host in [
            "localhost:3050",
            "LOCALHOST",
            "127.0.0.1:3050",
            "[::1]:3050",
            "192.168.1.7",
            "fib.example",
            "fib.example.",
        ] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3050"] {
            assert!(matches!(check(host), Err(HostError::Unknown(_))), "{host}");
        }
        let absolute = |target: &'static str| {
            let headers = HeaderMap::from_iter([(header::HOST, "localhost".parse().expect("a value"))]);
            check_host(Version::HTTP_11, &Uri::from_static(target), &headers, Some(&known))
        };
        assert_eq!(absolute("http://fib.example:3050/"), Ok(()));
        assert!(matches!(absolute("http://evil.example/"), Err(HostError::Unknown(_))));
        for host in ["", "a b", "a/b"] {
            assert_eq!(check(host), Err(HostError::Malformed), "{host:?}");
        }
        let two = HeaderMap::from_iter([(header::HOST, "a".parse().expect("a value"))]);
        let mut two = two;
        two.append(header::HOST, "a".parse().expect("a value"));
        assert_eq!(check_host(Version::HTTP_11, &Uri::from_static("/"), &two, None), Err(HostError::Malformed));
        assert_eq!(
            check_host(Version::HTTP_11, &Uri::from_static("/"), &HeaderMap::new(), None),
            Err(HostError::Malformed)
        );
        assert_eq!(check_host(Version::HTTP_10, &Uri::from_static("/"), &HeaderMap::new(), None), Ok(()));
    }
}
