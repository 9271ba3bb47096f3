//! The state that all slots of a worker share.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::{Calculation, CalculationEvent, Lane, Subject, WorkerReport};
use parking_lot::Mutex;
use ports::Ports;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::compute::cores::Cores;
use crate::compute::memory::MemoryBudget;
use crate::compute::threads::ComputeThreads;
use crate::health::Health;
use crate::heartbeat_runtime::HeartbeatRuntime;
use crate::slots::slot_lanes;

/// Maximum number of calculations whose last event is tried again: as many as the event channel keeps.
const MAX_UNPUBLISHED: usize = 4_096;

/// A worker: its ports, its settings and the state that its slots share. Clones share everything.
#[derive(Clone)]
pub struct Worker {
    pub(crate) ports: Ports,
    pub(crate) settings: Arc<Settings>,
    pub(crate) memory: MemoryBudget,
    pub(crate) cores: Cores,
    pub(crate) health: Arc<Health>,
    pub(crate) heartbeats: Arc<HeartbeatRuntime>,
    threads: [ComputeThreads; 3],
    stopping: CancellationToken,
    computing: Arc<Mutex<BTreeMap<Subject, usize>>>,
    finished: Arc<AtomicU64>,
    last_outage: Arc<Mutex<Option<Instant>>>,
    /// Calculations that ended, and whose last event could not be published.
    unpublished: Arc<Mutex<HashSet<Subject>>>,
}

impl Worker {
    /// Creates a worker that does not run yet. Needs no runtime.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let heartbeat_ports = ports.clone();
        Self::with_heartbeat_ports(ports, settings, move || heartbeat_ports.clone())
    }

    /// Creates a worker whose heartbeats use ports of their own, opened by `open_ports` inside the heartbeats'
    /// runtime. Required where ports own connections: those are driven by the runtime that opened them.
    pub fn with_heartbeat_ports(
        ports: Ports,
        settings: Settings,
        open_ports: impl Fn() -> Ports + Send + Sync + 'static,
    ) -> Self {
        let slots = slot_lanes(settings.threads).len();
        Self {
            ports,
            memory: MemoryBudget::new(settings.memory_bytes, slots),
            cores: Cores::new(settings.threads),
            health: Arc::new(Health::new(slots, &settings)),
            heartbeats: Arc::new(HeartbeatRuntime::new(open_ports)),
            settings: Arc::new(settings),
            threads: Lane::ALL.map(ComputeThreads::for_lane),
            stopping: CancellationToken::new(),
            computing: Arc::default(),
            finished: Arc::default(),
            last_outage: Arc::default(),
            unpublished: Arc::default(),
        }
    }

    /// Stops the worker: it claims nothing more, releases leased work and finishes short work. Returns at once.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Returns whether every slot that [`run`](crate::run) started has completed a claim lately or processes a job.
    /// For health checks.
    pub fn is_consuming(&self) -> bool {
        self.health.is_consuming()
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub(crate) fn threads(&self, lane: Lane) -> &ComputeThreads {
        let [short, medium, long] = &self.threads;
        match lane {
            Lane::Short => short,
            Lane::Medium => medium,
            Lane::Long => long,
        }
    }

    /// Publishes the states of calculations. Logs a failure and returns `false` then; some may be published. The last
    /// events of calculations are tried again by [`publish_again`](Self::publish_again).
    pub(crate) async fn publish(&self, calculations: &[Calculation]) -> bool {
        let event = |calculation: &Calculation| CalculationEvent::Calculation(Box::new(calculation.clone()));
        let events: Vec<_> = calculations.iter().map(event).collect();
        let published = self.ports.events.publish_batch(&events).await;
        if let Err(error) = &published {
            tracing::warn!(error = error as &dyn std::error::Error, "cannot publish the events");
            let mut unpublished = self.unpublished.lock();
            let room = MAX_UNPUBLISHED.saturating_sub(unpublished.len());
            let ended = calculations.iter().filter(|calculation| calculation.status().is_final()).take(room);
            unpublished.extend(ended.map(|calculation| calculation.subject.clone()));
        }
        published.is_ok()
    }

    /// Publishes the states of what could not be published when it ended. Its jobs are redelivered to do that too, but
    /// the queue may have lost them.
    pub(crate) async fn publish_again(&self) {
        let subjects: Vec<_> = std::mem::take(&mut *self.unpublished.lock()).into_iter().collect();
        if subjects.is_empty() {
            return;
        }
        match self.ports.store.find_batch(&subjects).await {
            Ok(calculations) => {
                self.publish(&calculations).await;
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot publish the events");
                self.unpublished.lock().extend(subjects);
            }
        }
    }

    /// Looks a calculation up and publishes its state. Failures are logged only.
    pub(crate) async fn publish_current(&self, subject: &Subject) {
        match self.ports.store.find(subject).await {
            Ok(Some(calculation)) => {
                self.publish(&[calculation]).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "cannot publish the event"),
        }
    }

    /// Caches finished calculations. A failure costs time later, so it is logged only.
    pub(crate) async fn cache_put(&self, calculations: &[Calculation]) {
        if let Err(error) = self.ports.cache.put_batch(calculations).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot cache the values");
        }
    }

    /// Removes a value that can no longer be read from the cache. A failure is logged only: a reader that finds no
    /// value asks the store.
    pub(crate) async fn cache_remove(&self, subject: &Subject) {
        if let Err(error) = self.ports.cache.remove(subject).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot remove the value from the cache");
        }
    }

    /// Shows a subject in the worker's reports until the guard is dropped.
    pub(crate) fn show_computing(&self, subject: &Subject) -> ComputingGuard {
        *self.computing.lock().entry(subject.clone()).or_insert(0) += 1;
        ComputingGuard { subject: subject.clone(), computing: Arc::clone(&self.computing) }
    }

    pub(crate) fn count_finished(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the store was unreachable a moment ago.
    pub(crate) fn note_outage(&self) {
        *self.last_outage.lock() = Some(Instant::now());
    }

    /// Returns how long workers that could not renew during an outage of the store may still do so: one lease after
    /// the outage. Returns `None` if there was no outage lately.
    pub(crate) fn pause_after_outage(&self) -> Option<Duration> {
        let outage = (*self.last_outage.lock())?;
        self.settings.lease.checked_sub(outage.elapsed()).filter(|remaining| !remaining.is_zero())
    }

    /// Returns the worker's report.
    pub fn report(&self) -> WorkerReport {
        WorkerReport {
            id: self.settings.id.clone(),
            version: self.settings.version.clone(),
            lanes: Lane::ALL.to_vec(),
            computing: self.computing.lock().keys().cloned().collect(),
            finished: self.finished.load(Ordering::Relaxed),
            memory_bytes: Some(self.memory.largest_bytes()),
            seen_at: self.ports.clock.now(),
        }
    }
}

/// Shows a subject in the worker's reports.
pub(crate) struct ComputingGuard {
    subject: Subject,
    computing: Arc<Mutex<BTreeMap<Subject, usize>>>,
}

impl Drop for ComputingGuard {
    fn drop(&mut self) {
        let mut computing = self.computing.lock();
        // The same subject can be computed twice at a time, if its job was redelivered to this worker.
        if let Some(times) = computing.get_mut(&self.subject) {
            *times -= 1;
            if *times == 0 {
                computing.remove(&self.subject);
            }
        }
    }
}
