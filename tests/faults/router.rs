//! nginx with the project's own configuration, in front of upstreams of the test's.

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

use crate::process::program_path;
use crate::services::{Nginx, free_port};

/// An upstream that keeps what it was asked.
#[derive(Clone, Default)]
struct Upstream {
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Upstream {
    /// Answers on a port; ends with the handle's `abort`.
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

/// What the upstream says at the paths that matter here.
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

/// A router in front of two apis and a client.
struct Routed {
    nginx: Nginx,
    http: reqwest::Client,
    apis: Vec<(u16, AbortHandle)>,
    api: Upstream,
    client: Upstream,
    _logs: TempDir,
}

impl Routed {
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
        let http = crate::http::client().timeout(Duration::from_secs(30)).build().expect("a client");
        Self { nginx, http, apis, api, client, _logs: logs }
    }

    fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.nginx.url()))
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.ask(Method::GET, path).header("accept-encoding", "gzip").send().await.expect("an answer")
    }
}

impl Drop for Routed {
    fn drop(&mut self) {
        self.apis.iter().for_each(|(_, server)| server.abort());
    }
}

#[test]
fn nginx_accepts_both_kinds_of_upstreams() {
    let nginx = std::env::var_os("ABACI_NGINX").map_or_else(|| program_path("nginx", "nginx-light"), PathBuf::from);
    let check = |settings: &HashMap<&str, &str>| {
        let prefix = tempfile::tempdir().expect("a temporary directory");
        let mut run = Command::new(crate::services::nginx_folder().join("run"));
        run.arg(prefix.path()).arg("-t").envs(settings).env("ABACI_ROUTER_LISTEN", "127.0.0.1:3050");
        let output = run.output().expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (right, said) = check(&HashMap::from([("ABACI_API_UPSTREAM", "127.0.0.1:5000 127.0.0.1:5001")]));
    assert!(right, "{said}");

    let version = Command::new(nginx).arg("-v").output().expect("it runs");
    let version = String::from_utf8_lossy(&version.stderr).trim().rsplit_once('/').expect("a version").1.to_owned();
    let numbers: Vec<u32> = version.split(['.', ' ']).map_while(|part| part.parse().ok()).collect();
    let names = [
        ("ABACI_RESOLVER", "127.0.0.11"),
        ("ABACI_API_UPSTREAM", "api:5000"),
        ("ABACI_CLIENT_UPSTREAM", "client:3000"),
    ];
    let (right, said) = check(&HashMap::from(names));
    if numbers >= vec![1, 27, 3] {
        assert!(right, "{said}");
    } else {
        // All that this nginx has to say against it is that it is too old.
        assert!(!right && said.contains("invalid parameter \"resolve\""), "{version}: {said}");
    }
}

#[tokio::test]
async fn paths_go_where_they_belong_and_stay_as_they_are() {
    let routed = Routed::start().await;
    let (api, page) =
        (["/api", "/api/", "/api/calculations?limit=3&after=c7", "/api/a%20b"], ["/", "/n/7", "/apix", "/style.css"]);
    for path in api.iter().chain(&page) {
        assert_eq!(routed.get(path).await.status(), StatusCode::OK, "{path}");
    }
    let paths = |upstream: &Upstream| upstream.seen().into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(paths(&routed.api), api);
    assert_eq!(paths(&routed.client), page);
}

#[tokio::test]
async fn a_client_cannot_say_that_it_is_another() {
    let routed = Routed::start().await;
    let request =
        routed.ask(Method::GET, "/api/system").header("x-forwarded-for", "1.2.3.4").header("x-real-ip", "1.2.3.4");
    let request = request.header("forwarded", "for=1.2.3.4").header("x-forwarded-proto", "https");
    request.header("x-request-id", "mine").send().await.expect("an answer");
    let (_, headers) = routed.api.seen().remove(0);
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-real-ip"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "http");
    assert!(!headers.contains_key("forwarded"));
    assert_ne!(headers["x-request-id"], "mine");
    assert_eq!(headers["host"], format!("127.0.0.1:{}", routed.nginx.port), "with the port");
}

#[tokio::test]
async fn an_event_arrives_while_the_stream_goes_on() {
    let routed = Routed::start().await;
    let response = routed.get("/api/events").await;
    assert!(!response.headers().contains_key("content-encoding"));
    let first = tokio::time::timeout(Duration::from_secs(10), response.bytes_stream().next()).await;
    assert_eq!(first.expect("it arrives").expect("a part").expect("bytes"), "event: reset\n\n");
}

#[tokio::test]
async fn json_is_compressed_and_values_are_not() {
    let routed = Routed::start().await;
    assert_eq!(routed.get("/api/calculations").await.headers()["content-encoding"], "gzip");
    let part = routed.ask(Method::GET, "/api/calculations/7/value").header("range", "bytes=0-3999");
    let part = part.header("accept-encoding", "gzip").send().await.expect("an answer");
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["etag"], "\"strong\"");
    assert_eq!(part.headers()["content-range"], "bytes 0-3999/1000000");
    assert!(!part.headers().contains_key("content-encoding"));
    let (_, headers) = routed.api.seen().pop().expect("a request");
    assert_eq!(headers["range"], "bytes=0-3999");
}

#[tokio::test]
async fn a_body_far_too_large_is_refused_in_the_apis_words() {
    let routed = Routed::start().await;
    let post = |size_bytes: usize| routed.ask(Method::POST, "/api/calculations").body("7".repeat(size_bytes)).send();
    assert_eq!(post(20_000).await.expect("an answer").status(), StatusCode::OK, "the api's own limit is the api's");
    let response = post(90_000).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    problem(response, "body-too-large").await;
    assert_eq!(routed.api.seen().len(), 1);
}

#[tokio::test]
async fn a_dead_api_costs_no_request() {
    let routed = Routed::start().await;
    routed.apis[0].1.abort();
    for n in 0..40 {
        let method = if n % 2 == 0 { Method::GET } else { Method::POST };
        let response = routed.ask(method.clone(), "/api/calculations").send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{method}, request {n}");
    }
}

#[tokio::test]
async fn an_api_that_dies_over_a_submission_costs_it_nothing() {
    let routed = Routed::start().await;
    let (port, server) = &routed.apis[0];
    server.abort();
    let bind = async || TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).await.ok();
    let listener = crate::patience::eventually("the port is free again", bind).await;
    let died = Arc::new(AtomicUsize::new(0));
    let deaths = Arc::clone(&died);
    let dying = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let read = stream.read(&mut [0; 16 * 1024]).await.expect("a request");
            assert!(read > 0, "it was asked");
            deaths.fetch_add(1, Ordering::Relaxed);
        }
    });
    for n in 0..40 {
        let submission = routed.ask(Method::POST, "/api/calculations").body("{\"index\":7}");
        assert_eq!(submission.send().await.expect("an answer").status(), StatusCode::OK, "request {n}");
    }
    assert!(died.load(Ordering::Relaxed) > 0, "some were sent to the api that dies");
    dying.abort();
}

#[tokio::test]
async fn without_any_api_the_problem_is_told_as_one_and_ends_with_it() {
    let routed = Routed::start().await;
    routed.apis.iter().for_each(|(_, server)| server.abort());
    let gone = async || {
        let response = routed.get("/api/system").await;
        (response.status() == StatusCode::BAD_GATEWAY).then_some(response)
    };
    let response = crate::patience::eventually("the apis are gone", gone).await;
    assert_eq!(response.headers()["retry-after"], "1");
    problem(response, "unavailable").await;
    assert_eq!(routed.get("/").await.status(), StatusCode::OK, "the page goes on");

    let _back = routed.api.listen(routed.apis[0].0).await;
    crate::patience::eventually("it is found again", async || {
        (routed.get("/api/system").await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_the_api_says_itself_passes_unchanged() {
    let routed = Routed::start().await;
    let response = routed.ask(Method::GET, "/api/refuses").send().await.expect("an answer");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "77");
    assert_eq!(response.text().await.expect("text"), "{\"from\":\"api\"}");
}

/// Checks that an answer is a problem of a kind, with the members that every problem has.
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
