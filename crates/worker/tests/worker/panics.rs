//! Slots that panic.

use std::time::Duration;

use model::Status;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use worker::Worker;

use crate::harness::Harness;

/// A running worker.
struct RunningWorker {
    worker: Worker,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl RunningWorker {
    fn start(system: &Harness) -> Self {
        let (worker, stop) = (system.worker("w"), CancellationToken::new());
        let task = tokio::spawn(worker::run(worker.clone(), stop.clone().cancelled_owned()));
        Self { worker, stop, task }
    }

    async fn is_consuming(&self, wanted: bool) {
        let deadline = Instant::now() + Duration::from_secs(15);
        while self.worker.is_consuming() != wanted {
            assert!(Instant::now() < deadline, "consuming: {}", !wanted);
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn ends(self) {
        self.stop.cancel();
        self.task.await.expect("a graceful end");
    }
}

#[tokio::test]
async fn a_slot_that_panics_restarts() {
    let system = Harness::start().await;
    let running = RunningWorker::start(&system);
    running.is_consuming(true).await;
    // All slots, some of them twice.
    system.queue.panic_at_next_claims(5);
    for n in 1..=20 {
        system.submit(n).await;
    }
    for n in 1..=20 {
        system.until(n, Status::Done).await;
    }
    running.is_consuming(true).await;
    running.ends().await;
}

#[tokio::test]
async fn a_worker_whose_slots_keep_panicking_is_unhealthy_until_they_stop() {
    let system = Harness::start().await;
    let running = RunningWorker::start(&system);
    running.is_consuming(true).await;
    system.queue.panic_at_next_claims(u32::MAX);
    running.is_consuming(false).await;
    system.queue.panic_at_next_claims(0);
    system.submit(1).await;
    system.until(1, Status::Done).await;
    running.is_consuming(true).await;
    system.queue.panic_at_next_claims(u32::MAX);
    running.is_consuming(false).await;
    // Neither does it keep anybody waiting who wants it to end.
    running.ends().await;
}
