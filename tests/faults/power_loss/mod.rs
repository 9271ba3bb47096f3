//! Power is cut at some moment: only what was synced by then is on the disk, and perhaps some of the rest.
//!
//! The writes of one run are logged with strace, and replayed up to the moment of the cut.

mod image;
mod postgres;
mod serve;
mod trace;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::random::Random;
use crate::support::process::{ChildProcess, program_path};
use crate::support::reference::is_fibonacci;
use crate::support::timeouts::eventually;
use crate::systems::SystemClient;

/// The answer that a client got, with its time.
#[derive(Default)]
struct Answers {
    accepted: BTreeMap<i64, Duration>,
    done: BTreeMap<i64, Duration>,
}

impl Answers {
    /// Submits these. Every third is read until it is done, the others are never seen.
    async fn collect(&mut self, client: &SystemClient, indexes: impl IntoIterator<Item = i64>) {
        for (number, n) in indexes.into_iter().enumerate() {
            // Below strace a statement may take too long.
            eventually("it is accepted", async || {
                let request = client.http.post(format!("{}/api/calculations", client.url));
                let response = request.json(&json!({"index": n.to_string()})).send().await.expect("a response");
                response.status().is_success().then_some(())
            })
            .await;
            self.accepted.insert(n, now());
            if number % 3 == 0 {
                eventually("it is done", async || is_done(client, n).await.then_some(())).await;
                self.done.insert(n, now());
            }
        }
    }

    /// Returns the times of some answers.
    fn some_times(&self, count: usize, random: &mut Random) -> Vec<Duration> {
        let times: Vec<Duration> = self.accepted.values().chain(self.done.values()).copied().collect();
        (0..count).map(|_| times[random.below(times.len() as u64) as usize]).collect()
    }

    /// Checks that everything is known that was answered until a time, and that it is computed.
    async fn verify(&self, client: &SystemClient, at: Duration, what: &str) {
        responds(client).await;
        let before = |answered: &BTreeMap<i64, Duration>| -> Vec<i64> {
            answered.iter().filter(|(_, time)| **time <= at).map(|(n, _)| *n).collect()
        };
        for n in before(&self.done) {
            assert!(is_done(client, n).await, "{what}: F({n}) was done, and is {:?}", calculation(client, n).await);
        }
        for n in before(&self.accepted) {
            let found = calculation(client, n).await;
            assert!(found.is_some(), "{what}: F({n}) was accepted, and is unknown");
            eventually(&format!("F({n}) is done"), async || is_done(client, n).await.then_some(())).await;
            let text = eventually("its value is read", async || value(client, n).await).await;
            assert!(is_fibonacci(n, &text), "{what}: F({n}) was served with wrong bytes");
        }
    }
}

/// Waits until the API serves.
async fn responds(client: &SystemClient) {
    eventually("it responds", async || client.json("/api/system").await).await;
}

/// Returns a calculation, or `None` if there is none. While part of the system is unavailable nothing is known of it.
async fn calculation(client: &SystemClient, n: i64) -> Option<Value> {
    eventually(&format!("F({n}) is known or unknown"), async || {
        let response = client.http.get(format!("{}/api/calculations/{n}", client.url)).send().await.ok()?;
        match response.status() {
            StatusCode::OK => Some(Some(response.json().await.expect("JSON"))),
            StatusCode::NOT_FOUND => Some(None),
            _ => None,
        }
    })
    .await
}

async fn is_done(client: &SystemClient, n: i64) -> bool {
    calculation(client, n).await.is_some_and(|calculation| calculation["status"] == "done")
}

async fn value(client: &SystemClient, n: i64) -> Option<Vec<u8>> {
    let request = client.http.get(format!("{}/api/calculations/{n}/value", client.url));
    let response = request.send().await.expect("a response");
    if response.status() == StatusCode::OK { Some(response.bytes().await.ok()?.to_vec()) } else { None }
}

/// Returns the time since 1970, as strace prints it.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later")
}

/// Returns strace and its arguments, before those of the program whose writes it logs.
fn strace(traces: &Path) -> Vec<OsString> {
    let program = program_path("strace", "strace").into_os_string();
    // A file for each thread, the times of start and end, and everything in hexadecimal.
    let fixed = ["-ff", "-ttt", "-T", "-xx", "-y", "-a", "1", "-s", "1000000000", "-e", trace::SYSCALLS, "-o"];
    let file = traces.join("thread").into_os_string();
    [program].into_iter().chain(fixed.map(OsString::from)).chain([file]).collect()
}

/// Kills the program that strace started, and waits until strace has written everything.
fn kill_traced(mut strace: ChildProcess) {
    let children = PathBuf::from(format!("/proc/{0}/task/{0}/children", strace.id()));
    let children = std::fs::read_to_string(children).expect("strace runs");
    let pid = children.split_whitespace().next().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
    kill_process(pid.expect("a child"), Signal::KILL).expect("it runs");
    crate::support::servers::until("strace ends", || strace.exit_status().is_some());
}
