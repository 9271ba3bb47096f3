//! The measured program and its memory.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::{self, Connection};

/// A running `abaci serve`.
pub struct Abaci {
    child: Child,
    /// `host:port`.
    pub address: String,
    /// Time from the start of the process to the first response.
    pub ready_after: Duration,
}

impl Abaci {
    /// Starts the program on a data directory and waits until it responds.
    pub async fn start(program: &Path, data: &Path) -> Self {
        Self::with(program, data, &[]).await
    }

    /// Starts the program with further settings, like [`Abaci::start`].
    pub async fn with(program: &Path, data: &Path, settings: &[(&str, &str)]) -> Self {
        let start = Instant::now();
        let mut child = Command::new(program)
            .arg("serve")
            .env("ABACI_LISTEN", "127.0.0.1:0")
            .env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0")
            .env("ABACI_DATA_DIR", data)
            .env("ABACI_LOG", "warn")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = loop {
            let line = lines.next().expect("it prints its address").expect("text");
            if let Some((_, rest)) = line.split_once("http://") {
                let end = rest.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(rest.len());
                break rest[..end].to_owned();
            }
        };
        let mut connection = Connection::open(&address).await.expect("it listens");
        connection.call(&http::get("/api/calculations")).await.expect("it responds");
        Self { child, address, ready_after: start.elapsed() }
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Connection {
        Connection::open(&self.address).await.expect("it listens")
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns the current and the peak resident memory in MB.
    pub fn resident_mb(&self) -> (f64, f64) {
        resident_mb(self.child.id())
    }
}

/// Returns the current and the peak resident memory of a process in MB.
pub fn resident_mb(process: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the field");
        line.trim_end_matches("kB").trim().parse::<f64>().expect("a number") * 1024.0 / 1e6
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Adds up a measurement of a process and all its descendants.
pub fn with_descendants(process: u32, measure: fn(u32) -> f64) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let children =
        children.flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>());
    measure(process) + children.map(|child| with_descendants(child, measure)).sum::<f64>()
}

/// Returns the memory of a process in MB, pages that it shares with others divided among them.
pub fn memory_mb(process: u32) -> f64 {
    // A child may just have ended.
    let Ok(rollup) = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")) else { return 0.0 };
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("the field");
    line.trim_end_matches("kB").trim().parse::<f64>().expect("a number") * 1024.0 / 1e6
}

impl Drop for Abaci {
    fn drop(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it has ended");
    }
}
