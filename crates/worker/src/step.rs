//! One job: claim, compute, record, announce, acknowledge.
//!
//! The loop in `run.rs` only repeats [`steps`]. Tests call [`step`] themselves.
//!
//! # Why a crash between any two steps is harmless
//!
//! The row in the store was committed before the job was offered, and only the store says what is done.
//!
//! | died after | what is left | what happens |
//! |---|---|---|
//! | claim | a claim, perhaps a lease, that nobody prolongs | both run out; the job is delivered again and begun again |
//! | compute | the same | the same: the value is computed again and is the same |
//! | placing the text | an object that no row points to, named by its hash | computed again, it lands in the same place |
//! | `complete` | a finished row; nobody was told, the claim stands | delivered again, the row says `Finished`: announced again and acknowledged |
//! | announcing | the same, and everybody was told | the same; telling twice changes nothing |
//! | cache put | the same | the same; the cache holds what the row says |
//! | acknowledge | nothing | the end |
//!
//! The order matters in two places. The text is on disk before the row says `done`, or a reader could
//! be sent to nothing. And the job is acknowledged last: until then the queue brings it back. If the
//! queue forgets everything at any of these points, the sweep offers what the record has unfinished.

use std::time::Duration;

use futures_util::future::join_all;
use model::{FailureReason, Lane, Subject, Timestamp};
use queue::Delivery;
use store::{Lease, Release, StoreError};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;
use tracing::Instrument;

use crate::budget::Fit;
use crate::claiming::Got;
use crate::compute::{Broken, Computing};
use crate::found::Found;
use crate::heartbeat::{Heartbeat, Verdict};
use crate::liveness::SlotPulse;
use crate::{Settings, Worker, WorkerError, metrics, mirror};

/// How long handing back may take at a shutdown.
const HAND_BACK_WITHIN: Duration = Duration::from_millis(700);

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No job came.
    Idle,
    /// Computed and recorded.
    Recorded {
        /// What was computed.
        subject: Subject,
    },
    /// Somebody had recorded it before.
    AlreadyKnown {
        /// What was known.
        subject: Subject,
    },
    /// An error; it comes again.
    Retried {
        /// What went wrong.
        subject: Subject,
        /// The pause before it can be claimed again.
        after: Duration,
    },
    /// Given back for others to do: the worker shuts down or has no memory free.
    HandedBack {
        /// What was given back.
        subject: Subject,
    },
    /// Nobody asks for it any more.
    Withdrawn {
        /// What was withdrawn.
        subject: Subject,
    },
    /// Failed for good, and recorded so.
    GaveUp {
        /// What has failed.
        subject: Subject,
        /// Why.
        reason: FailureReason,
    },
    /// Another worker holds the lease; the job comes again when that has run out.
    HeldElsewhere {
        /// What another computes.
        subject: Subject,
    },
    /// Our lease ran out meanwhile: another has it.
    LeaseLost {
        /// What was lost.
        subject: Subject,
    },
    /// The record has no such row.
    Unknown {
        /// What it does not know.
        subject: Subject,
    },
}

/// Does at most one job of the given lanes, the first lane first, waiting up to `wait` for one.
///
/// Never holds a store connection while computing. May be dropped at any moment: that is what the
/// death of a worker looks like, and the computation stops within some milliseconds.
///
/// # Errors
/// When a port or the system did not serve. The job is not lost; pause before the next step.
pub async fn step(worker: &Worker, lanes: &[Lane], wait: Duration) -> Result<Outcome, WorkerError> {
    let slot = Slot { lanes, max_short: 1, pulse: worker.liveness.slot(None) };
    let mut outcomes = steps(worker, &slot, wait).await?;
    outcomes.pop().unwrap_or(Ok(Outcome::Idle))
}

/// What a slot takes, and where it tells its pulse.
pub(crate) struct Slot<'a> {
    pub(crate) lanes: &'a [Lane],
    /// So many short jobs at a time.
    pub(crate) max_short: usize,
    pub(crate) pulse: SlotPulse<'a>,
}

/// The steps of all jobs that one claim of a slot gives.
///
/// They compute one after the other, and claim, record and announce together.
pub(crate) async fn steps(
    worker: &Worker,
    slot: &Slot<'_>,
    wait: Duration,
) -> Result<Vec<Result<Outcome, WorkerError>>, WorkerError> {
    let Settings { id, lease, .. } = &*worker.settings;
    let claim = worker.ports.queue.claim_batch(id, slot.lanes, *lease, wait, slot.max_short);
    let deliveries = tokio::select! {
        biased;
        () = worker.stopping().cancelled() => return Ok(Vec::new()),
        claimed = claim => claimed?,
    };
    slot.pulse.claimed();
    let turn = Mutex::new(());
    let outcomes = join_all(deliveries.iter().map(|delivery| one(worker, delivery, &turn, slot.pulse))).await;
    // A job can have taken long; the slot claims from now on again.
    slot.pulse.claimed();
    Ok(outcomes)
}

async fn one(
    worker: &Worker,
    delivery: &Delivery,
    turn: &Mutex<()>,
    pulse: SlotPulse<'_>,
) -> Result<Outcome, WorkerError> {
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
    // Without randomness the job is done all the same, outside of its trace.
    if let Some(trace) = job.traceparent.and_then(|asked| asked.child().ok()) {
        spans::begin(&span, job.traceparent, trace);
    }
    let task = Task { worker, delivery, turn, pulse };
    let outcome = task.perform().instrument(span).await;
    metrics::job(outcome.as_ref().map_or("error", Outcome::as_str), job.lane);
    if outcome.as_ref().is_ok_and(Outcome::ends_the_job) {
        worker.count_finished();
    }
    outcome
}

/// A job in hand.
pub(crate) struct Task<'a> {
    pub(crate) worker: &'a Worker,
    pub(crate) delivery: &'a Delivery,
    /// Held while computing what was claimed together.
    turn: &'a Mutex<()>,
    pulse: SlotPulse<'a>,
}

impl Task<'_> {
    pub(crate) fn subject(&self) -> &Subject {
        &self.delivery.job.subject
    }

    async fn perform(&self) -> Result<Outcome, WorkerError> {
        self.pulse.working();
        let index = self.subject().index();
        if let Some(found) = mirror::take(self.worker, index).await {
            return self.record(found, self.worker.ports.clock.now(), None, None).await;
        }
        let estimate = fibonacci::estimate(index.get());
        let memory = match self.worker.budget.ask(estimate.memory_bytes, self.delivery.job.enqueued_at) {
            Fit::Now(permit) => permit,
            // The lease tells whether there is anything left to fail.
            Fit::Never => match self.take_lease().await? {
                Got::Ours((lease, _)) => return self.give_up(&lease, FailureReason::TooLargeToFit).await,
                Got::Over(outcome) => return Ok(outcome),
            },
            Fit::Later(place) => match self.wait_for_memory(place).await? {
                Got::Ours(permit) => permit,
                Got::Over(outcome) => return Ok(outcome),
            },
        };
        // Work whose worker let go without a word takes a lease even if it is short: the record counts
        // the leases that are lost, and what kills worker after worker ends.
        let is_inherited =
            self.worker.settings.leased_before.is_some_and(|start| self.delivery.job.enqueued_at < start);
        let leased = estimate.work > self.worker.settings.leased_above || self.delivery.reclaimed || is_inherited;
        let lease = if leased {
            match self.take_lease().await? {
                Got::Ours((lease, calculation)) => {
                    self.worker.announce(&calculation).await;
                    Some(lease)
                }
                Got::Over(outcome) => return Ok(outcome),
            }
        } else {
            None
        };
        let turn = self.turn.lock().await;
        let started = Started { at: self.worker.ports.clock.now(), estimate: estimate.work };
        let computing = Computing::start(self.worker, index, self.delivery.job.lane, estimate.work, memory);
        match (computing, lease) {
            (Ok(computing), Some(lease)) => self.compute_leased(started, computing, lease, turn).await,
            (Ok(computing), None) => self.compute_unleased(started, computing, turn).await,
            (Err(error), lease) => self.no_thread(error, lease.as_ref()).await,
        }
    }

    /// Short work: it is over before a lease would be worth its cost, and is not stopped.
    async fn compute_unleased(
        &self,
        started: Started,
        computing: Computing,
        turn: MutexGuard<'_, ()>,
    ) -> Result<Outcome, WorkerError> {
        let computed = computing.finish().await;
        drop(turn);
        match computed {
            Ok(found) => {
                self.note_computed(&started, &found);
                self.record(found, started.at, None, None).await
            }
            Err(broken) => self.set_back(None, blame(&broken)).await,
        }
    }

    async fn compute_leased(
        &self,
        started: Started,
        computing: Computing,
        lease: Lease,
        turn: MutexGuard<'_, ()>,
    ) -> Result<Outcome, WorkerError> {
        self.pulse.working_leased();
        let _shown = self.worker.show_computing(self.subject());
        let heartbeat = match Heartbeat::start(self.worker, self.delivery, &lease, computing.watch()) {
            Ok(heartbeat) => heartbeat,
            Err(error) => return self.no_thread(error, Some(&lease)).await,
        };
        let computed = computing.finish().await;
        drop(turn);
        match computed {
            Ok(found) => {
                self.note_computed(&started, &found);
                self.record(found, started.at, Some(lease), Some(heartbeat)).await
            }
            Err(broken) => match heartbeat.end().await {
                Some(Verdict::Withdrawn) => {
                    // Whoever withdrew the last ask has announced it, but we may have told progress since.
                    self.worker.announce_present(self.subject()).await;
                    self.ack().await;
                    Ok(Outcome::Withdrawn { subject: self.subject().clone() })
                }
                Some(Verdict::Lost) => Ok(self.lease_lost()),
                // Those who wait for the shutdown do not wait for a store that hangs: the lease runs out.
                Some(Verdict::Shutdown) => match timeout(HAND_BACK_WITHIN, self.hand_back_lease(&lease)).await {
                    Ok(outcome) => outcome,
                    Err(elapsed) => Err(StoreError::Unavailable(elapsed.into()).into()),
                },
                None => self.set_back(Some(lease), blame(&broken)).await,
            },
        }
    }

    fn note_computed(&self, started: &Started, found: &Found) {
        metrics::computed(self.delivery.job.lane, found.took);
        tracing::debug!(
            took_ms = found.took.as_secs_f64() * 1e3,
            estimate_ms = started.estimate.as_secs_f64() * 1e3,
            "computed"
        );
    }

    /// Gives a begun job back, for another worker to begin at once.
    pub(crate) async fn hand_back_lease(&self, lease: &Lease) -> Result<Outcome, WorkerError> {
        match self.worker.ports.store.release(lease, Release::HandBack).await {
            Ok(true) => self.worker.announce_present(self.subject()).await,
            Ok(false) => return Ok(self.lease_lost()),
            Err(error) => return Err(self.store_failed(error).await),
        }
        self.hand_back().await;
        Ok(Outcome::HandedBack { subject: self.subject().clone() })
    }

    async fn no_thread(&self, error: std::io::Error, lease: Option<&Lease>) -> Result<Outcome, WorkerError> {
        if let Some(lease) = lease {
            self.hand_back_lease(lease).await?;
        } else {
            self.hand_back().await;
        }
        Err(error.into())
    }

    /// Ends the job. A failure is logged only: the job comes again and is found finished.
    pub(crate) async fn ack(&self) {
        if let Err(error) = self.worker.ports.queue.ack(self.delivery).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not acknowledged");
        }
    }

    /// Gives the job back for later. A failure is logged only: the job comes again after its claim.
    pub(crate) async fn nack(&self, delay: Duration) {
        if let Err(error) = self.worker.ports.queue.nack(self.delivery, delay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not given back");
        }
    }

    /// Gives the job back at once. A failure is logged only: the job comes again after its claim.
    pub(crate) async fn hand_back(&self) {
        if let Err(error) = self.worker.ports.queue.release(self.delivery).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not handed back");
        }
    }

    /// Keeps the claim; `false` if another has it now.
    pub(crate) async fn extend(&self) -> bool {
        match self.worker.ports.queue.extend(self.delivery).await {
            Ok(ours) => ours,
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "claim not extended");
                true
            }
        }
    }
}

/// A computation that has begun.
struct Started {
    at: Timestamp,
    estimate: Duration,
}

/// The reason to give if this error was the last allowed.
fn blame(broken: &Broken) -> FailureReason {
    match broken {
        Broken::Kernel(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "not computed");
            match error {
                fibonacci::Error::OutOfMemory { .. } => FailureReason::TooLargeToFit,
                // Nobody cancels without a verdict, so only a failed check is left.
                fibonacci::Error::CheckFailed { .. } | fibonacci::Error::Cancelled => FailureReason::CheckFailed,
            }
        }
        Broken::Panicked => {
            tracing::error!("the kernel panicked");
            FailureReason::CheckFailed
        }
    }
}

impl Outcome {
    /// Whether there was a job and nothing of it is left to do.
    const fn ends_the_job(&self) -> bool {
        matches!(self, Self::Recorded { .. } | Self::AlreadyKnown { .. } | Self::Withdrawn { .. } | Self::GaveUp { .. })
    }

    /// The word used in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Recorded { .. } => "recorded",
            Self::AlreadyKnown { .. } => "already-known",
            Self::Retried { .. } => "retried",
            Self::HandedBack { .. } => "handed-back",
            Self::Withdrawn { .. } => "withdrawn",
            Self::GaveUp { .. } => "gave-up",
            Self::HeldElsewhere { .. } => "held-elsewhere",
            Self::LeaseLost { .. } => "lease-lost",
            Self::Unknown { .. } => "unknown",
        }
    }
}
