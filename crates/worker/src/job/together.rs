//! Jobs that compute in next to no time: those of a claimed batch share each call of the ports.
//!
//! The steps and their order are those of one job (see [`process`](super::process)), so a crash between any two loses
//! nothing for the same reasons. A job that does not go as planned is left to the steps of one job, which begin again.

use std::sync::Arc;

use model::Timestamp;
use queue::Delivery;
use store::{CompleteResult, CompletedValue};

use super::complete::describe;
use super::outcome::OutcomeKind;
use super::process::needs_lease;
use crate::compute::memory::Reservation;
use crate::compute::{INLINE_WORK, compute_inline};
use crate::{Worker, metrics};

/// Completes the jobs of a batch that compute in next to no time. Returns the outcome for each; `None` for jobs that are
/// still to be processed.
pub(crate) async fn complete_together(worker: &Worker, deliveries: &[Delivery]) -> Vec<Option<OutcomeKind>> {
    let mut outcomes = vec![None; deliveries.len()];
    let (mut places, mut values) = (Vec::new(), Vec::new());
    for (place, delivery) in deliveries.iter().enumerate() {
        if let Some(value) = compute(worker, delivery).await {
            places.push(place);
            values.push(value);
        }
    }
    if values.is_empty() {
        return outcomes;
    }
    // The steps of one job retry, and log why if it is in vain.
    let Ok(results) = worker.ports.store.complete_batch(&values).await else { return outcomes };
    let (mut done, mut calculations) = (Vec::new(), Vec::new());
    for (place, result) in places.into_iter().zip(results) {
        let (outcome, calculation) = match result {
            CompleteResult::Recorded(calculation) => (OutcomeKind::Completed, calculation),
            CompleteResult::AlreadyKnown(calculation) => (OutcomeKind::AlreadyCompleted, calculation),
            CompleteResult::Contradiction(_) | CompleteResult::Ended(_) | CompleteResult::Unknown => continue,
        };
        done.push((place, outcome));
        calculations.push(calculation);
    }
    let (published, ()) = tokio::join!(worker.publish(&calculations), worker.cache_put(&calculations));
    if !published {
        return outcomes;
    }
    let ended: Vec<Delivery> = done.iter().map(|(place, _)| deliveries[*place].clone()).collect();
    if let Err(error) = worker.ports.queue.ack_batch(&ended).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot acknowledge the jobs");
    }
    for (place, outcome) in done {
        outcomes[place] = Some(outcome);
    }
    outcomes
}

/// Computes the value of a job if that takes next to no time and needs no lease.
async fn compute(worker: &Worker, delivery: &Delivery) -> Option<CompletedValue> {
    let subject = &delivery.job.subject;
    let estimate = calculator::estimate(subject);
    if estimate.work > INLINE_WORK || needs_lease(worker, delivery, estimate.work) {
        return None;
    }
    let Reservation::Granted(memory) = worker.memory.reserve(estimate.memory_bytes, delivery.job.enqueued_at) else {
        return None;
    };
    let started_at: Timestamp = worker.ports.clock.now();
    let value = compute_inline(subject, memory)?;
    metrics::computed(delivery.job.lane, value.elapsed);
    worker.evict_for(value.digest.size_bytes).await.ok()?;
    let placement = worker.ports.values.place(subject, Arc::clone(&value.text), &value.digest).await.ok()?;
    Some(describe(subject, &value, placement, started_at, worker.ports.clock.now()))
}
