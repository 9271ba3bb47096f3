//! `abaci serve` and the commands beside it: start, health, data directory, signals.

use std::fs;
use std::io::{BufRead, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{Running, abaci, exit_code, finish, get, names_in, request, role, send_signal};

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
    let as_json = finish(abaci(&["healthcheck", "--json", "--url", &url]));
    assert_eq!(as_json.stdout, format!("{{\"ready\":true,\"status\":200,\"url\":\"{url}/readyz\"}}\n"));
    serve.stop();
    let as_json = finish(abaci(&["healthcheck", "--json", "--url", &url]));
    let expected = format!("{{\"ready\":false,\"status\":null,\"url\":\"{url}/readyz\"}}\n");
    assert_eq!((as_json.code, as_json.stdout), (Some(1), expected));
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

#[test]
fn a_data_directory_that_is_removed_or_replaced_accepts_nothing_until_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, moved) = (folder.path().join("data"), folder.path().join("moved"));
    let serve = Running::start(role("serve", &data));
    let submit = |n: u32| {
        let headers = "Content-Type: application/json\r\n";
        let response = request(serve.public(), "POST /api/calculations", headers, &format!("{{\"index\":{n}}}"));
        response["HTTP/1.1 ".len()..].split(' ').next().expect("a status").to_owned()
    };
    let is_refused = |n| {
        assert_eq!(submit(n), "503");
        let readiness = serve.get_internal("/readyz");
        assert!(readiness.starts_with("HTTP/1.1 503") && readiness.contains("data directory"), "{readiness}");
    };
    assert_eq!(submit(1), "202");

    fs::rename(&data, &moved).expect("renamed");
    is_refused(2);
    fs::create_dir(&data).expect("an empty folder in its place");
    is_refused(3);
    for name in names_in(&moved).iter().filter(|name| name.starts_with("abaci")) {
        fs::copy(moved.join(name), data.join(name)).expect("copied");
    }
    is_refused(4);
    fs::remove_dir_all(&data).expect("removed");
    fs::rename(&moved, &data).expect("renamed back");
    assert_eq!(submit(5), "202");
    assert!(serve.get_internal("/readyz").starts_with("HTTP/1.1 200"));

    let lock = data.join("abaci.lock");
    fs::remove_file(&lock).expect("removed");
    is_refused(6);
    fs::write(&lock, "another process").expect("written");
    is_refused(7);
    for n in [2, 3, 4, 6, 7] {
        let response = get(serve.public(), &format!("/api/calculations/{n}"));
        assert!(response.starts_with("HTTP/1.1 404"), "refused, so not stored: {response}");
    }
}

#[test]
fn values_that_are_unavailable_are_one_line_of_the_log_and_not_one_for_each_request() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Running::start(role("serve", data.path()));
    // Long enough to be an object.
    let headers = "Content-Type: application/json\r\nPrefer: wait=30\r\n";
    let response = request(serve.public(), "POST /api/calculations", headers, "{\"index\":400000}");
    assert!(response.contains("\"status\":\"done\""), "{response}");
    let values = data.path().join("values");
    fs::rename(&values, data.path().join("moved")).expect("renamed");
    fs::write(&values, "a file where a folder is expected").expect("written");
    for _ in 0..200 {
        let response = get(serve.public(), "/api/calculations/400000/value");
        assert!(response.starts_with("HTTP/1.1 503"), "{response}");
    }
    serve.child.kill().expect("it is running");
    let lines: Vec<_> = serve.log().lines().map(|line| line.expect("text")).collect();
    // At most one in ten seconds: a busy machine may need longer for all the requests.
    let failed = lines.iter().filter(|line| line.contains("a request failed")).count();
    assert!((1..=20).contains(&failed), "{failed} lines: {lines:#?}");
}

/// Submits from an address of this machine that claims another, and returns the status line.
#[cfg(target_os = "linux")]
fn submit_claiming(serve: &Running, from: [u8; 4], path: &str, index: u64, claimed: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(std::net::SocketAddr::from((from, 0))).expect("bound");
        let address = serve.public().parse().expect("an address");
        socket.connect(address).await.and_then(tokio::net::TcpStream::into_std).expect("connected")
    });
    stream.set_nonblocking(false).expect("set");
    let body = format!("index={index}");
    write!(
        &stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {claimed}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut response = String::new();
    std::io::BufReader::new(&stream).read_line(&mut response).expect("a response");
    response
}

/// A limit per address counts peers of this machine unless they are configured as proxies, and the visitors of the
/// pages, which call the API for them.
#[cfg(target_os = "linux")]
#[test]
fn a_forwarded_address_is_believed_of_configured_proxies_and_of_the_pages_only() {
    const API: &str = "/api/calculations";
    let (one, other) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    for (trusted, expected) in [(None, "429"), (Some("127.0.0.0/8"), "202")] {
        let data = tempfile::tempdir().expect("a folder");
        let mut command = role("serve", data.path());
        command.env("ABACI_QUEUED_SECONDS_PER_ADDRESS", "1");
        command.envs(trusted.map(|networks| ("ABACI_TRUSTED_PROXIES", networks)));
        let serve = Running::start(command);
        let first = submit_claiming(&serve, one, API, 900_000_000, "192.0.2.1");
        assert!(first.contains(" 202 "), "{first}");
        let claimed = submit_claiming(&serve, one, API, 900_000_001, "192.0.2.2");
        assert!(claimed.contains(expected), "{trusted:?}: {claimed}");
        let visitor = submit_claiming(&serve, other, "/", 900_000_002, "192.0.2.3");
        assert!(visitor.contains(" 303 "), "{trusted:?}: {visitor}");
    }
}

#[test]
fn refusals_are_in_the_log_and_in_the_metrics() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = role("serve", data.path());
    command.env("ABACI_HEADER_TIMEOUT_MS", "100").env("ABACI_RATE", "1");
    let mut serve = Running::start(command);
    let json = "Content-Type: application/json\r\n";
    let submit = |headers: &str| {
        request(serve.public(), "POST /api/calculations", &format!("{json}{headers}"), r#"{"index": 900000001}"#)
    };
    let accepted = submit("");
    let token = accepted.lines().find_map(|line| line.strip_prefix("abaci-ask: ")).expect("a token");
    let wrong = "0".repeat(token.len());
    let refused = [
        (
            "wrong-token",
            "403",
            request(serve.public(), "DELETE /api/calculations/900000001", &format!("abaci-ask: {wrong}\r\n"), ""),
        ),
        ("cross-site", "403", submit("Sec-Fetch-Site: cross-site\r\n")),
        ("rate", "429", request(serve.public(), "POST /api/calculations", json, r#"{"index": 900000002}"#)),
        ("host", "421", raw(serve.public(), "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")),
        ("malformed-http", "400", raw(serve.public(), "\x16\x03\x01 not a request\r\n\r\n")),
        ("slow-heads", "", raw(serve.public(), "GET / HTTP/1.1\r\nHost:")),
    ];
    for (kind, status, response) in &refused {
        assert!(response.get(9..).unwrap_or_default().starts_with(status), "{kind}: {response}");
    }
    // The next line is written a second after the last one.
    std::thread::sleep(Duration::from_millis(1_100));
    submit("Sec-Fetch-Site: cross-site\r\n");
    let metrics = serve.get_internal("/metrics");
    serve.stop();
    let mut log = String::new();
    serve.log().read_to_string(&mut log).expect("text");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("refused by limits and checks")).collect();
    assert!((2..=refused.len()).contains(&lines.len()), "{lines:?}");
    for (kind, ..) in &refused {
        assert!(metrics.contains(&format!("abaci_http_refusals_total{{kind=\"{kind}\"}} ")), "{kind}: {metrics}");
        assert!(lines.iter().any(|line| line.contains(kind)), "{kind}: {lines:?}");
    }
    assert!(lines[0].contains("127.0.0.1"), "{}", lines[0]);
    assert!(!log.contains(token) && !log.contains(&wrong), "{log}");
}

/// Sends these bytes and returns everything until the server closes.
fn raw(address: &str, bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(bytes.as_bytes()).expect("sent");
    let mut response = String::new();
    // A reset is as good an end as a close.
    let _ = stream.read_to_string(&mut response);
    response
}

#[test]
fn a_site_behind_tls_says_so_and_publishes_its_contact() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = role("serve", data.path());
    command.env("ABACI_PUBLIC_URL", "https://abaci.example");
    command.env("ABACI_SECURITY_CONTACT", "mailto:security@abaci.example");
    let serve = Running::start(command);
    for path in ["/", "/api/calculations", "/nowhere"] {
        let response = get(serve.public(), path);
        assert!(response.contains("strict-transport-security: max-age=31536000\r\n"), "{path}: {response}");
    }
    let contact = get(serve.public(), "/.well-known/security.txt");
    assert!(contact.starts_with("HTTP/1.1 200") && contact.contains("Contact: mailto:security@abaci.example\n"));
    let refused = finish(abaci(&["serve", "--security-contact", "security@abaci.example"]));
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("mailto:security@example.org"), "{refused:?}");
}
