//! Baselines: the same kind of work by programs that do nothing else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::servers::{BenchNginx, BenchPostgres, BenchRedis, output_of};
use crate::http::get;
use crate::load;

/// A response of the size of a finished calculation.
const RESPONSE: &str = include_str!("calculation.json");

/// nginx in front of an upstream with a constant response.
pub struct ConstantResponse {
    router: BenchNginx,
    _upstream: BenchNginx,
}

impl ConstantResponse {
    pub fn start(folder: &Path) -> Self {
        let upstream = BenchNginx::constant(folder, RESPONSE.trim_end());
        Self {
            router: BenchNginx::router(folder, "constant-router", &upstream.address, &upstream.address),
            _upstream: upstream,
        }
    }

    /// Returns responses per second.
    pub async fn rate(&self, lasting: Duration) -> f64 {
        load::rate(&self.router.address, lasting, || get("/api/calculations/25")).await
    }

    /// Returns the median latency in milliseconds.
    pub async fn latency_ms(&self) -> f64 {
        load::latencies(&self.router.address, (0..500).map(|_| get("/api/calculations/25"))).await.percentile_ms(50)
    }
}

/// Creates the table for single rows, and the script that inserts one.
pub fn prepare_rows(postgres: &BenchPostgres, folder: &Path) {
    postgres
        .execute("create table singles (id bigint generated always as identity primary key, subject text not null)");
    let insert = "\\set n random(1, 1000000000)\ninsert into singles (subject) values ('F(' || (:n)::text || ')');\n";
    fs::write(folder.join("insert.sql"), insert).expect("our own folder");
}

/// Returns rows per second, each in its own commit, by this number of clients.
pub fn rows(postgres: &BenchPostgres, folder: &Path, clients: usize, lasting: Duration) -> f64 {
    let mut pgbench = postgres.client("pgbench");
    pgbench.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", &format!("--client={clients}")]);
    pgbench
        .args([&format!("--time={}", lasting.as_secs().max(1)), "--file"])
        .arg(folder.join("insert.sql"))
        .arg("abaci");
    let output = output_of(&mut pgbench);
    let rate = output.lines().find_map(|line| line.strip_prefix("tps = ")).expect("its figure");
    rate.split(' ').next().and_then(|rate| rate.parse().ok()).expect("a number")
}

/// Returns entries per second, each in its own `XADD`, by this number of clients.
pub fn entries(redis: &BenchRedis, clients: usize, requests: usize) -> f64 {
    let mut benchmark = std::process::Command::new("redis-benchmark");
    benchmark.args(["-p", &redis.port.to_string(), "-c", &clients.to_string(), "-n", &requests.to_string()]);
    // As long as a job's payload.
    benchmark.args(["--csv", "XADD", "floor", "MAXLEN", "~", "10000", "*", "job", &"x".repeat(170)]);
    let output = output_of(&mut benchmark);
    let rate = output.lines().nth(1).and_then(|figures| figures.split("\",\"").nth(1)?.parse().ok());
    rate.expect("its figure")
}

/// Returns the time for one committed row, one entry and one response in sequence, in milliseconds.
pub async fn one_of_each_ms(
    constant: &ConstantResponse,
    postgres: &BenchPostgres,
    redis: &BenchRedis,
    folder: &Path,
) -> f64 {
    let row = 1e3 / rows(postgres, folder, 1, Duration::from_secs(1));
    let entry = 1e3 / entries(redis, 1, 5_000);
    constant.latency_ms().await + row + entry
}
