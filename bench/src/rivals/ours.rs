//! Abaci, called over HTTP without the router: the others have none.

use std::path::Path;
use std::time::Instant;

use super::{Enqueue, Latency, RESULT_TIMEOUT, Throughput};
use crate::distributed::cpu::CpuSeconds;
use crate::distributed::system::{BenchRole, DistributedSystem};
use crate::http::{Connection, WAIT, post, post_batch};
use crate::load::{self, CONNECTIONS};
use crate::process::{memory_mb, with_descendants};

/// A second of work or more. Only work above half a second takes a lease, and is `running` until then.
const SLOW: i64 = 900_000_000;

/// Indexes of a request of a bulk.
const BATCH: i64 = 1_000;

pub struct Ours {
    system: DistributedSystem,
    next_worker: Option<BenchRole>,
}

impl Ours {
    pub async fn start(abaci: &Path) -> Self {
        let system = DistributedSystem::start(abaci);
        load::latencies(system.api_address(), (20..220).map(|n| post(n, WAIT))).await;
        Self { system, next_worker: None }
    }

    pub async fn throughput(&self, enqueue: Enqueue, first: i64, count: i64) -> Throughput {
        let (address, began) = (self.system.api_address(), Instant::now());
        match enqueue {
            Enqueue::Single => {
                load::all(address, CONNECTIONS, (first..first + count).map(|n| post(n, "")).collect()).await
            }
            Enqueue::Bulk => {
                let batches = (first..first + count).step_by(BATCH as usize);
                let batches = batches.map(|n| post_batch(n, (n + BATCH).min(first + count) - 1));
                load::all(address, CONNECTIONS, batches.collect()).await;
            }
        }
        let enqueued = began.elapsed().as_secs_f64();
        self.system.until_finished().await;
        Throughput { enqueued, stored: began.elapsed().as_secs_f64() }
    }

    pub async fn latency(&self, first: i64, count: i64) -> Latency {
        let requests = (first..first + count).map(|n| post(n, WAIT));
        let mut samples = load::latencies(self.system.api_address(), requests).await;
        Latency { median: samples.percentile_ms(50), p99: samples.percentile_ms(99) }
    }

    pub async fn recovery(&mut self) -> Option<f64> {
        let mut connection = Connection::open(self.system.api_address()).await.expect("it listens");
        let (status, body) = connection.call(&post(SLOW, "")).await.expect("a response");
        assert_eq!(status, 202, "{}", String::from_utf8_lossy(body));
        while self.system.running() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let began = Instant::now();
        self.system.kill_worker();
        self.next_worker = Some(self.system.another_worker("next-worker", None));
        let finished = tokio::time::timeout(RESULT_TIMEOUT, self.system.until_finished()).await;
        finished.ok().map(|()| began.elapsed().as_secs_f64())
    }

    pub fn cpu_seconds(&self) -> f64 {
        CpuSeconds::of(self.system.processes()).sum()
    }

    pub fn worker_mb(&self) -> f64 {
        let [_, worker, ..] = self.system.processes();
        with_descendants(worker, memory_mb)
    }
}
