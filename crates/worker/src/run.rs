//! A worker at work: its slots, its sweep and its reports, until it is told to stop.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use model::Lane;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::step::{Slot, steps};
use crate::{Sweep, Worker, metrics};

/// Time between two reports to the queue.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// The first pause after something went wrong; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Short jobs that a slot takes at a time. All of them together are far below a lease, and they share their
/// trips to the record and the queue.
const MOST_SHORT: usize = 16;

/// Works until `shutdown` is ready, then lets go of everything within a second and returns.
///
/// Leased work is handed back, short work is finished. Failures of ports are logged and waited out.
pub async fn run(worker: Worker, shutdown: impl Future<Output = ()>) {
    let mut tasks = JoinSet::new();
    for (number, lanes) in slots(worker.settings.threads).into_iter().enumerate() {
        tasks
            .spawn(unbroken(worker.clone(), "slot", Some(number), move |worker| repeat(worker, number, lanes.clone())));
    }
    tasks.spawn(unbroken(worker.clone(), "sweep", None, |worker| Sweep::new(worker).run()));
    tasks.spawn(unbroken(worker.clone(), "report", None, report));
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

/// Runs a part of the worker until it ends in order, and begins it anew each time that it panics.
///
/// The job in its hands is not lost: its claim and its lease run out, and what breaks whoever takes it is
/// given up by the record after some of those.
async fn unbroken<F: Future<Output = ()>>(
    worker: Worker,
    part: &'static str,
    number: Option<usize>,
    begin: impl Fn(Worker) -> F,
) {
    const CALM: Duration = Duration::from_secs(60);
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = Instant::now();
        // What it leaves behind is the worker's, whose locks are never held over anything that can panic.
        if AssertUnwindSafe(begin(worker.clone())).catch_unwind().await.is_ok() {
            return;
        }
        if begun.elapsed() > CALM {
            pause = FIRST_PAUSE;
        }
        metrics::broke(part);
        worker.liveness.slot(number).broke();
        tracing::error!(part, number, pause_ms = pause.as_millis(), "a {part} of the worker broke and begins anew");
        tokio::select! {
            () = sleep(pause) => {}
            () = worker.stopping().cancelled() => return,
        }
        pause = (pause * 2).min(worker.settings.lease.max(FIRST_PAUSE));
    }
}

/// The lanes of each slot of a worker with so many cores, first choice first.
///
/// One slot only ever claims short work and one at most medium work, so that neither waits for long
/// work however much of it there is; long work has all cores but one, or the one there is. That is
/// more slots than cores: the priorities of the computing threads settle who runs. One slot puts
/// long work first, or a stream of short work could keep it waiting for ever.
pub(crate) fn slots(threads: usize) -> Vec<Vec<Lane>> {
    use Lane::{Long, Medium, Short};
    let mut slots = vec![vec![Short], vec![Medium, Short], vec![Long, Medium, Short]];
    slots.extend((2..threads).map(|_| vec![Short, Medium, Long]));
    slots
}

async fn repeat(worker: Worker, number: usize, lanes: Vec<Lane>) {
    let slot = Slot { lanes: &lanes, max_short: MOST_SHORT, pulse: worker.liveness.slot(Some(number)) };
    let longest = worker.settings.lease;
    let mut pause = Duration::ZERO;
    while !worker.stopping().is_cancelled() {
        let stepped = steps(&worker, &slot, worker.settings.claim_wait).await;
        let stepped = stepped.and_then(|outcomes| outcomes.into_iter().collect::<Result<Vec<_>, _>>());
        slot.pulse.steady();
        match stepped {
            Ok(_) => pause = Duration::ZERO,
            Err(error) => {
                // The first failure of a series is news, the rest is not.
                if pause.is_zero() {
                    tracing::warn!(error = &error as &dyn std::error::Error, slot = number, "step failed");
                }
                pause = (pause * 2).clamp(FIRST_PAUSE, longest);
                tokio::select! {
                    () = sleep(pause) => {}
                    () = worker.stopping().cancelled() => {}
                }
            }
        }
    }
}

/// Tells the queue every second who works here and on what.
async fn report(worker: Worker) {
    let mut ticks = interval(REPORT_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = worker.stopping().cancelled() => return,
        }
        metrics::memory(worker.budget.held(), worker.settings.memory_bytes);
        match worker.ports.queue.report(&worker.report()).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "not reported");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_keeps_a_slot_for_short_work_and_long_work_never_has_all() {
        for threads in 0..=64 {
            let slots = slots(threads);
            let taking = |lane| slots.iter().filter(|lanes| lanes.contains(&lane)).count();
            assert!(slots.contains(&vec![Lane::Short]));
            assert_eq!(taking(Lane::Long), threads.saturating_sub(1).max(1), "{threads} threads");
            assert!(taking(Lane::Medium) > taking(Lane::Long));
            assert_eq!(slots.iter().filter(|lanes| lanes.first() == Some(&Lane::Long)).count(), 1);
        }
    }
}
