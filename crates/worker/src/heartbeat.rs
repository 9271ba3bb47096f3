//! Keeping a lease while computing.
//!
//! Each leased job has its own thread for this, at normal priority: neither computing threads, which
//! are below it, nor tasks of the runtime can keep a lease from being renewed.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use model::{CalculationEvent, ProgressReport};
use queue::Delivery;
use store::{Lease, RenewResult};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval_at, timeout};

use crate::Worker;
use crate::compute::Watch;

/// The heartbeat of a leased job. Dropping it ends it.
pub(crate) struct Heartbeat {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
    verdict: Arc<OnceLock<Verdict>>,
}

/// Why a heartbeat stopped its computation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The lease is another's, or the row is finished.
    Lost,
    /// Nobody asks any more.
    Withdrawn,
    /// The worker shuts down.
    Shutdown,
}

struct Beat {
    worker: Worker,
    delivery: Delivery,
    lease: Lease,
    watch: Arc<Watch>,
    verdict: Arc<OnceLock<Verdict>>,
}

/// Watchers hear of progress no more often than this.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

impl Heartbeat {
    /// Starts the heartbeat of `lease` and `delivery`, which raises the flag of `watch` when there is
    /// reason to stop. Call it inside the runtime.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(worker: &Worker, delivery: &Delivery, lease: &Lease, watch: Arc<Watch>) -> io::Result<Self> {
        let verdict = Arc::new(OnceLock::new());
        let beat = Beat {
            worker: worker.clone(),
            delivery: delivery.clone(),
            lease: lease.clone(),
            watch,
            verdict: Arc::clone(&verdict),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let (end, ended) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Handle::current();
        let span = tracing::Span::current();
        std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
            let _entered = span.enter();
            runtime.block_on(async {
                // Dropping a call half way is safe by the ports' promises.
                tokio::select! {
                    biased;
                    _ = stopped => {}
                    () = beat.run() => {}
                }
            });
            // Whoever waits for the end learns of it by this, and by a panic, too.
            drop(end);
        })?;
        Ok(Self { stop, ended, verdict })
    }

    /// Ends the heartbeat; when this returns, nothing more is renewed or announced by it. Tells why it
    /// stopped the computation, if it did.
    pub(crate) async fn end(self) -> Option<Verdict> {
        drop(self.stop);
        let (Ok(()) | Err(_)) = self.ended.await;
        self.verdict.get().copied()
    }
}

impl Beat {
    async fn run(self) {
        tokio::join!(self.keep(), self.tell(), self.watch_shutdown());
    }

    /// Renews the lease until it is lost.
    async fn keep(&self) {
        let every = self.worker.settings.heartbeat;
        let mut ticks = interval_at(tokio::time::Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut out_of_reach = false;
        loop {
            ticks.tick().await;
            // A call that hangs for a whole lease is given up, or a healed store would find nobody asking.
            let renewal = self.worker.ports.store.renew(&self.lease, self.watch.progress());
            match timeout(self.lease.length, renewal).await {
                Ok(Ok(RenewResult::Held)) => out_of_reach = false,
                Ok(Ok(RenewResult::Lost)) => return self.stop_for(Verdict::Lost),
                Ok(Ok(RenewResult::Withdrawn)) => return self.stop_for(Verdict::Withdrawn),
                // The lease may still be ours when the store is back; nothing is lost by going on.
                Ok(Err(error)) => {
                    self.worker.note_outage();
                    if !std::mem::replace(&mut out_of_reach, true) {
                        tracing::warn!(error = &error as &dyn std::error::Error, "lease not renewed");
                    }
                }
                Err(_) => {
                    self.worker.note_outage();
                    if !std::mem::replace(&mut out_of_reach, true) {
                        tracing::warn!("lease not renewed: the record does not answer");
                    }
                }
            }
            // After the lease, so that whoever gets the delivery finds the lease run out as well.
            // The store decides whose the work is: what the queue thinks only saves others a look.
            match timeout(self.lease.length, self.worker.ports.queue.extend(&self.delivery)).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => tracing::debug!("the queue has given the job to another"),
                Ok(Err(error)) => tracing::debug!(error = &error as &dyn std::error::Error, "claim not extended"),
                Err(_) => tracing::debug!("claim not extended: the queue does not answer"),
            }
        }
    }

    /// Announces progress until the end.
    async fn tell(&self) {
        let mut ticks = interval_at(tokio::time::Instant::now() + PROGRESS_EVERY, PROGRESS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = 0.0;
        loop {
            ticks.tick().await;
            let progress = self.watch.progress();
            if progress.fraction <= told || self.verdict.get().is_some() {
                continue;
            }
            told = progress.fraction;
            let report = ProgressReport { subject: self.lease.subject.clone(), progress };
            if let Err(error) = self.worker.ports.events.publish(&CalculationEvent::Progress(report)).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "progress not announced");
            }
        }
    }

    async fn watch_shutdown(&self) {
        self.worker.stopping().cancelled().await;
        self.stop_for(Verdict::Shutdown);
    }

    fn stop_for(&self, verdict: Verdict) {
        // The first reason stands.
        if self.verdict.set(verdict).is_ok() {
            tracing::debug!(?verdict, "computation stopped");
        }
        self.watch.cancel();
    }
}
