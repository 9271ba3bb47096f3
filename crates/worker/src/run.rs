//! Runs a worker: its slots, its sweep and its reports, until shutdown.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::slots::{slot_lanes, slot_loop};
use crate::{Sweep, Worker, metrics};

const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// The first pause after a panic; each further one is twice as long.
const RESTART_PAUSE: Duration = Duration::from_millis(100);
/// A task that ran for this long restarts with the first pause again.
const STABLE_AFTER: Duration = Duration::from_secs(60);

/// Runs a worker until `shutdown` is ready, then returns every job within a second.
///
/// Leased work is released for other workers, short work is finished. Errors of the ports are logged and retried.
pub async fn run(worker: Worker, shutdown: impl Future<Output = ()>) {
    let mut tasks = JoinSet::new();
    for (number, lanes) in slot_lanes(worker.settings.threads).into_iter().enumerate() {
        let slot = move |worker| slot_loop(worker, number, lanes.clone());
        tasks.spawn(restart_on_panic(worker.clone(), "slot", Some(number), slot));
    }
    tasks.spawn(restart_on_panic(worker.clone(), "sweep", None, |worker| Sweep::new(worker).run()));
    tasks.spawn(restart_on_panic(worker.clone(), "report", None, report_loop));
    tokio::pin!(shutdown);
    let mut stopping = false;
    loop {
        tokio::select! {
            () = &mut shutdown, if !stopping => {
                stopping = true;
                worker.stop();
            }
            ended = tasks.join_next() => if ended.is_none() { return },
        }
    }
}

/// Runs a task, and restarts it with backoff whenever it panics.
///
/// Its job is not lost: claim and lease expire, and the store fails a calculation that keeps killing workers.
async fn restart_on_panic<F: Future<Output = ()>>(
    worker: Worker,
    task: &'static str,
    slot: Option<usize>,
    start: impl Fn(Worker) -> F,
) {
    let max_pause = worker.settings.lease.max(RESTART_PAUSE);
    let backoff = ExponentialBuilder::new().with_min_delay(RESTART_PAUSE).with_max_delay(max_pause).without_max_times();
    let mut pauses = backoff.build();
    loop {
        let started = Instant::now();
        // Anything it leaves behind belongs to the worker, which holds no lock while anything can panic.
        if AssertUnwindSafe(start(worker.clone())).catch_unwind().await.is_ok() {
            return;
        }
        if started.elapsed() > STABLE_AFTER {
            pauses = backoff.build();
        }
        let pause = pauses.next().unwrap_or(max_pause);
        metrics::task_panicked(task);
        worker.health.slot(slot).note_panic();
        tracing::error!(task, slot, pause_ms = pause.as_millis(), "worker {task} panicked; restarting");
        tokio::select! {
            () = sleep(pause) => {}
            () = worker.stopping().cancelled() => return,
        }
    }
}

/// Reports to the queue every second which worker this is and what it computes, and publishes what could not be
/// published before.
async fn report_loop(worker: Worker) {
    let mut ticks = interval(REPORT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = worker.stopping().cancelled() => return,
        }
        worker.publish_again().await;
        metrics::memory(worker.memory.reserved_bytes(), worker.settings.memory_bytes);
        match worker.ports.queue.report(&worker.report()).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot report to the queue");
                }
            }
        }
    }
}
