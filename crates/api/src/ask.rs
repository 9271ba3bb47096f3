//! Asking for a value: known, under way, or accepted and offered.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use model::{AskToken, Calculation, CalculationState as Standing};
use store::{NewCalculation, SubmitResult};
use tokio_util::sync::CancellationToken;

use crate::admit::Admitted;
use crate::error::ApiError;
use crate::hub::{Heard, Waiter};
use crate::metrics;
use crate::ratelimit::Charge;
use crate::state::ApiState;

/// What asking came to.
pub(crate) enum Answer {
    /// The value is known.
    Known(Calculation),
    /// It will be. The token withdraws this ask, if the work is dear enough to have one.
    Pending(Calculation, Option<AskToken>),
}

/// How long an answer may be held back for a value.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    /// So long at most.
    pub(crate) wait: Duration,
    /// Not beyond the beginning of a shutdown.
    pub(crate) draining: CancellationToken,
}

/// Asks for a value on behalf of an address, waiting for it if there is patience.
///
/// When this returns `Pending`, the calculation is in the record: that is the promise. Dropped on the
/// way, it either is there, and the sweep offers it, or is not.
///
/// # Errors
/// `TooManyRequests`, `QueueFull`, `NoRoom`, `Unavailable`: nothing was stored.
pub(crate) async fn ask(
    state: &ApiState,
    admitted: &Admitted,
    from: IpAddr,
    patience: Option<Patience>,
) -> Result<Answer, ApiError> {
    let subject = &admitted.subject;
    if let Some(known) = state.known(subject).await {
        state.tally.asked(subject);
        return Ok(Answer::Known(known));
    }
    let charge = match &state.rate_limit {
        Some(limit) => limit.charge(from, admitted.work, Instant::now())?,
        None => Charge::free(),
    };
    // Subscribe before the job is offered, so that its end is not missed however soon it comes.
    let waiter = patience.and_then(|patience| Some((patience, state.hub.wait_for(subject)?)));
    let (calculation, token) = match submit(state, admitted, charge).await? {
        Answer::Pending(calculation, token) => (calculation, token),
        known @ Answer::Known(_) => return Ok(known),
    };
    let Some((patience, waiter)) = waiter else { return Ok(Answer::Pending(calculation, token)) };
    let calculation = wait(state, calculation, &patience, waiter).await;
    if calculation.is_readable() {
        return Ok(Answer::Known(calculation));
    }
    Ok(Answer::Pending(calculation, token))
}

/// Waits for the end of a calculation; gives it as it then stands.
async fn wait(state: &ApiState, calculation: Calculation, patience: &Patience, waiter: Waiter) -> Calculation {
    let deadline = tokio::time::Instant::now() + patience.wait;
    let mut waiter = Some(waiter);
    while let Some(waiting) = waiter.take() {
        let heard = patience.draining.run_until_cancelled(waiting.heard(deadline)).await.flatten();
        match heard {
            Some(Heard::Final(calculation)) => return *calculation,
            // Again before looking, for the same reason as the first time.
            Some(Heard::Missed) => waiter = state.hub.wait_for(&calculation.subject),
            None => {}
        }
        // EventChannel can be lost. One look at the record tells what they would have told.
        match state.ports.store.find(&calculation.subject).await {
            Ok(Some(found)) if found.status().is_final() => return found,
            _ => {}
        }
    }
    calculation
}

async fn submit(state: &ApiState, admitted: &Admitted, charge: Charge<'_>) -> Result<Answer, ApiError> {
    let token = if admitted.is_withdrawable() {
        Some(AskToken::random().map_err(|error| ApiError::Internal(error.to_string().into()))?)
    } else {
        None
    };
    let began = Instant::now();
    let acceptance = NewCalculation {
        subject: admitted.subject.clone(),
        digits: admitted.digits,
        lane: admitted.lane(),
        ask: token.clone(),
        traceparent: server::current_trace(),
        now: state.ports.clock.now(),
    };
    match state.ports.store.submit(&acceptance).await? {
        SubmitResult::Known(calculation) => {
            state.tally.asked(&acceptance.subject);
            state.remember(&calculation).await;
            Ok(Answer::Known(calculation))
        }
        SubmitResult::Pending(calculation) => {
            state.tally.asked(&acceptance.subject);
            Ok(Answer::Pending(calculation, token))
        }
        SubmitResult::Queued(calculation) => {
            charge.keep();
            metrics::accepted(acceptance.lane);
            state.rates.accepted(&acceptance.subject, began);
            if calculation.asked_at != acceptance.now {
                // Queued again: the record counts only the ask that made the row.
                state.tally.asked(&acceptance.subject);
            }
            // The commit above is the acceptance; nothing below can take it back. Announced before it is
            // offered, or a quick worker's “done” would be overtaken by our “queued”.
            state.announce(&calculation).await;
            state.offer(&calculation, acceptance.lane).await;
            Ok(Answer::Pending(calculation, token))
        }
    }
}

/// Queues a lost value's calculation again, which the record has already entered.
pub(crate) async fn recover(state: &ApiState, calculation: Option<&Calculation>) {
    metrics::value_lost();
    let Some(calculation) = calculation else { return };
    state.forget(&calculation.subject).await;
    if matches!(calculation.state, Standing::Queued { .. }) {
        let work = fibonacci::estimate(calculation.subject.index().get()).work;
        state.announce(calculation).await;
        state.offer(calculation, model::Lane::for_work(work)).await;
    }
}
