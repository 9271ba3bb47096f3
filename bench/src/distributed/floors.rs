//! The least that each figure's way must take, by programs that do nothing else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::servers::{Nginx, Postgres, Redis, said_by};
use crate::http::get;
use crate::load;

/// An answer of the size that a known value's calculation has.
const ANSWER: &str = include_str!("answer.json");

/// The router before an upstream that always says the same.
pub struct Constant {
    router: Nginx,
    _upstream: Nginx,
}

impl Constant {
    pub fn start(folder: &Path) -> Self {
        let upstream = Nginx::constant(folder, ANSWER.trim_end());
        Self {
            router: Nginx::router(folder, "constant-router", &upstream.address, &upstream.address),
            _upstream: upstream,
        }
    }

    /// Answers per second.
    pub async fn rate(&self, lasting: Duration) -> f64 {
        load::rate(&self.router.address, lasting, || get("/api/calculations/25")).await
    }

    /// The median time to one answer, in milliseconds.
    pub async fn latency_ms(&self) -> f64 {
        load::latencies(&self.router.address, (0..500).map(|_| get("/api/calculations/25"))).await.percentile_ms(50)
    }
}

/// Makes the table that single rows go into, and the script that inserts one.
pub fn prepare_rows(postgres: &Postgres, folder: &Path) {
    postgres.ask("create table singles (id bigint generated always as identity primary key, subject text not null)");
    let insert = "\\set n random(1, 1000000000)\ninsert into singles (subject) values ('F(' || (:n)::text || ')');\n";
    fs::write(folder.join("insert.sql"), insert).expect("our own folder");
}

/// Rows per second, each committed by itself, for so many at a time.
pub fn rows(postgres: &Postgres, folder: &Path, clients: usize, lasting: Duration) -> f64 {
    let mut pgbench = postgres.client("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", &format!("--client={clients}")]);
    pgbench
        .args([&format!("--time={}", lasting.as_secs().max(1)), "--file"])
        .arg(folder.join("insert.sql"))
        .arg("abaci");
    let said = said_by(&mut pgbench);
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).expect("its figure");
    rate.split(' ').next().and_then(|rate| rate.parse().ok()).expect("a number")
}

/// Entries per second, each added to a stream by itself, for so many at a time.
pub fn entries(redis: &Redis, clients: usize, requests: usize) -> f64 {
    let mut benchmark = std::process::Command::new("redis-benchmark");
    benchmark.args(["-p", &redis.port.to_string(), "-c", &clients.to_string(), "-n", &requests.to_string()]);
    // As long as a job's payload.
    benchmark.args(["--csv", "XADD", "floor", "MAXLEN", "~", "10000", "*", "job", &"x".repeat(170)]);
    let said = said_by(&mut benchmark);
    let rate = said.lines().nth(1).and_then(|figures| figures.split("\",\"").nth(1)?.parse().ok());
    rate.expect("its figure")
}

/// The time to one committed row, one entry and one answer after each other, in milliseconds.
pub async fn one_of_each_ms(constant: &Constant, postgres: &Postgres, redis: &Redis, folder: &Path) -> f64 {
    let row = 1e3 / rows(postgres, folder, 1, Duration::from_secs(1));
    let entry = 1e3 / entries(redis, 1, 5_000);
    constant.latency_ms().await + row + entry
}
