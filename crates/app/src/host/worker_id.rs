//! The name of a worker.

use std::hash::{BuildHasher, RandomState};

use model::WorkerId;

/// Returns a unique name: host, process id, and random digits, because the process id is always 1 in containers
/// and a host may restart under its old name.
pub(crate) fn worker_id() -> WorkerId {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format_id(&host, std::process::id(), RandomState::new().hash_one("worker"))
}

fn format_id(host: &str, process: u32, random: u64) -> WorkerId {
    let host: String =
        host.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.').take(64).collect();
    let host = if host.is_empty() { "host" } else { &host };
    WorkerId(format!("{host}-{process}-r{:04x}", random & 0xffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_contains_host_and_process_in_plain_letters() {
        assert_eq!(format_id("web_1.example", 42, 0xab_cdef).0, "web1.example-42-rcdef");
        assert_eq!(format_id("", 1, 7).0, "host-1-r0007");
        assert_ne!(worker_id(), worker_id());
    }
}
