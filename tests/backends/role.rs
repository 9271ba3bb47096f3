//! One of our own processes, and the questions to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::oracle::is_fibonacci;
use crate::patience::eventually;
use crate::process::{Process, command};
use crate::services::until;

/// Variables and what they are set to; nothing else of the environment is given on.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// A running role.
pub(crate) struct Role {
    process: Process,
    log: PathBuf,
    /// Where it answers, if it does.
    url: Option<String>,
    internal_url: String,
    http: reqwest::Client,
}

impl Role {
    /// Starts it and waits until it says where it is; what it says goes to a file in a folder.
    pub(crate) fn start(word: &'static str, settings: &Settings, logs: &Path) -> Self {
        let log = logs.join(format!("{word}.log"));
        let begun = std::fs::metadata(&log).map_or(0, |log| log.len() as usize);
        let mut role = command(PROGRAM, "KILL", None);
        role.arg(word).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
        role.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0");
        let mut process = Process::start(role, &log);
        let said = || std::fs::read_to_string(&log).expect("its log").split_off(begun);
        until(&format!("{word} says where it is"), || {
            assert!(process.ended().is_none(), "{word} ended: {}", said());
            address(&said(), "Health and metrics are at ").is_some()
        });
        let internal_url = address(&said(), "Health and metrics are at ").expect("just now");
        let url = address(&said(), "Abaci's API is at ");
        let http = crate::http::client().timeout(Duration::from_secs(45)).build().expect("an HTTP client");
        Self { process, url, internal_url, http, log }
    }

    /// Everything that it has said so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// What it has used of the processors so far, all threads together.
    pub(crate) fn processor_time(&self) -> Duration {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("it runs");
        let used = threads.filter_map(|thread| {
            // A thread may end at any moment; those that count live as long as the process.
            let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
        });
        used.sum()
    }

    /// The answer of its internal port.
    pub(crate) async fn inside(&self, path: &str) -> (StatusCode, String) {
        let response = self.http.get(format!("{}{path}", self.internal_url)).send().await.expect("an answer");
        (response.status(), response.text().await.expect("text"))
    }

    pub(crate) async fn is_ready(&self) -> bool {
        self.inside("/readyz").await.0 == StatusCode::OK
    }

    /// `GET` at the public port.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET, path).send().await.expect("an answer")
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url.as_ref().expect("a role that answers")))
    }

    /// Asks for F(n).
    pub(crate) async fn submit(&self, n: i64) -> (StatusCode, Value) {
        let request = self.request(reqwest::Method::POST, "/api/calculations").json(&json!({"index": n.to_string()}));
        let response = request.send().await.expect("an answer");
        (response.status(), response.json().await.expect("JSON"))
    }

    /// How F(n) stands.
    pub(crate) async fn calculation(&self, n: i64) -> Value {
        self.get(&format!("/api/calculations/{n}")).await.json().await.expect("JSON")
    }

    /// Asks for F(n) and waits until it is done, and right.
    pub(crate) async fn value(&self, n: i64) -> String {
        let (status, said) = self.submit(n).await;
        assert!(status.is_success(), "{status}: {said}");
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

impl Drop for Role {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Runs a command of the program to its end.
pub(crate) fn abaci(arguments: &[&str], settings: &Settings) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).output().expect("it runs")
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_abaci");

/// The address on the last line that begins so.
fn address(said: &str, beginning: &str) -> Option<String> {
    // A line is whole when its end is there.
    let whole = &said[..said.rfind('\n')?];
    whole.lines().rev().find_map(|line| line.strip_prefix(beginning)).map(str::to_owned)
}
