//! Renews a lease while its value is computed.
//!
//! Heartbeats run on a runtime of their own ([`HeartbeatRuntime`](crate::heartbeat_runtime::HeartbeatRuntime)), so
//! neither computing threads nor busy tasks of the main runtime delay a renewal.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use model::{CalculationEvent, ProgressReport};
use ports::Ports;
use queue::Delivery;
use store::{Lease, RenewResult};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval_at, timeout};
use tracing::Instrument;

use super::active::ActiveJob;
use crate::Worker;
use crate::compute::ComputationWatch;

/// The heartbeat of a leased job. Dropping it stops it.
pub(super) struct Heartbeat {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    stop_reason: Arc<OnceLock<StopReason>>,
}

/// Why a heartbeat stopped its computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    /// The lease is another worker's, or the calculation is finished.
    LeaseLost,
    /// All who submitted it have withdrawn.
    Withdrawn,
    /// The worker shuts down.
    Shutdown,
}

struct HeartbeatTask {
    worker: Worker,
    /// The ports of the heartbeat runtime.
    ports: Ports,
    delivery: Delivery,
    lease: Lease,
    watch: Arc<ComputationWatch>,
    stop_reason: Arc<OnceLock<StopReason>>,
}

const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

impl Heartbeat {
    /// Starts the heartbeat of a job and its lease. It stops the watched computation when there is a reason to.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(job: &ActiveJob<'_>, lease: &Lease, watch: Arc<ComputationWatch>) -> io::Result<Self> {
        let (runtime, ports) = job.worker.heartbeats.start()?;
        let stop_reason = Arc::new(OnceLock::new());
        let task = HeartbeatTask {
            worker: job.worker.clone(),
            ports,
            delivery: job.delivery.clone(),
            lease: lease.clone(),
            watch,
            stop_reason: Arc::clone(&stop_reason),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let run = async move {
            // The ports allow dropping a call at any moment.
            tokio::select! {
                biased;
                _ = stopped => {}
                () = task.run() => {}
            }
        };
        let task = runtime.spawn(run.instrument(tracing::Span::current()));
        Ok(Self { stop, task, stop_reason })
    }

    /// Ends the heartbeat. When this returns it renews and publishes nothing more. Returns why it stopped the
    /// computation, if it did.
    pub(super) async fn end(self) -> Option<StopReason> {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the heartbeat panicked");
        }
        self.stop_reason.get().copied()
    }
}

impl HeartbeatTask {
    async fn run(self) {
        tokio::join!(self.renew_loop(), self.report_progress(), self.watch_shutdown());
    }

    /// Renews the lease until it is lost.
    async fn renew_loop(&self) {
        let period = self.worker.settings.heartbeat;
        let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            // A call that hangs for a whole lease is dropped, or a recovered store would see no renewal.
            let renewal = self.ports.store.renew(&self.lease, self.watch.progress());
            match timeout(self.lease.length, renewal).await {
                Ok(Ok(RenewResult::Held)) => failing = false,
                Ok(Ok(RenewResult::Lost)) => return self.stop(StopReason::LeaseLost),
                Ok(Ok(RenewResult::Withdrawn)) => return self.stop(StopReason::Withdrawn),
                // The lease may still be ours when the store recovers; nothing is lost by continuing.
                Ok(Err(error)) => {
                    self.worker.note_outage();
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot renew the lease");
                    }
                }
                Err(_) => {
                    self.worker.note_outage();
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!("cannot renew the lease: the store does not answer");
                    }
                }
            }
            // Only after the lease, so that a worker that gets the delivery finds the lease expired as well. The
            // store decides who has the work: the claim only saves others a lookup.
            match timeout(self.lease.length, self.ports.queue.extend(&self.delivery)).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => tracing::debug!("the queue has redelivered the job"),
                Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "cannot extend the claim"),
                Err(_) => tracing::debug!("cannot extend the claim: the queue does not answer"),
            }
        }
    }

    async fn report_progress(&self) {
        let mut ticks = interval_at(tokio::time::Instant::now() + PROGRESS_INTERVAL, PROGRESS_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut published = 0.0;
        loop {
            ticks.tick().await;
            let progress = self.watch.progress();
            if progress.fraction <= published || self.stop_reason.get().is_some() {
                continue;
            }
            published = progress.fraction;
            let report = ProgressReport { subject: self.lease.subject.clone(), progress };
            if let Err(error) = self.ports.events.publish(&CalculationEvent::Progress(report)).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "cannot publish progress");
            }
        }
    }

    async fn watch_shutdown(&self) {
        self.worker.stopping().cancelled().await;
        self.stop(StopReason::Shutdown);
    }

    fn stop(&self, reason: StopReason) {
        // The first reason counts.
        if self.stop_reason.set(reason).is_ok() {
            tracing::debug!(?reason, "computation stopped");
        }
        self.watch.cancel();
    }
}
