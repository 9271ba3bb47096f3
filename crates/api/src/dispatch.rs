//! Announces and enqueues what was accepted. What several requests accept at the same time shares the calls.
//!
//! The commit was the acceptance, and nothing here can undo it: what is not enqueued is found by the sweep. Events are
//! published before jobs are enqueued, or a fast worker's `done` would be overtaken by our `queued`.

use model::{Calculation, CalculationEvent, Job};
use ports::Ports;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// Maximum number of calculations in one call. Bounds how long the first waits for the last.
const MAX_BATCH: usize = 256;
/// Capacity of the channel to the task; further requests wait.
const INBOX_CAPACITY: usize = 1_024;

/// A calculation that was accepted, and its job.
pub(crate) struct Accepted {
    pub(crate) calculation: Calculation,
    pub(crate) job: Job,
}

/// A handle of the task that announces and enqueues.
pub(crate) struct Dispatcher {
    inbox: mpsc::Sender<DispatchMessage>,
    ports: Ports,
}

struct DispatchMessage {
    accepted: Accepted,
    done: oneshot::Sender<()>,
}

impl Dispatcher {
    /// Creates a dispatcher and its task, which ends after `shutdown` with nothing left undone.
    pub(crate) fn new(ports: Ports, shutdown: CancellationToken) -> (Self, impl Future<Output = ()>) {
        let (inbox, messages) = mpsc::channel(INBOX_CAPACITY);
        (Self { inbox, ports: ports.clone() }, run(ports, messages, shutdown))
    }

    /// Announces and enqueues a calculation together with others that arrive meanwhile. A single one waits for no other.
    pub(crate) async fn dispatch(&self, accepted: Accepted) {
        let (done, is_done) = oneshot::channel();
        match self.inbox.send(DispatchMessage { accepted, done }).await {
            // A task that panicked has logged it, and the sweep enqueues.
            Ok(()) => drop(is_done.await),
            // The task has ended: this request is one of the last before the end of the process.
            Err(mpsc::error::SendError(message)) => dispatch_all(&self.ports, vec![message.accepted]).await,
        }
    }

    /// Announces and enqueues calculations in calls of their own, even if the caller is dropped.
    pub(crate) async fn dispatch_batch(&self, accepted: Vec<Accepted>) {
        let ports = self.ports.clone();
        // A task that panicked has logged it, and the sweep enqueues.
        drop(tokio::spawn(async move { dispatch_all(&ports, accepted).await }).await);
    }
}

async fn run(ports: Ports, mut messages: mpsc::Receiver<DispatchMessage>, shutdown: CancellationToken) {
    let mut arrived = Vec::with_capacity(MAX_BATCH);
    loop {
        let received = shutdown.run_until_cancelled(messages.recv_many(&mut arrived, MAX_BATCH)).await;
        if received.is_none() {
            // Requests that arrived by now are dispatched; later ones do that themselves.
            messages.close();
            if messages.recv_many(&mut arrived, MAX_BATCH).await == 0 {
                return;
            }
        }
        // What other tasks are about to send shares the calls.
        tokio::task::yield_now().await;
        while arrived.len() < MAX_BATCH
            && let Ok(message) = messages.try_recv()
        {
            arrived.push(message);
        }
        let (accepted, done): (Vec<_>, Vec<_>) =
            arrived.drain(..).map(|DispatchMessage { accepted, done }| (accepted, done)).unzip();
        dispatch_all(&ports, accepted).await;
        for done in done {
            // The request may have gone.
            let _ = done.send(());
        }
    }
}

async fn dispatch_all(ports: &Ports, accepted: Vec<Accepted>) {
    let (events, jobs): (Vec<_>, Vec<_>) = accepted
        .into_iter()
        .map(|Accepted { calculation, job }| (CalculationEvent::Calculation(Box::new(calculation)), job))
        .unzip();
    // Subscribers that miss an event load the list again.
    if let Err(error) = ports.events.publish_batch(&events).await {
        metrics::record_cache_failure("publish");
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot announce accepted calculations");
    }
    if let Err(error) = ports.queue.enqueue_batch(&jobs).await {
        metrics::record_enqueue_failure(jobs.len());
        let first = jobs.first().map(|job| job.subject.to_string());
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            jobs = jobs.len(),
            calculation.subject = first,
            "cannot enqueue; the sweep will"
        );
    }
}
