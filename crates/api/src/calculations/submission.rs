//! Submitting a subject: its value is known, its calculation is pending, or a new one is stored and enqueued.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use model::{AskToken, Calculation, CalculationState, Value};
use store::{NewCalculation, StoreError, SubmitResult};
use tokio_util::sync::CancellationToken;

use crate::error::ApiError;
use crate::events::{WaitResult, Waiter};
use crate::limits::{Charge, ValidSubject};
use crate::metrics;
use crate::state::ApiState;

/// The result of submitting a subject.
pub(crate) enum Submission {
    /// The value is known.
    Known(Calculation),
    /// The value will be computed. The token withdraws this submission, if the work is long enough to have one.
    Pending(Calculation, Option<AskToken>),
}

/// The time for which a response may be held back for a value.
#[derive(Clone, Debug)]
pub(crate) struct WaitLimit {
    /// Maximum time to wait.
    pub(crate) wait: Duration,
    /// Cancelled when the server starts shutting down.
    pub(crate) draining: CancellationToken,
}

/// Submits a subject on behalf of an address, and waits for the value up to the given limit.
///
/// When this returns `Pending`, the calculation is stored: that is the promise. If the future is dropped, the row
/// either exists (the sweep will enqueue it) or it does not.
///
/// # Errors
/// `TooManyRequests`, `QueueFull` and `DiskFull`: nothing was stored. `Unconfirmed`: it may have been.
pub(crate) async fn submit_subject(
    state: &ApiState,
    valid: &ValidSubject,
    from: IpAddr,
    wait_limit: Option<WaitLimit>,
) -> Result<Submission, ApiError> {
    let subject = &valid.subject;
    if let Some(cached) = state.cache_get(subject).await {
        state.usage.add_request(subject);
        return Ok(Submission::Known(cached));
    }
    state.config.check_workers(valid, &state.workers)?;
    check_disk(state, std::slice::from_ref(valid)).await?;
    state.backlog.check(from, valid)?;
    let charge = match &state.rate_limit {
        Some(limit) => limit.charge(from, valid.work, state.ports.clock.now()).await?,
        None => Charge::free(),
    };
    // Subscribe before the job is enqueued, so that its end is not missed however soon it comes.
    let waiter = wait_limit.and_then(|limit| Some((limit, state.hub.wait_for(subject)?)));
    let (calculation, token) = match store(state, valid, from, charge).await? {
        Submission::Pending(calculation, token) => (calculation, token),
        known @ Submission::Known(_) => return Ok(known),
    };
    let Some((limit, waiter)) = waiter else { return Ok(Submission::Pending(calculation, token)) };
    let calculation = wait(state, calculation, &limit, waiter).await;
    if calculation.is_readable() {
        return Ok(Submission::Known(calculation));
    }
    Ok(Submission::Pending(calculation, token))
}

/// Refuses values that are stored as objects while the disk of objects has no room for them, not even after the eviction
/// of values.
pub(super) async fn check_disk(state: &ApiState, indexes: &[ValidSubject]) -> Result<(), ApiError> {
    let objects = indexes.iter().map(ValidSubject::size_bytes).filter(|size_bytes| *size_bytes > Value::INLINE_BYTES);
    let size_bytes = objects.fold(0, u64::saturating_add);
    if size_bytes == 0 {
        return Ok(());
    }
    let required_bytes = size_bytes.saturating_add(state.config.disk_reserve_bytes);
    match state.ports.values.object_room(required_bytes).await? {
        Some(room_bytes) if room_bytes < required_bytes => {
            Err(ApiError::DiskFull(format!("there is room for {room_bytes} bytes, {required_bytes} are needed").into()))
        }
        _ => Ok(()),
    }
}

/// Waits for the end of a calculation, and returns it as it is then.
async fn wait(state: &ApiState, calculation: Calculation, limit: &WaitLimit, waiter: Waiter) -> Calculation {
    let deadline = tokio::time::Instant::now() + limit.wait;
    let mut waiter = Some(waiter);
    while let Some(waiting) = waiter.take() {
        match limit.draining.run_until_cancelled(waiting.wait_until(deadline)).await.flatten() {
            Some(WaitResult::Final(calculation)) => return *calculation,
            // Subscribe before the store is read, for the same reason as the first time.
            Some(WaitResult::Gap) => waiter = state.hub.wait_for(&calculation.subject),
            None => {}
        }
        // Events can be lost; the store has what they would have said.
        match state.ports.store.find(&calculation.subject).await {
            Ok(Some(found)) if found.status().is_final() => return found,
            _ => {}
        }
    }
    calculation
}

async fn store(state: &ApiState, valid: &ValidSubject, from: IpAddr, charge: Charge) -> Result<Submission, ApiError> {
    let token = if valid.is_withdrawable() {
        Some(AskToken::random().map_err(|error| ApiError::Internal(error.to_string().into()))?)
    } else {
        None
    };
    let start = Instant::now();
    let new = NewCalculation {
        subject: valid.subject.clone(),
        digits: valid.digits,
        lane: valid.lane(),
        ask: token.clone(),
        submitter: Some(from.into()),
        traceparent: server::current_trace(),
        now: state.ports.clock.now(),
    };
    let result = state.ports.store.submit(&new).await.map_err(|error| match error {
        StoreError::Unavailable(source) => ApiError::Unconfirmed { token: token.clone(), source },
        error => error.into(),
    })?;
    match result {
        SubmitResult::Known(calculation) => {
            state.usage.add_request(&new.subject);
            state.cache_put(&calculation).await;
            Ok(Submission::Known(calculation))
        }
        SubmitResult::Pending(calculation) => {
            state.usage.add_request(&new.subject);
            Ok(Submission::Pending(calculation, token))
        }
        SubmitResult::Queued(calculation) => {
            charge.keep();
            state.backlog.add(from, valid);
            metrics::record_accepted(new.lane);
            state.recent.record_accepted(&new.subject, start);
            if calculation.asked_at != new.now {
                // Queued again: the store counts only the request that made the row.
                state.usage.add_request(&new.subject);
            }
            // The commit above is the acceptance; nothing below can undo it.
            state.dispatch(&calculation, new.submitter).await;
            Ok(Submission::Pending(calculation, token))
        }
    }
}

/// Enqueues the calculation of a lost value again, which the store has already set to `queued`.
pub(super) async fn recover_lost_value(state: &ApiState, calculation: Option<&Calculation>) {
    metrics::record_lost_value();
    let Some(calculation) = calculation else { return };
    state.cache_remove(&calculation.subject).await;
    if matches!(calculation.state, CalculationState::Queued { .. }) {
        state.dispatch(calculation, None).await;
    }
}
