//! Rules of RFC 9110, RFC 9112 and RFC 6797, and the hosts that are answered.

use axum::routing::get;
use http::StatusCode;
use server::{KnownHosts, ServerLimits};
use tokio::io::AsyncWriteExt;

use crate::{TestServer, echo, limits, read_to_end};

#[tokio::test]
async fn every_response_behind_tls_has_hsts_and_none_without() {
    let known_hosts = Some(KnownHosts::new([]));
    for is_behind_tls in [true, false] {
        let limits = ServerLimits { known_hosts: known_hosts.clone(), is_behind_tls, ..limits() };
        let server = TestServer::start(echo(), limits).await;
        for (path, host) in [("/", "localhost"), ("/nowhere", "localhost"), ("/", "evil.example")] {
            let mut stream = server.connect().await;
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.expect("to write");
            let response = read_to_end(&mut stream).await;
            let has_hsts = response.contains("strict-transport-security: max-age=31536000\r\n");
            assert_eq!(has_hsts, is_behind_tls, "{path} {host}: {response}");
        }
        server.stop().await;
    }
}

/// RFC 9112: framing and `Host`.
#[tokio::test]
async fn malformed_framing_is_refused_and_the_connection_closed() {
    let server = TestServer::start(echo(), limits()).await;
    for (request, statuses) in [
        ("GET / HTTP/1.1\r\n\r\n", &["400"][..]),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost : a\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\n folded\r\n\r\n", &["400"]),
        ("GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", &["400"]),
        ("GET  / HTTP/1.1\r\nhost: a\r\n\r\n", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n\r\na", &["400"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", &["400", "501"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n", &["400", "501"]),
        ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", &["400", "408"]),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.expect("to write");
        // Half-closed, so that a server which waits for more sees the end.
        stream.shutdown().await.expect("to close");
        let response = read_to_end(&mut stream).await;
        let is_refused = statuses.iter().any(|status| response.starts_with(&format!("HTTP/1.1 {status} ")));
        assert!(is_refused || response.is_empty(), "{request:?}: {response}");
    }
    let mut old = server.connect().await;
    old.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("to write");
    let response = read_to_end(&mut old).await;
    assert!(response.starts_with("HTTP/1.0 200 ") && response.ends_with("hello"), "{response}");
    server.stop().await;
}

/// RFC 9110 and RFC 9112: what a server must accept, and how it answers. The last text is in the response; if it begins
/// with `!`, the rest of it is not.
#[tokio::test]
async fn what_the_standards_allow_is_answered_as_they_say() {
    let server = TestServer::start(echo().route("/none", get(async || StatusCode::NO_CONTENT)), limits()).await;
    let chunked = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n";
    for (request, status, text) in [
        // RFC 9112: 2.2 an empty line before a request, 3.2.2 absolute form, 7.1.1 extensions, 7.1.2 trailers.
        ("\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "hello"),
        ("GET http://a/ HTTP/1.1\r\nhost: b\r\n\r\n".to_owned(), "200", "hello"),
        (format!("{chunked}\r\n5;a=b;c=\"d\"\r\nworld\r\n0\r\nx: y\r\n\r\n"), "200", "world"),
        (format!("{chunked}\r\n00005\r\nworld\r\n0\r\n\r\n"), "200", "connection: close"),
        // 6.1: both lengths; the connection is closed, and what follows is no request.
        (format!("{chunked}content-length: 3\r\n\r\n5\r\nworld\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n"), "200", "!hello"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "!hello"),
        // 6.3: without a length there is no body. 9.6: `close`; 9.3: HTTP/1.0 closes by itself.
        ("POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "200", "content-length: 0"),
        ("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "connection: close"),
        // RFC 9110: 6.6.1 `Date`, 8.6 no `Content-Length` in a 204, 9.3.2 `HEAD` without content.
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "date: "),
        ("GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404", "date: "),
        ("GET /none HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "204", "!content-length"),
        ("GET /none HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "204", "!transfer-encoding"),
        ("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "!hello"),
        ("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "200", "content-length: 5"),
        // 10.1.1 `Expect`: a 100 before the body is read; none to HTTP/1.0, and none before a refusal.
        ("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nworld".to_owned(), "100", "HTTP/1.1 200 "),
        ("POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nworld".to_owned(), "200", "world"),
        ("POST /nowhere HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nworld".to_owned(), "404", "!HTTP/1.1 100"),
        // 7.3 methods and targets that are not here.
        ("PUT / HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "405", "allow: GET,HEAD,POST"),
        ("TRACE / HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n".to_owned(), "405", "!x: y"),
        ("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404", "date: "),
        ("CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(), "404", "date: "),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.expect("to write");
        stream.shutdown().await.expect("to close");
        let response = read_to_end(&mut stream).await;
        assert_eq!(response.get(9..12), Some(status), "{request:?}: {response}");
        match text.strip_prefix('!') {
            Some(absent) => assert!(!response.contains(absent), "{request:?}: {response}"),
            None => assert!(response.contains(text), "{request:?}: {response}"),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn on_loopback_only_known_hosts_are_answered() {
    let known_hosts = Some(KnownHosts::new(["fib.example".to_owned()]));
    let server = TestServer::start(echo(), ServerLimits { known_hosts, ..limits() }).await;
    for (host, status) in [("localhost", 200), ("127.0.0.1:1", 200), ("fib.example", 200), ("evil.example", 421)] {
        let mut stream = server.connect().await;
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("to write");
        let response = read_to_end(&mut stream).await;
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {response}");
    }
    server.stop().await;
}
