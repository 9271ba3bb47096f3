//! The addresses to listen on, the public address, and the proxies whose forwarded address is trusted.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::Args;
use server::KnownHosts;

use super::{HttpUrl, SecurityContactUri};

/// The addresses that a role listens on.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct ListenArgs {
    /// Address to listen on; port 0 takes a free port and prints it.
    #[arg(long, env = "ABACI_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3050", value_parser = socket_address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) internal: InternalListenArgs,
}

/// The address for operators.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct InternalListenArgs {
    /// Address of /healthz, /readyz and /metrics, for operators only; port 0 takes a free port and prints it.
    #[arg(long, env = "ABACI_INTERNAL_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9051", value_parser = socket_address)]
    pub(crate) internal_listen: SocketAddr,
}

/// The address that people use.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct PublicUrlArgs {
    /// URL that people use, if it differs from the listen address; links and the cross-site check use it.
    #[arg(long, env = "ABACI_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<HttpUrl>,

    /// Further host names to answer to, separated by commas. Matters only on a loopback address, where unknown
    /// names are refused: a page of another site may have resolved its own name to it.
    #[arg(long, env = "ABACI_HOSTS", value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) hosts: Vec<String>,

    /// Where to report vulnerabilities of this site: mailto:, https: or tel:. /.well-known/security.txt names it
    /// [default: none, and no such file].
    #[arg(long, env = "ABACI_SECURITY_CONTACT", value_name = "URI")]
    pub(crate) security_contact: Option<SecurityContactUri>,
}

impl PublicUrlArgs {
    /// Returns the hosts that a listener answers to: all, unless it listens on loopback.
    pub(crate) fn known_hosts(&self, listen: SocketAddr) -> Option<KnownHosts> {
        let public = self.public_url.as_ref().and_then(|url| url.uri().host().map(str::to_owned));
        let names = self.hosts.iter().cloned().chain(public);
        listen.ip().is_loopback().then(|| KnownHosts::new(names))
    }

    /// Returns whether browsers reach the site through TLS, which ends at a proxy.
    pub(crate) fn is_behind_tls(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.uri().scheme_str() == Some("https"))
    }

    /// Returns whether pages of other sites may read from a listener: not on a person's own machine.
    pub(crate) fn is_public(&self, listen: SocketAddr) -> bool {
        self.public_url.is_some() || !listen.ip().is_loopback()
    }
}

/// The proxies in front of a role.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct ProxyArgs {
    /// Networks of proxies whose forwarded client address is trusted, separated by commas [default: none].
    #[arg(long, env = "ABACI_TRUSTED_PROXIES", value_name = "CIDR,…", value_delimiter = ',', value_parser = server::parse_network)]
    pub(crate) trusted_proxies: Vec<ipnet::IpNet>,
}

impl ProxyArgs {
    /// Returns the networks whose connections have no share: the proxies and, for the pages in the same process, the
    /// addresses that they connect from.
    pub(crate) fn without_connection_share(&self) -> Vec<ipnet::IpNet> {
        const LOOPBACK: [&str; 2] = ["127.0.0.1", "::1"];
        let loopback = LOOPBACK.iter().filter_map(|network| server::parse_network(network).ok());
        self.trusted_proxies.iter().copied().chain(loopback).collect()
    }
}

/// Error for a text that is not an address to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a numeric address with a port, such as 127.0.0.1:3050, 0.0.0.0:3050 or [::1]:3050")]
pub(crate) struct SocketAddressError;

/// Parses an address to listen on.
pub(crate) fn socket_address(text: &str) -> Result<SocketAddr, SocketAddressError> {
    text.parse().map_err(|_| SocketAddressError)
}

/// Returns the address at which a program on this machine connects to a listener on `address`.
pub(crate) fn connectable(mut address: SocketAddr) -> SocketAddr {
    // Connecting to the unspecified address is not portable; a listener on it includes loopback.
    if address.ip().is_unspecified() {
        let loopback = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unspecified_address_is_reached_over_loopback() {
        for (listening, expected) in
            [("0.0.0.0:9050", "127.0.0.1:9050"), ("[::]:9050", "[::1]:9050"), ("10.0.0.1:9050", "10.0.0.1:9050")]
        {
            assert_eq!(connectable(listening.parse().expect("an address")).to_string(), expected);
        }
    }
}
