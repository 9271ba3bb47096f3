//! The servers that Abaci runs on, each with data and a port of its own, on loopback.

mod authority;
mod clock;
mod nginx;
mod port;
mod postgres;
mod redis;

pub(crate) use authority::{Authority, Identity};
pub(crate) use clock::FakeClock;
pub(crate) use nginx::{Nginx, folder as nginx_folder};
pub(crate) use port::free_port;
pub(crate) use postgres::Postgres;
pub(crate) use redis::Redis;

use std::time::{Duration, Instant};

/// How long a server may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Tries until it is true, or fails.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < START, "not within {START:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
