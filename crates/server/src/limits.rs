//! Limits on what clients can make a server hold or wait for.

use std::time::Duration;

use ipnet::IpNet;

use crate::hosts::KnownHosts;

/// Limits of one listener. The defaults are in [`ServerLimits::default`].
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// From the first byte of a request (or from accepting the connection) to the end of its head. Default: 5 s.
    pub header_timeout: Duration,
    /// Time to wait for a request body, plus a second for each 64 KiB of it; also the longest pause in it. Default: 10 s.
    pub body_timeout: Duration,
    /// Time for which a connection stays open without a request. Longer than proxies keep theirs (nginx: 60 s), so that
    /// the server does not close a connection that a proxy has just chosen. Default: 75 s.
    pub idle_timeout: Duration,
    /// Time for which a client may read nothing, or less than the minimum rate. Default: 30 s.
    pub write_timeout: Duration,
    /// Bytes per second that a client must take on average while it lets a response wait. Default: 1,024.
    pub min_write_bytes_per_s: u64,
    /// Connections open at a time. A new one closes an idle one; if none is idle, it is answered 503.
    /// Default: 4,096.
    pub connections: usize,
    /// Connections open at a time from one address that is not a trusted proxy. Default: 512.
    pub connections_per_address: usize,
    /// Proxies, which carry the connections of many clients. Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// The host names that are answered; `None` means all. Default: all.
    pub known_hosts: Option<KnownHosts>,
    /// Whether browsers reach the server through TLS. If so, every response has HSTS. Default: no.
    pub is_behind_tls: bool,
    /// Header lines of a request. Default: 64.
    pub headers: usize,
    /// Bytes of the head of a request. Default: 16 KiB.
    pub header_bytes: usize,
    /// Time for which a shutdown waits for requests in progress. Default: 10 s.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            min_write_bytes_per_s: 1_024,
            connections: 4_096,
            connections_per_address: 512,
            trusted_proxies: Vec::new(),
            known_hosts: None,
            is_behind_tls: false,
            headers: 64,
            header_bytes: 16 * 1024,
            drain: Duration::from_secs(10),
        }
    }
}
