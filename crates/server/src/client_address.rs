//! The address that a request comes from: the peer's, or the one that a trusted proxy forwards.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};
use ipnet::IpNet;
use model::Submitter;

/// Error for a text that is neither an IP address nor a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address or a CIDR range such as 10.0.0.0/8")]
pub struct NetworkError;

/// Parses a CIDR range, or a single address.
///
/// # Errors
/// [`NetworkError`] for anything else.
///
/// # Example
/// ```
/// assert_eq!(server::parse_network("10.0.0.0/8")?.to_string(), "10.0.0.0/8");
/// assert_eq!(server::parse_network("::1")?.to_string(), "::1/128");
/// # Ok::<(), server::NetworkError>(())
/// ```
pub fn parse_network(text: &str) -> Result<IpNet, NetworkError> {
    text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| NetworkError)
}

/// A request extension: the request comes from this program itself, whatever the address of its peer, so that the
/// address that it forwards is believed.
#[derive(Clone, Copy, Debug)]
pub struct TrustedPeer;

/// Returns the address that a request comes from; the unspecified address if the server gave none.
///
/// `X-Forwarded-For` is read from its end, which our own proxies wrote, to the first address that is not in
/// `trusted`. Anybody can have made up what stands before that. A [`TrustedPeer`] is trusted like a proxy.
pub fn client_address(headers: &HeaderMap, extensions: &Extensions, trusted: &[IpNet]) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip().to_canonical());
    let mut client = peer;
    let mut is_trusted = extensions.get::<TrustedPeer>().is_some();
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let forwarded: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for text in forwarded.into_iter().rev() {
        if !is_trusted && !trusted.iter().any(|network| network.contains(&client)) {
            break;
        }
        is_trusted = false;
        let Ok(address) = text.parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    client
}

/// Returns the address that limits count: for IPv6 that of its /64 network.
pub fn household(address: IpAddr) -> IpAddr {
    Submitter::from(address).address()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_is_believed_of_trusted_proxies_only() {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| parse_network(text).expect("a range"));
        for (peer, forwarded, expected) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
            ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("10.0.0.1", "1.1.1.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "::ffff:10.0.0.2", "10.0.0.2"),
        ] {
            let headers =
                HeaderMap::from_iter([("x-forwarded-for".parse().expect("a name"), forwarded.parse().expect("text"))]);
            let mut extensions = Extensions::new();
            extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().expect("an address"), 1)));
            let client = client_address(&headers, &extensions, &trusted);
            assert_eq!(client, expected.parse::<IpAddr>().expect("an address"), "{peer}: {forwarded}");
        }
    }

    #[test]
    fn the_program_itself_is_believed_about_its_own_peer_and_no_further() {
        let forwarded = "1.1.1.1, 198.51.100.7".parse().expect("text");
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().expect("a name"), forwarded)]);
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        assert_eq!(client_address(&headers, &extensions, &[]), IpAddr::from([127, 0, 0, 1]));
        extensions.insert(TrustedPeer);
        assert_eq!(client_address(&headers, &extensions, &[]), IpAddr::from([198, 51, 100, 7]));
    }

    #[test]
    fn only_addresses_and_ranges_are_networks() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/x", "localhost"] {
            assert_eq!(parse_network(text), Err(NetworkError), "{text}");
        }
    }
}
