//! The servers that Abaci uses, each with its own data and port, on loopback.

mod certificates;
mod clock;
mod nginx;
mod port;
mod postgres;
mod redis;

pub(crate) use certificates::{CertificateAuthority, ServerCertificate};
pub(crate) use clock::FakeClock;
pub(crate) use nginx::{Nginx, folder as nginx_folder};
pub(crate) use port::free_port;
pub(crate) use postgres::PostgresServer;
pub(crate) use redis::RedisServer;

use std::time::{Duration, Instant};

/// Maximum time for a server to start on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Retries until a condition holds, or fails the test.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < START_TIMEOUT, "not within {START_TIMEOUT:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
