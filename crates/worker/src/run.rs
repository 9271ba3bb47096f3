//! A worker at work: its slots, its sweep and its reports, until it is told to stop.

use std::future::Future;
use std::time::Duration;

use model::Lane;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::step::{Slot, steps};
use crate::{Sweep, Worker, metrics};

/// Time between two reports to the queue.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Short jobs that a slot takes at a time. All of them together are far below a lease, and they share their
/// trips to the record and the queue.
const MOST_SHORT: usize = 16;

/// Works until `shutdown` is ready, then lets go of everything within a second and returns.
///
/// Leased work is handed back, short work is finished. Failures of ports are logged and waited out.
pub async fn run(worker: Worker, shutdown: impl Future<Output = ()>) {
    let mut tasks = JoinSet::new();
    for (number, lanes) in slots(worker.settings.threads).into_iter().enumerate() {
        tasks.spawn(repeat(worker.clone(), number, lanes));
    }
    tasks.spawn(Sweep::new(worker.clone()).run());
    tasks.spawn(report(worker.clone()));
    tokio::pin!(shutdown);
    let mut stopping = false;
    loop {
        tokio::select! {
            () = &mut shutdown, if !stopping => {
                stopping = true;
                worker.stop();
            }
            ended = tasks.join_next() => match ended {
                None => return,
                Some(Ok(())) => {}
                // A bug; `is_consuming` shows it if it was a slot's.
                Some(Err(error)) => tracing::error!(%error, "a part of the worker broke"),
            },
        }
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
    let slot = Slot { lanes: &lanes, most_short: MOST_SHORT, pulse: worker.liveness.slot(Some(number)) };
    let longest = worker.settings.lease;
    let mut pause = Duration::ZERO;
    while !worker.stopping().is_cancelled() {
        let outcomes = steps(&worker, &slot, worker.settings.claim_wait).await;
        match outcomes.and_then(|outcomes| outcomes.into_iter().collect::<Result<Vec<_>, _>>()) {
            Ok(_) => pause = Duration::ZERO,
            Err(error) => {
                // The first failure of a series is news, the rest is not.
                if pause.is_zero() {
                    tracing::warn!(error = &error as &dyn std::error::Error, slot = number, "step failed");
                }
                pause = (pause * 2).clamp(Duration::from_millis(100), longest);
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
