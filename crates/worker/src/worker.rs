//! What every step of a worker shares.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::{Calculation, CalculationEvent, Lane, Subject, WorkerReport};
use ports::Ports;
use tokio_util::sync::CancellationToken;

use crate::Settings;
use crate::budget::Budget;
use crate::liveness::Liveness;
use crate::run;
use crate::threads::Threads;

/// A worker: its ports, its settings and what its slots share. A clone is the same worker.
#[derive(Clone)]
pub struct Worker {
    pub(crate) ports: Ports,
    pub(crate) settings: Arc<Settings>,
    pub(crate) budget: Budget,
    pub(crate) liveness: Arc<Liveness>,
    threads: [Threads; 3],
    stopping: CancellationToken,
    computing: Arc<Mutex<BTreeMap<Subject, usize>>>,
    finished: Arc<AtomicU64>,
    outage_seen: Arc<Mutex<Option<Instant>>>,
}

impl Worker {
    /// A worker that has not begun. Needs no runtime yet.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let slots = run::slots(settings.threads).len();
        Self {
            ports,
            budget: Budget::new(settings.memory_bytes, slots),
            liveness: Arc::new(Liveness::new(slots, &settings)),
            settings: Arc::new(settings),
            threads: Lane::ALL.map(Threads::for_lane),
            stopping: CancellationToken::new(),
            computing: Arc::default(),
            finished: Arc::default(),
            outage_seen: Arc::default(),
        }
    }

    /// Asks the worker to stop: nothing more is claimed, leased work is cancelled and handed back,
    /// short work is finished. Returns at once.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Whether every slot that [`run`](crate::run) started has completed a claim lately, or works on a
    /// job that may take its time. What a healthcheck asks.
    pub fn is_consuming(&self) -> bool {
        self.liveness.is_consuming()
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    pub(crate) fn threads(&self, lane: Lane) -> &Threads {
        let [short, medium, long] = &self.threads;
        match lane {
            Lane::Short => short,
            Lane::Medium => medium,
            Lane::Long => long,
        }
    }

    /// Tells everybody how a calculation stands. A failure is logged only: pages reload what they miss.
    pub(crate) async fn announce(&self, calculation: &Calculation) {
        let announcement = CalculationEvent::Calculation(Box::new(calculation.clone()));
        if let Err(error) = self.ports.events.publish(&announcement).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not announced");
        }
    }

    /// Has the cache forget a value that can no longer be read. A failure is logged only: who then finds
    /// nothing to read asks the record.
    pub(crate) async fn forget(&self, subject: &Subject) {
        if let Err(error) = self.ports.cache.remove(subject).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "not forgotten by the cache");
        }
    }

    /// Looks up how a calculation stands and tells everybody. Failures are logged only.
    pub(crate) async fn announce_present(&self, subject: &Subject) {
        match self.ports.store.find(subject).await {
            Ok(Some(calculation)) => self.announce(&calculation).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "not announced"),
        }
    }

    /// Shows a subject in the worker's reports until the guard is dropped.
    pub(crate) fn show_computing(&self, subject: &Subject) -> Shown {
        *lock(&self.computing).entry(subject.clone()).or_insert(0) += 1;
        Shown { subject: subject.clone(), computing: Arc::clone(&self.computing) }
    }

    pub(crate) fn count_finished(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that the store was out of reach a moment ago.
    pub(crate) fn note_outage(&self) {
        *lock(&self.outage_seen) = Some(Instant::now());
    }

    /// What is left of the one lease of time after an outage of the store in which those who could not
    /// renew may do so; `None` if there was no outage lately.
    pub(crate) fn pause_after_outage(&self) -> Option<Duration> {
        let seen = (*lock(&self.outage_seen))?;
        self.settings.lease.checked_sub(seen.elapsed()).filter(|rest| !rest.is_zero())
    }

    /// What the worker says of itself now.
    pub(crate) fn report(&self) -> WorkerReport {
        WorkerReport {
            id: self.settings.id.clone(),
            version: self.settings.version.clone(),
            lanes: Lane::ALL.to_vec(),
            computing: lock(&self.computing).keys().cloned().collect(),
            finished: self.finished.load(Ordering::Relaxed),
            seen_at: self.ports.clock.now(),
        }
    }
}

/// Keeps a subject in the reports.
pub(crate) struct Shown {
    subject: Subject,
    computing: Arc<Mutex<BTreeMap<Subject, usize>>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut computing = lock(&self.computing);
        // The same subject can be under way twice, when a claim was lost and came back to us.
        if let Some(times) = computing.get_mut(&self.subject) {
            *times -= 1;
            if *times == 0 {
                computing.remove(&self.subject);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Held for single changes only, none of which can panic half way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
