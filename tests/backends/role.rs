//! A role as a process, and requests to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use reqwest::StatusCode;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::support::process::{ChildProcess, command};
use crate::support::reference::is_fibonacci;
use crate::support::servers::until;
use crate::support::timeouts::eventually;

/// Environment variables; nothing else is inherited.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// A running role.
pub(crate) struct TestRole {
    process: ChildProcess,
    log: PathBuf,
    /// Its public URL, if it has one.
    url: Option<String>,
    internal_url: String,
    http: reqwest::Client,
}

impl TestRole {
    /// Starts it and waits until it prints its addresses; its output goes to a file in a folder.
    pub(crate) fn start(name: &'static str, settings: &Variables, logs: &Path) -> Self {
        let log = logs.join(format!("{name}.log"));
        let start = std::fs::metadata(&log).map_or(0, |log| log.len() as usize);
        let mut role = command(PROGRAM, "KILL", None);
        role.arg(name).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
        role.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0");
        let mut process = ChildProcess::start(role, &log);
        let output = || std::fs::read_to_string(&log).expect("its log").split_off(start);
        until(&format!("{name} prints its addresses"), || {
            assert!(process.exit_status().is_none(), "{name} exited: {}", output());
            address(&output(), "Health and metrics are at ").is_some()
        });
        let internal_url = address(&output(), "Health and metrics are at ").expect("just now");
        let url = address(&output(), "Abaci's API is at ").or_else(|| address(&output(), "Abaci is at "));
        let http = crate::support::http::client().timeout(Duration::from_secs(45)).build().expect("an HTTP client");
        Self { process, url, internal_url, http, log }
    }

    /// Returns its output so far.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// Returns the processor time of all its threads so far.
    pub(crate) fn processor_time(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("it runs");
        let used = threads.filter_map(|thread| {
            // A thread may end at any moment; the relevant ones live as long as the process.
            let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        });
        used.sum()
    }

    /// Limits its address space to what it has and `bytes` more; no longer with `None`.
    pub(crate) fn limit_memory(&self, bytes: Option<u64>) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB"));
        let size_bytes = 1024 * size.and_then(|size| size.parse::<u64>().ok()).expect("its size");
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        let limit = Rlimit { current: bytes.map(|bytes| size_bytes + bytes), maximum: None };
        prlimit(pid, Resource::As, limit).expect("it runs");
    }

    /// Returns its internal address, `host:port`.
    pub(crate) fn internal_address(&self) -> &str {
        self.internal_url.trim_start_matches("http://")
    }

    /// Returns the port of its public address.
    pub(crate) fn port(&self) -> u16 {
        let port = self.url.as_ref().and_then(|url| url.rsplit(':').next()?.parse().ok());
        port.expect("a role with a public address")
    }

    /// Sends `GET` to its internal address.
    pub(crate) async fn get_internal(&self, path: &str) -> (StatusCode, String) {
        let response = self.http.get(format!("{}{path}", self.internal_url)).send().await.expect("a response");
        (response.status(), response.text().await.expect("text"))
    }

    pub(crate) async fn is_ready(&self) -> bool {
        self.get_internal("/readyz").await.0 == StatusCode::OK
    }

    /// Sends `GET` to its public address.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET, path).send().await.expect("a response")
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url.as_ref().expect("a role with a public address")))
    }

    /// Submits F(n).
    pub(crate) async fn submit(&self, n: i64) -> (StatusCode, Value) {
        let request = self.request(reqwest::Method::POST, "/api/calculations").json(&json!({"index": n.to_string()}));
        let response = request.send().await.expect("a response");
        (response.status(), response.json().await.expect("JSON"))
    }

    /// Returns the calculation of F(n).
    pub(crate) async fn calculation(&self, n: i64) -> Value {
        self.get(&format!("/api/calculations/{n}")).await.json().await.expect("JSON")
    }

    /// Submits F(n), waits until it is done, checks it and returns it.
    pub(crate) async fn value(&self, n: i64) -> String {
        let (status, body) = self.submit(n).await;
        assert!(status.is_success(), "{status}: {body}");
        eventually(&format!("F({n}) is done"), async || {
            let calculation = self.calculation(n).await;
            assert!(!["failed", "cancelled"].contains(&calculation["status"].as_str()?), "{calculation}");
            (calculation["status"] == "done").then_some(())
        })
        .await;
        let response = self.get(&format!("/api/calculations/{n}/value")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let text = response.text().await.expect("text");
        assert!(is_fibonacci(n, text.as_bytes()), "{} bytes that are not F({n})", text.len());
        text
    }
}

impl Drop for TestRole {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Runs a command of the program to its end.
pub(crate) fn abaci(arguments: &[&str], settings: &Variables) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).output().expect("it runs")
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_abaci");

/// Returns the address on the last line with this prefix.
fn address(output: &str, prefix: &str) -> Option<String> {
    let complete_lines = &output[..output.rfind('\n')?];
    complete_lines.lines().rev().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned)
}
