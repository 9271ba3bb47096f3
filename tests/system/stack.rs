//! A running Abaci with a data directory of its own, and the few calls that tests make to it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

/// How long anything may take before a test calls it stuck. Far above what is usual, so that a busy
/// machine fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One system to test.
pub(crate) struct Stack {
    /// Where it answers, without a slash at the end.
    pub(crate) url: String,
    /// Keeps connections open between calls.
    pub(crate) http: reqwest::Client,
    process: Option<Process>,
}

/// A system started by the test itself.
struct Process {
    child: Child,
    directory: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Stack {
    /// The running stack that `ABACI_TEST_URL` names, or a new one.
    pub(crate) async fn any() -> Self {
        match std::env::var("ABACI_TEST_URL") {
            Ok(url) => Self { url: url.trim_end_matches('/').to_owned(), http: http(), process: None },
            Err(_) => Self::own(&[]).await,
        }
    }

    /// A new system in an empty data directory, with settings beside the usual ones.
    pub(crate) async fn own(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        let (child, url) = spawn(directory.path(), &settings);
        Self { url, http: http(), process: Some(Process { child, directory, settings }) }
    }

    /// Ends the process as a power switch would.
    pub(crate) fn kill(&mut self) {
        let process = self.process.as_mut().expect("a system of our own");
        process.child.kill().expect("the process can be killed");
        process.child.wait().expect("the process has ended");
    }

    /// Asks the process to end and waits until it has; gives its exit status.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        let process = self.process.as_mut().expect("a system of our own");
        let pid = rustix::process::Pid::from_child(&process.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the process can be told");
        process.child.wait().expect("the process has ended")
    }

    /// Starts it again in the same data directory, on another port.
    pub(crate) fn restart(&mut self) {
        let process = self.process.as_mut().expect("a system of our own");
        let (child, url) = spawn(process.directory.path(), &process.settings);
        process.child = child;
        self.url = url;
        // Connections to the old port are of no use.
        self.http = http();
    }

    /// The data directory of a system of our own.
    pub(crate) fn directory(&self) -> &Path {
        self.process.as_ref().expect("a system of our own").directory.path()
    }

    /// `POST /api/calculations` with a JSON body as it stands.
    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> Response {
        let request = self.http.post(format!("{}/api/calculations", self.url));
        request.header("content-type", "application/json").body(body).send().await.expect("an answer")
    }

    /// Asks for F(n).
    pub(crate) async fn submit(&self, n: i64) -> (StatusCode, Value) {
        let response = self.post(json!({"index": n.to_string()}).to_string()).await;
        (response.status(), response.json().await.expect("JSON"))
    }

    /// `GET` of a path.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).send().await.expect("an answer")
    }

    /// `GET` of a path that answers JSON with 200.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.expect("JSON")
    }

    /// What the record says of F(n).
    pub(crate) async fn calculation(&self, n: i64) -> Value {
        self.json(&format!("/api/calculations/{n}")).await
    }

    /// Waits until F(n) stands as given, and gives the whole calculation.
    pub(crate) async fn until(&self, n: i64, status: &str) -> Value {
        let path = format!("/api/calculations/{n}");
        eventually(&format!("F({n}) is {status}"), async || {
            let calculation = self.json(&path).await;
            (calculation["status"] == status).then_some(calculation)
        })
        .await
    }

    /// Asks for F(n), waits for it and reads its digits.
    pub(crate) async fn value_of(&self, n: i64) -> String {
        let (status, body) = self.submit(n).await;
        assert!(status.is_success(), "{status} {body}");
        self.until(n, "done").await;
        self.read(n).await
    }

    /// The digits of F(n), which must be known.
    pub(crate) async fn read(&self, n: i64) -> String {
        let response = self.get(&format!("/api/calculations/{n}/value")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.text().await.expect("text")
    }

    /// How many calculations the record holds.
    pub(crate) async fn recorded(&self) -> usize {
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
            // It may have ended already, as the test wanted.
            if process.child.kill().is_ok() && process.child.wait().is_err() {
                eprintln!("a system under test could not be waited for");
            }
        }
    }
}

/// Tries until there is something, or fails after [`PATIENCE`].
pub(crate) async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    builder.build().expect("an HTTP client")
}

/// Starts the program and waits for the line that says where it answers.
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
    panic!("the program ended with {status} without saying where it answers");
}
