//! Limits on what clients can make a server hold or wait for.

use std::time::Duration;

/// Limits of one listener. The defaults are in [`ServerLimits::default`].
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// From the first byte of a request (or from accepting the connection) to the end of its head. Default: 5 s.
    pub header_timeout: Duration,
    /// From the first read of a body to its end. Default: 10 s.
    pub body_timeout: Duration,
    /// How long a connection may stay open without a request. Longer than proxies keep theirs (nginx: 60 s), so
    /// that the server does not close a connection that a proxy has just chosen. Default: 75 s.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of what is sent to it. Default: 30 s.
    pub write_timeout: Duration,
    /// Connections served at a time; further ones wait in the listener's backlog. Default: 4,096.
    pub connections: usize,
    /// Header lines of a request. Default: 64.
    pub headers: usize,
    /// Bytes of the head of a request. Default: 16 KiB.
    pub header_bytes: usize,
    /// How long a shutdown waits for requests in progress. Default: 10 s.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(30),
            connections: 4_096,
            headers: 64,
            header_bytes: 16 * 1024,
            drain: Duration::from_secs(10),
        }
    }
}
