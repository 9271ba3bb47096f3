//! Tests of the nginx configuration, in front of test upstreams.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::support::process::program_path;
use crate::support::servers::{Nginx, free_port, nginx_folder};
use crate::support::timeouts::eventually;

/// An upstream that records its requests.
#[derive(Clone, Default)]
struct Upstream {
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Upstream {
    /// Serves a port until the handle is aborted.
    async fn listen(&self, port: u16) -> AbortHandle {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free");
        let seen = self.seen.clone();
        let answer = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            seen.lock().expect("not poisoned").push((uri.to_string(), headers));
            respond(uri, body.len())
        };
        let app = Router::new().fallback(any(answer));
        tokio::spawn(async move { axum::serve(listener, app).await.expect("it serves") }).abort_handle()
    }

    fn seen(&self) -> Vec<(String, HeaderMap)> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

/// Returns the response of an upstream.
async fn respond(uri: Uri, body_bytes: usize) -> axum::response::Response {
    let response = axum::response::Response::builder();
    match uri.path() {
        "/api/events" => {
            let first = futures_util::stream::once(async { Ok::<_, std::io::Error>(Bytes::from("event: reset\n\n")) });
            let stream = first.chain(futures_util::stream::pending());
            response.header("content-type", "text/event-stream").body(Body::from_stream(stream))
        }
        "/api/calculations/7/value" => response
            .status(StatusCode::PARTIAL_CONTENT)
            .header("content-type", "text/plain")
            .header("content-range", "bytes 0-3999/1000000")
            .header("etag", "\"strong\"")
            .body("7".repeat(4_000).into()),
        "/api/refuses" => response
            .status(StatusCode::SERVICE_UNAVAILABLE)
            .header("content-type", "application/problem+json")
            .header("retry-after", "77")
            .body("{\"from\":\"api\"}".into()),
        _ => response.header("content-type", "application/json").body(format!("{body_bytes:>4000}").into()),
    }
    .expect("a response")
}

/// nginx in front of two APIs and a client.
struct Proxied {
    nginx: Nginx,
    http: reqwest::Client,
    apis: Vec<(u16, AbortHandle)>,
    api: Upstream,
    client: Upstream,
    _logs: TempDir,
}

impl Proxied {
    async fn start() -> Self {
        let logs = tempfile::tempdir().expect("a temporary directory");
        let (api, client) = (Upstream::default(), Upstream::default());
        let mut apis = Vec::new();
        for _ in 0..2 {
            let port = free_port();
            apis.push((port, api.listen(port).await));
        }
        let page = free_port();
        client.listen(page).await;
        let nginx = Nginx::start(&[apis[0].0, apis[1].0], page, &[], logs.path().join("nginx.log"));
        let http = crate::support::http::client().timeout(Duration::from_secs(30)).build().expect("a client");
        Self { nginx, http, apis, api, client, _logs: logs }
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.nginx.url()))
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.ask(Method::GET, path).header("accept-encoding", "gzip").send().await.expect("a response")
    }
}

impl Drop for Proxied {
    fn drop(&mut self) {
        self.apis.iter().for_each(|(_, server)| server.abort());
    }
}

#[test]
fn nginx_accepts_both_kinds_of_upstreams() {
    let nginx = std::env::var_os("ABACI_NGINX").map_or_else(|| program_path("nginx", "nginx-light"), PathBuf::from);
    let check = |settings: &HashMap<&str, &str>| {
        let prefix = tempfile::tempdir().expect("a temporary directory");
        let mut run = Command::new(nginx_folder().join("run"));
        run.arg(prefix.path()).arg("-t").envs(settings).env("ABACI_ROUTER_LISTEN", "127.0.0.1:3050");
        let output = run.output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_valid, output) = check(&HashMap::from([("ABACI_API_UPSTREAM", "127.0.0.1:5000 127.0.0.1:5001")]));
    assert!(is_valid, "{output}");

    let version = Command::new(nginx).arg("-v").output().expect("it runs");
    let version = String::from_utf8_lossy(&version.stderr).trim().rsplit_once('/').expect("a version").1.to_owned();
    let numbers: Vec<u32> = version.split(['.', ' ']).map_while(|part| part.parse().ok()).collect();
    let names = [
        ("ABACI_RESOLVER", "127.0.0.11"),
        ("ABACI_API_UPSTREAM", "api:5000"),
        ("ABACI_CLIENT_UPSTREAM", "client:3000"),
    ];
    let (is_valid, output) = check(&HashMap::from(names));
    if numbers >= vec![1, 27, 3] {
        assert!(is_valid, "{output}");
    } else {
        // Only its version is a reason to refuse it.
        assert!(!is_valid && output.contains("invalid parameter \"resolve\""), "{version}: {output}");
    }
}

#[tokio::test]
async fn paths_are_routed_unchanged() {
    let proxied = Proxied::start().await;
    let (api, page) =
        (["/api", "/api/", "/api/calculations?limit=3&after=c7", "/api/a%20b"], ["/", "/n/7", "/apix", "/style.css"]);
    for path in api.iter().chain(&page) {
        assert_eq!(proxied.get(path).await.status(), StatusCode::OK, "{path}");
    }
    let paths = |upstream: &Upstream| upstream.seen().into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(paths(&proxied.api), api);
    assert_eq!(paths(&proxied.client), page);
}

#[tokio::test]
async fn forwarding_headers_of_clients_are_replaced() {
    let proxied = Proxied::start().await;
    let request =
        proxied.ask(Method::GET, "/api/system").header("x-forwarded-for", "1.2.3.4").header("x-real-ip", "1.2.3.4");
    let request = request.header("forwarded", "for=1.2.3.4").header("x-forwarded-proto", "https");
    request.header("x-request-id", "mine").send().await.expect("a response");
    let (_, headers) = proxied.api.seen().remove(0);
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-real-ip"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert!(!headers.contains_key("forwarded"));
    assert_ne!(headers["x-request-id"], "mine");
    assert_eq!(headers["host"], format!("127.0.0.1:{}", proxied.nginx.port), "with the port");
}

#[tokio::test]
async fn events_are_not_buffered() {
    let proxied = Proxied::start().await;
    let response = proxied.get("/api/events").await;
    assert!(!response.headers().contains_key("content-encoding"));
    let first = tokio::time::timeout(Duration::from_secs(10), response.bytes_stream().next()).await;
    assert_eq!(first.expect("it arrives").expect("a part").expect("bytes"), "event: reset\n\n");
}

#[tokio::test]
async fn json_is_compressed_and_values_are_not() {
    let proxied = Proxied::start().await;
    assert_eq!(proxied.get("/api/calculations").await.headers()["content-encoding"], "gzip");
    let part = proxied.ask(Method::GET, "/api/calculations/7/value").header("range", "bytes=0-3999");
    let part = part.header("accept-encoding", "gzip").send().await.expect("a response");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["etag"], "\"strong\"");
    assert_eq!(part.headers()["content-range"], "bytes 0-3999/1000000");
    assert!(!part.headers().contains_key("content-encoding"));
    let (_, headers) = proxied.api.seen().pop().expect("a request");
    assert_eq!(headers["range"], "bytes=0-3999");
}

#[tokio::test]
async fn a_body_above_the_limit_is_a_problem_response() {
    let proxied = Proxied::start().await;
    let post = |size_bytes: usize| proxied.ask(Method::POST, "/api/calculations").body("7".repeat(size_bytes)).send();
    assert_eq!(
        post(20_000).await.expect("a response").status(),
        StatusCode::OK,
        "below nginx's limit, the API decides"
    );
    let response = post(90_000).await.expect("a response");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    problem(response, "body-too-large").await;
    assert_eq!(proxied.api.seen().len(), 1);
}

#[tokio::test]
async fn a_dead_api_fails_no_request() {
    let proxied = Proxied::start().await;
    proxied.apis[0].1.abort();
    for n in 0..40 {
        let method = if n % 2 == 0 { Method::GET } else { Method::POST };
        let response = proxied.ask(method.clone(), "/api/calculations").send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::OK, "{method}, request {n}");
    }
}

#[tokio::test]
async fn an_api_that_dies_during_a_submission_fails_no_request() {
    let proxied = Proxied::start().await;
    let (port, server) = &proxied.apis[0];
    server.abort();
    let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await.ok();
    let listener = eventually("the port is free again", bind).await;
    let died = Arc::new(AtomicUsize::new(0));
    let deaths = Arc::clone(&died);
    let dying = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let read = stream.read(&mut [0; 16 * 1024]).await.expect("a request");
            assert!(read > 0, "a request arrived");
            deaths.fetch_add(1, Ordering::Relaxed);
        }
    });
    for n in 0..40 {
        let submission = proxied.ask(Method::POST, "/api/calculations").body("{\"index\":7}");
        assert_eq!(submission.send().await.expect("a response").status(), StatusCode::OK, "request {n}");
    }
    assert!(died.load(Ordering::Relaxed) > 0, "some were sent to the api that dies");
    dying.abort();
}

#[tokio::test]
async fn without_an_api_the_response_is_a_problem() {
    let proxied = Proxied::start().await;
    proxied.apis.iter().for_each(|(_, server)| server.abort());
    let gone = async || {
        let response = proxied.get("/api/system").await;
        (response.status() == StatusCode::BAD_GATEWAY).then_some(response)
    };
    let response = eventually("the APIs are gone", gone).await;
    assert_eq!(response.headers()["retry-after"], "1");
    problem(response, "unavailable").await;
    assert_eq!(proxied.get("/").await.status(), StatusCode::OK, "the pages still work");

    let _back = proxied.api.listen(proxied.apis[0].0).await;
    eventually("the API is used again", async || {
        (proxied.get("/api/system").await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn responses_of_the_api_pass_unchanged() {
    let proxied = Proxied::start().await;
    let response = proxied.ask(Method::GET, "/api/refuses").send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "77");
    assert_eq!(response.text().await.expect("text"), "{\"from\":\"api\"}");
}

/// Checks that a response is a problem of this kind.
async fn problem(response: reqwest::Response, kind: &str) {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let problem: wire::Problem = serde_json::from_slice(&response.bytes().await.expect("a body")).expect("a problem");
    assert_eq!(problem.status, status);
    assert!(problem.request_id.is_some());
    let name = serde_json::to_value(problem.kind).expect("a kind");
    assert_eq!(name, Value::from(format!("urn:abaci:problem:{kind}")));
    assert_eq!(problem.title, problem.kind.title());
}
