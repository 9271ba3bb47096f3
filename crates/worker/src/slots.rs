//! The slots of a worker: each claims a batch of jobs from its lanes, processes it, and repeats.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::future::join_all;
use model::Lane;
use queue::Delivery;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tracing::{Instrument, Span};

use crate::health::SlotHealth;
use crate::job::{ActiveJob, Outcome, complete_together};
use crate::{Settings, Worker, WorkerError, metrics};

/// The first pause after a failed claim or job; each further one is twice as long.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// The number of short jobs that a slot claims at a time. They share their calls of the store and the queue.
///
/// It doubles after a full batch that was quick, and halves after a slow one: a batch must end well within a lease.
struct BatchSize {
    jobs: usize,
    max: usize,
    quick: Duration,
}

impl BatchSize {
    const MIN: usize = 16;
    /// The most that a short job takes.
    const SHORT_JOB_MS: u128 = 10;

    fn new(lease: Duration) -> Self {
        let max = usize::try_from(lease.as_millis() / 2 / Self::SHORT_JOB_MS).unwrap_or(usize::MAX);
        Self { jobs: Self::MIN, max: max.max(Self::MIN), quick: lease / 10 }
    }

    fn adapt(&mut self, claimed: usize, elapsed: Duration) {
        if elapsed > self.quick {
            self.jobs = (self.jobs / 2).max(Self::MIN);
        } else if claimed >= self.jobs {
            self.jobs = (self.jobs * 2).min(self.max);
        }
    }
}

/// Processes at most one job of the given lanes, the first lane first. Waits up to `wait` for one; returns `None` if
/// none came.
///
/// Holds no store connection while computing. The future may be dropped at any moment: that is what the death of a
/// worker looks like, and the computation stops within some milliseconds.
///
/// # Errors
/// When a port or the system failed. The job is not lost; pause before the next call.
pub async fn process_one(worker: &Worker, lanes: &[Lane], wait: Duration) -> Result<Option<Outcome>, WorkerError> {
    let slot = Slot { lanes, max_short: 1, health: worker.health.slot(None) };
    process_batch(worker, &slot, wait).await?.outcomes.pop().transpose()
}

/// Returns the lanes of each slot of a worker, in the order in which the slot prefers them.
///
/// One slot only claims short work and one at most medium work, so neither waits for long work. Long work gets all
/// cores but one, or the only one. There are more slots than cores: the priorities of the computing threads decide
/// which of them run. One slot prefers long work, or a stream of short work could delay it forever.
pub(crate) fn slot_lanes(threads: usize) -> Vec<Vec<Lane>> {
    use Lane::{Long, Medium, Short};
    let mut slots = vec![vec![Short], vec![Medium, Short], vec![Long, Medium, Short]];
    slots.extend((2..threads).map(|_| vec![Short, Medium, Long]));
    slots
}

/// Processes batches until the worker stops.
pub(crate) async fn slot_loop(worker: Worker, number: usize, lanes: Vec<Lane>) {
    let health = worker.health.slot(Some(number));
    let mut batch = BatchSize::new(worker.settings.lease);
    let backoff = ExponentialBuilder::new()
        .with_min_delay(ERROR_PAUSE)
        .with_max_delay(worker.settings.lease.max(ERROR_PAUSE))
        .without_max_times();
    let mut pauses = None;
    while !worker.stopping().is_cancelled() {
        let slot = Slot { lanes: &lanes, max_short: batch.jobs, health };
        let processed = process_batch(&worker, &slot, worker.settings.claim_wait).await;
        let processed = processed.and_then(|processed| {
            let outcomes = processed.outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok((outcomes.len(), processed.elapsed))
        });
        health.note_no_panic();
        let error = match processed {
            Ok((claimed, elapsed)) => {
                batch.adapt(claimed, elapsed);
                pauses = None;
                continue;
            }
            Err(error) => error,
        };
        // Only the first error of a series is logged.
        if pauses.is_none() {
            tracing::warn!(error = &error as &dyn std::error::Error, slot = number, "cannot process jobs");
        }
        let pause = pauses.get_or_insert_with(|| backoff.build()).next().unwrap_or(ERROR_PAUSE);
        tokio::select! {
            () = sleep(pause) => {}
            () = worker.stopping().cancelled() => {}
        }
    }
}

struct Slot<'a> {
    lanes: &'a [Lane],
    max_short: usize,
    health: SlotHealth<'a>,
}

/// A batch that was processed.
#[derive(Default)]
struct ProcessedBatch {
    outcomes: Vec<Result<Outcome, WorkerError>>,
    /// Time from its claim to its end.
    elapsed: Duration,
}

/// Claims a batch and processes its jobs. They compute one after the other; their other steps run concurrently, and are
/// the same calls for those that compute in next to no time.
async fn process_batch(worker: &Worker, slot: &Slot<'_>, wait: Duration) -> Result<ProcessedBatch, WorkerError> {
    let Settings { id, lease, .. } = &*worker.settings;
    let claim = worker.ports.queue.claim_batch(id, slot.lanes, *lease, wait, slot.max_short);
    let deliveries = tokio::select! {
        biased;
        () = worker.stopping().cancelled() => return Ok(ProcessedBatch::default()),
        claimed = claim => claimed?,
    };
    slot.health.note_claimed();
    let claimed = Instant::now();
    let turn = Mutex::new(());
    let spans: Vec<Span> = deliveries.iter().map(|delivery| begin(worker, delivery)).collect();
    let settled = if deliveries.len() > 1 {
        slot.health.note_working();
        complete_together(worker, &deliveries).await
    } else {
        vec![None; deliveries.len()]
    };
    let jobs = deliveries.iter().zip(spans).zip(settled).map(async |((delivery, span), settled)| {
        let outcome = match settled {
            Some(kind) => Ok(Outcome { subject: delivery.job.subject.clone(), kind }),
            None => {
                let job = ActiveJob { worker, delivery, turn: &turn, health: slot.health };
                job.process().instrument(span).await
            }
        };
        note(worker, delivery, &outcome);
        outcome
    });
    let outcomes = join_all(jobs).await;
    // A job may have taken long; from now on the slot claims again.
    slot.health.note_claimed();
    Ok(ProcessedBatch { outcomes, elapsed: claimed.elapsed() })
}

/// Begins a job: measures how long it waited, and makes its span.
fn begin(worker: &Worker, delivery: &Delivery) -> Span {
    let job = &delivery.job;
    metrics::queue_wait(job.lane, worker.ports.clock.now().since(job.enqueued_at));
    let span = tracing::info_span!(
        "job",
        subject = %job.subject,
        lane = %job.lane,
        attempt = job.attempt,
        trace_id = job.traceparent.map(|trace| trace.trace_id()),
        otel.kind = "consumer",
    );
    // Without randomness the job is processed outside of its trace.
    if !span.is_disabled()
        && let Some(trace) = job.traceparent.and_then(|parent| parent.child().ok())
    {
        spans::begin(&span, job.traceparent, trace);
    }
    span
}

/// Counts the outcome of a job.
fn note(worker: &Worker, delivery: &Delivery, outcome: &Result<Outcome, WorkerError>) {
    metrics::job(outcome.as_ref().map_or("error", |outcome| outcome.kind.as_str()), delivery.job.lane);
    if outcome.as_ref().is_ok_and(|outcome| outcome.kind.is_final()) {
        worker.count_finished();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_grows_under_load_and_shrinks_when_it_is_slow() {
        let mut batch = BatchSize::new(Duration::from_secs(2));
        let (quick, slow) = (Duration::from_millis(10), Duration::from_millis(300));
        batch.adapt(1, quick);
        assert_eq!(batch.jobs, 16, "one job is no load");
        let sizes = [16, 32, 64, 128].map(|claimed| {
            batch.adapt(claimed, quick);
            batch.jobs
        });
        assert_eq!(sizes, [32, 64, 100, 100]);
        let sizes = [100, 50, 25, 16].map(|claimed| {
            batch.adapt(claimed, slow);
            batch.jobs
        });
        assert_eq!(sizes, [50, 25, 16, 16]);
    }

    #[test]
    fn every_machine_has_a_slot_for_short_work_and_long_work_never_gets_all() {
        for threads in 0..=64 {
            let slots = slot_lanes(threads);
            let claiming = |lane| slots.iter().filter(|lanes| lanes.contains(&lane)).count();
            assert!(slots.contains(&vec![Lane::Short]));
            assert_eq!(claiming(Lane::Long), threads.saturating_sub(1).max(1), "{threads} threads");
            assert!(claiming(Lane::Medium) > claiming(Lane::Long));
            assert_eq!(slots.iter().filter(|lanes| lanes.first() == Some(&Lane::Long)).count(), 1);
        }
    }
}
