//! Power is cut at some moment: only what was synced by then is on the disk, and perhaps some of the rest.
//!
//! The writes of one run of `serve` are logged with strace, and replayed up to the moment of the cut.

mod image;
mod trace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::random::Random;
use crate::support::process::{ChildProcess, command, program_path};
use crate::support::reference::is_fibonacci;
use crate::support::servers::free_port;
use crate::support::timeouts::eventually;
use crate::systems::PROGRAM;
use image::Image;

/// Number of power cuts, each with the least and with a random part of what was not synced.
const CUTS: usize = 8;
/// Number of submissions while writes are logged.
const SUBMISSIONS: i64 = 96;
/// Around the size above which a value is an object.
const OBJECTS: i64 = 310_000;

/// The answer that a client got, with its time.
#[derive(Default)]
struct Answers {
    accepted: BTreeMap<i64, Duration>,
    done: BTreeMap<i64, Duration>,
}

/// `serve` on a data directory.
struct Serve {
    process: Option<ChildProcess>,
    url: String,
    http: reqwest::Client,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_nothing_that_was_answered() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (data, traces) = (folder.path().join("data"), folder.path().join("traces"));
    for folder in [&data, &traces] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let answers = log_writes(&folder, &data, &traces).await;
    let events = trace::read(&traces, &data);
    println!("{} accepted, {} seen done, {} events", answers.accepted.len(), answers.done.len(), events.len());

    let mut random = Random::new(1);
    let times: Vec<Duration> = answers.accepted.values().chain(answers.done.values()).copied().collect();
    for cut in 0..CUTS {
        let at = times[random.below(times.len() as u64) as usize];
        let image = Image::replay(&events, at);
        for is_random in [false, true] {
            let folder = tempfile::tempdir().expect("a temporary directory");
            let copy = folder.path().join("data");
            std::fs::create_dir(&copy).expect("a folder");
            image.write(&data, &copy, is_random.then_some(&mut random));
            let serve = Serve::start(command(PROGRAM, "KILL", None), &copy, &folder.path().join("log"));
            verify(&serve, &answers, at, &format!("cut {cut}, random part: {is_random}")).await;
        }
    }
}

/// Submits to a `serve` whose writes are logged, and kills it.
async fn log_writes(folder: &TempDir, data: &Path, traces: &Path) -> Answers {
    let mut strace = command(program_path("strace", "strace"), "KILL", None);
    // A file for each thread, the times of start and end, and everything in hexadecimal.
    strace.args(["-ff", "-ttt", "-T", "-xx", "-y", "-a", "1", "-s", "1000000000", "-e", trace::SYSCALLS, "-o"]);
    strace.arg(traces.join("thread")).arg(PROGRAM);
    let mut serve = Serve::start(strace, data, &folder.path().join("log"));
    serve.responds().await;
    let mut answers = Answers::default();
    for number in 0..SUBMISSIONS {
        let n = if number % 8 == 7 { OBJECTS + number * 1_000 } else { number + 1 };
        let (status, body) = serve.submit(n).await;
        assert!(status.is_success(), "{status}: {body}");
        answers.accepted.insert(n, now());
        // Some are read at once, some are never seen.
        if number % 3 == 0 {
            eventually("it is done", async || serve.is_done(n).await.then_some(())).await;
            answers.done.insert(n, now());
        }
    }
    serve.kill_traced();
    answers
}

/// Checks that everything is known that was answered until a time.
async fn verify(serve: &Serve, answers: &Answers, at: Duration, what: &str) {
    serve.responds().await;
    let before = |answered: &BTreeMap<i64, Duration>| -> Vec<i64> {
        answered.iter().filter(|(_, time)| **time <= at).map(|(n, _)| *n).collect()
    };
    for n in before(&answers.done) {
        assert!(serve.is_done(n).await, "{what}: F({n}) was done, and is {:?}", serve.calculation(n).await);
    }
    for n in before(&answers.accepted) {
        assert!(serve.calculation(n).await.is_some(), "{what}: F({n}) was accepted, and is unknown");
        eventually(&format!("F({n}) is done"), async || serve.is_done(n).await.then_some(())).await;
        let text = eventually("its value is read", async || serve.value(n).await).await;
        assert!(is_fibonacci(n, &text), "{what}: F({n}) was served with wrong bytes");
    }
}

/// Returns the time since 1970, as strace prints it.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later")
}

impl Serve {
    /// Starts it by a command that ends with its program.
    fn start(mut command: Command, data: &Path, log: &Path) -> Self {
        let port = free_port();
        command.arg("serve").env("ABACI_DATA_DIR", data).env("ABACI_LISTEN", format!("127.0.0.1:{port}"));
        command.env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0").env("ABACI_RATE", "off");
        let process = Some(ChildProcess::start(command, log));
        let http = crate::support::http::client().timeout(Duration::from_secs(45)).build().expect("an HTTP client");
        Self { process, url: format!("http://127.0.0.1:{port}"), http }
    }

    async fn responds(&self) {
        eventually("serve responds", async || {
            let response = self.http.get(format!("{}/api/system", self.url)).send().await.ok()?;
            (response.status() == StatusCode::OK).then_some(())
        })
        .await;
    }

    async fn submit(&self, n: i64) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}/api/calculations", self.url)).json(&json!({"index": n.to_string()}));
        let response = request.send().await.expect("a response");
        (response.status(), response.json().await.expect("JSON"))
    }

    async fn calculation(&self, n: i64) -> Option<Value> {
        let response = self.http.get(format!("{}/api/calculations/{n}", self.url)).send().await.expect("a response");
        if response.status() == StatusCode::OK { response.json().await.ok() } else { None }
    }

    async fn is_done(&self, n: i64) -> bool {
        self.calculation(n).await.is_some_and(|calculation| calculation["status"] == "done")
    }

    async fn value(&self, n: i64) -> Option<Vec<u8>> {
        let request = self.http.get(format!("{}/api/calculations/{n}/value", self.url));
        let response = request.send().await.expect("a response");
        if response.status() == StatusCode::OK { Some(response.bytes().await.ok()?.to_vec()) } else { None }
    }

    /// Kills what strace started, and waits until strace has written everything.
    fn kill_traced(&mut self) {
        let mut strace = self.process.take().expect("it runs");
        let children = PathBuf::from(format!("/proc/{0}/task/{0}/children", strace.id()));
        let children = std::fs::read_to_string(children).expect("strace runs");
        let pid = children.split_whitespace().next().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        kill_process(pid.expect("a child"), Signal::KILL).expect("it runs");
        crate::support::servers::until("strace ends", || strace.exit_status().is_some());
    }
}
