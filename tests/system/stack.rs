//! A running `abaci serve` with its own data directory, and the requests of the tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

/// Time after which anything is called stuck: far above what is usual, so that a busy machine fails no test.
pub(crate) const STUCK_AFTER: Duration = Duration::from_secs(60);

/// A system to test.
pub(crate) struct Stack {
    /// Its URL, without a slash at the end.
    pub(crate) url: String,
    /// Keeps connections open between calls.
    pub(crate) http: reqwest::Client,
    process: Option<ServeProcess>,
}

/// A system started by the test itself.
struct ServeProcess {
    child: Child,
    directory: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Stack {
    /// Returns the system at `ABACI_TEST_URL`, or starts one.
    pub(crate) async fn any() -> Self {
        match std::env::var("ABACI_TEST_URL") {
            Ok(url) => Self { url: url.trim_end_matches('/').to_owned(), http: http(), process: None },
            Err(_) => Self::own(&[]).await,
        }
    }

    /// Starts a system in an empty data directory, with additional settings.
    pub(crate) async fn own(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        let (child, url) = spawn(directory.path(), &settings);
        Self { url, http: http(), process: Some(ServeProcess { child, directory, settings }) }
    }

    /// Kills the process.
    pub(crate) fn kill(&mut self) {
        let process = self.process.as_mut().expect("a system that this test started");
        process.child.kill().expect("the process can be killed");
        process.child.wait().expect("the process has ended");
    }

    /// Sends SIGTERM and waits for the exit status.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let process = self.process.as_mut().expect("a system that this test started");
        let pid = rustix::process::Pid::from_child(&process.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the process is alive");
        process.child.wait().expect("the process has ended")
    }

    /// Starts it again in the same data directory, on another port.
    pub(crate) fn restart(&mut self) {
        let process = self.process.as_mut().expect("a system that this test started");
        let (child, url) = spawn(process.directory.path(), &process.settings);
        process.child = child;
        self.url = url;
        // The old connections are closed.
        self.http = http();
    }

    /// Returns the data directory of a system that this test started.
    pub(crate) fn directory(&self) -> &Path {
        self.process.as_ref().expect("a system that this test started").directory.path()
    }

    /// Sends `POST /api/calculations` with this JSON body.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        let request = self.http.post(format!("{}/api/calculations", self.url));
        request.header("content-type", "application/json").body(body).send().await.expect("a response")
    }

    /// Submits F(n).
    pub(crate) async fn submit(&self, n: i64) -> (StatusCode, Value) {
        let response = self.post(json!({"index": n.to_string()}).to_string()).await;
        (response.status(), response.json().await.expect("JSON"))
    }

    /// Sends `GET`.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.expect("a response")
    }

    /// Sends `GET` and returns the JSON of a response with 200.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("JSON")
    }

    /// Returns the calculation of F(n).
    pub(crate) async fn calculation(&self, n: i64) -> Value {
        self.json(&format!("/api/calculations/{n}")).await
    }

    /// Waits until F(n) has a status, and returns the calculation.
    pub(crate) async fn until(&self, n: i64, status: &str) -> Value {
        let path = format!("/api/calculations/{n}");
        eventually(&format!("F({n}) is {status}"), async || {
            let calculation = self.json(&path).await;
            (calculation["status"] == status).then_some(calculation)
        })
        .await
    }

    /// Submits F(n), waits until it is done and returns its digits.
    pub(crate) async fn value_of(&self, n: i64) -> String {
        let (status, body) = self.submit(n).await;
        assert!(status.is_success(), "{status} {body}");
        self.until(n, "done").await;
        self.read(n).await
    }

    /// Submits F(n), whose value was evicted, waits until it is there again and returns its digits.
    pub(crate) async fn recomputed(&self, n: i64) -> String {
        let (status, body) = self.submit(n).await;
        assert!(status.is_success(), "{status} {body}");
        eventually(&format!("F({n}) is computed again"), async || {
            (self.calculation(n).await["value_state"] == "object").then_some(())
        })
        .await;
        self.read(n).await
    }

    /// Returns the digits of F(n), which must be done.
    pub(crate) async fn read(&self, n: i64) -> String {
        let response = self.get(&format!("/api/calculations/{n}/value")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.text().await.expect("text")
    }

    /// Returns the number of stored calculations.
    pub(crate) async fn stored_count(&self) -> usize {
        let mut count = 0;
        let mut path = "/api/calculations?limit=200".to_owned();
        loop {
            let page = self.json(&path).await;
            count += page["items"].as_array().expect("items").len();
            match page["next"].as_str() {
                Some(next) => path = format!("/api/calculations?limit=200&after={next}"),
                None => return count,
            }
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // It may have exited already.
            if process.child.kill().is_ok() && process.child.wait().is_err() {
                eprintln!("a system under test could not be waited for");
            }
        }
    }
}

/// Retries until the attempt returns something, or fails the test after [`STUCK_AFTER`].
pub(crate) async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(start.elapsed() < STUCK_AFTER, "not within {STUCK_AFTER:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn http() -> reqwest::Client {
    let builder = crate::support::http::client().timeout(STUCK_AFTER).redirect(reqwest::redirect::Policy::none());
    builder.build().expect("an HTTP client")
}

/// Starts the program and waits until it prints its URL.
fn spawn(directory: &Path, settings: &[(String, String)]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_abaci"))
        .arg("serve")
        .env("ABACI_LISTEN", "127.0.0.1:0")
        .env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0")
        .env("ABACI_DATA_DIR", directory)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    for line in lines {
        let line = line.expect("text");
        if let Some(start) = line.find("http://") {
            let url = line[start..].split_whitespace().next().expect("an address").trim_end_matches('/');
            return (child, url.to_owned());
        }
    }
    let status = child.wait().expect("the program has ended");
    panic!("the program exited with {status} before it printed its URL");
}
