//! What a worker is called.

use std::hash::{BuildHasher, RandomState};

use model::WorkerId;

/// A name that no other worker has, dead or alive: host, process, and something random, because in
/// containers the process is always 1 and a host may come back under its old name.
pub(crate) fn worker_id() -> WorkerId {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    named(&host, std::process::id(), RandomState::new().hash_one("worker"))
}

fn named(host: &str, process: u32, random: u64) -> WorkerId {
    let host: String =
        host.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.').take(64).collect();
    let host = if host.is_empty() { "host" } else { &host };
    WorkerId(format!("{host}-{process}-r{:04x}", random & 0xffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_host_and_process_and_is_of_plain_letters() {
        assert_eq!(named("web_1.example", 42, 0xab_cdef).0, "web1.example-42-rcdef");
        assert_eq!(named("", 1, 7).0, "host-1-r0007");
        assert_ne!(worker_id(), worker_id());
    }
}
