//! `abaci serve` and the commands beside it: start, health, data directory, signals.

use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{Running, abaci, exit_code, finish, get, role, send_signal};

#[test]
fn health_and_metrics_are_served_on_the_internal_port_only() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = Running::start(role("serve", data.path()));
    assert!(serve.get_internal("/healthz").starts_with("HTTP/1.1 200"));
    assert!(serve.get_internal("/readyz").starts_with("HTTP/1.1 200"));
    let metrics = serve.get_internal("/metrics");
    for metric in [
        "abaci_build_info{",
        "abaci_queue_waiting{lane=\"short\"} 0\n",
        "abaci_queue_oldest_seconds{lane=\"long\"} 0\n",
    ] {
        assert!(metrics.contains(metric), "{metric} in {metrics}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(get(serve.public(), path).starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[test]
fn healthcheck_reports_readiness_by_its_exit_code() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Running::start(role("serve", data.path()));
    let url = format!("http://{}", serve.internal());
    let healthy = finish(abaci(&["healthcheck", "--url", &url]));
    assert_eq!((healthy.code, healthy.stderr), (Some(0), String::new()));
    let mut by_variable = abaci(&["healthcheck"]);
    by_variable.env("ABACI_INTERNAL_LISTEN", serve.internal());
    assert_eq!(finish(by_variable).code, Some(0));
    serve.stop();
    let stopped = finish(abaci(&["healthcheck", "--url", &url]));
    assert_eq!(stopped.code, Some(1));
    assert!(stopped.stderr.contains("does not respond"), "{stopped:?}");
}

#[test]
fn a_second_process_on_the_same_directory_is_refused_and_names_the_holder() {
    let data = tempfile::tempdir().expect("a folder");
    let first = Running::start(role("serve", data.path()));
    let holder = format!("process {} at http://{}", first.child.id(), first.public());
    for command in ["serve", "migrate"] {
        let second = finish(role(command, data.path()));
        assert_eq!(second.code, Some(1));
        assert!(second.stderr.contains(&holder), "{second:?}");
    }
}

#[test]
fn migrate_creates_the_database() {
    let data = tempfile::tempdir().expect("a folder");
    let migrated = finish(role("migrate", data.path()));
    assert_eq!((migrated.code, migrated.stderr), (Some(0), String::new()));
    assert!(data.path().join("abaci.sqlite").is_file());
}

#[test]
fn a_failed_start_names_the_setting_or_the_path() {
    let data = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    for setting in ["ABACI_LISTEN", "ABACI_INTERNAL_LISTEN"] {
        let mut command = role("serve", data.path());
        command.env(setting, &address);
        let refused = finish(command);
        assert_eq!(refused.code, Some(1));
        assert!(refused.stderr.contains(setting) && refused.stderr.contains(&address), "{refused:?}");
    }
    let refused = finish(role("serve", Path::new("/dev/null/data")));
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("/dev/null/data"), "{refused:?}");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Running::start(role("serve", data.path()));
    // A request without its body keeps the server from stopping; 100 shows that it waits for the body.
    let mut open = TcpStream::connect(serve.public()).expect("it listens");
    let headers = "Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n";
    write!(open, "POST /api/calculations HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", serve.public()).expect("sent");
    let mut response = [0; 12];
    open.read_exact(&mut response).expect("a response");
    assert_eq!(&response, b"HTTP/1.1 100");
    let mut lines = serve.log().lines();
    send_signal(&serve.child, Signal::INT);
    let is_stopping = |line: std::io::Result<String>| line.expect("text").contains("shutting down");
    assert!(lines.any(is_stopping), "it logs the shutdown");
    send_signal(&serve.child, Signal::INT);
    assert_eq!(exit_code(&mut serve.child, Duration::from_secs(5)), Some(130));
}

#[test]
fn every_line_of_the_log_is_json() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Running::start(role("serve", data.path()));
    serve.stop();
    let lines: Vec<_> = serve.log().lines().map(|line| line.expect("text")).collect();
    assert!(lines.len() >= 2, "{lines:?}");
    for line in lines {
        let entry: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{line}");
    }
}
