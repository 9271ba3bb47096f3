//! Rules shared by both databases: pure functions of a locked row and a request.

mod complete;
mod lease;
mod queue_limit;
mod submit;
mod withdraw;

use model::AskToken;
use sha2::{Digest, Sha256};

pub(crate) use self::complete::{CompleteDecision, decide_complete, is_held_by, is_short};
pub(crate) use self::lease::{
    LeaseDecision, NewLease, ReleaseEffect, decide_lease, lease_ms, progress_fraction, release_effect,
};
pub(crate) use self::queue_limit::QueueLimit;
pub(crate) use self::submit::{SubmitDecision, decide_submit};
pub(crate) use self::withdraw::{Requests, WithdrawDecision, decide_withdraw};

/// The largest request count: far above any true one, and low enough that adding two does not overflow.
pub(crate) const MAX_REQUEST_COUNT: i64 = 1 << 53;

/// Returns the form in which a token is stored: a copy of the database withdraws nothing.
pub(crate) fn token_sha256(ask: &AskToken) -> Vec<u8> {
    Sha256::digest(ask.as_bytes()).to_vec()
}

#[cfg(test)]
mod fixtures {
    //! Rows to decide on.

    use std::time::Duration;

    use model::{
        Calculation, CalculationId, CalculationState, Failure, FailureReason, Index, Progress, Sha256, Subject,
        Timestamp, Value, ValueState,
    };

    use crate::row::LockedRow;

    pub(super) const NOW: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);

    pub(super) fn locked(state: CalculationState) -> LockedRow {
        let calculation = Calculation {
            id: CalculationId(1),
            subject: Subject::from(Index::new(12)),
            state,
            digits: 3,
            request_count: 1,
            asked_at: NOW,
            queued_at: Some(NOW),
            attempt: 2,
        };
        LockedRow {
            calculation,
            known_sha256: None,
            fence: 7,
            errors: 0,
            lost_leases: 0,
            lease_remaining: Duration::ZERO,
            is_lease_too_long: false,
            unwithdrawable: false,
        }
    }

    pub(super) fn queued() -> LockedRow {
        locked(CalculationState::Queued { waiting_for: None })
    }

    pub(super) fn running() -> LockedRow {
        locked(CalculationState::Running { started_at: NOW, progress: Progress::default() })
    }

    pub(super) fn failed() -> LockedRow {
        let failure = Failure { reason: FailureReason::CheckFailed, attempts: 3 };
        locked(CalculationState::Failed { finished_at: NOW, failure })
    }

    pub(super) fn cancelled() -> LockedRow {
        locked(CalculationState::Cancelled { finished_at: NOW })
    }

    pub(super) fn done(state: ValueState) -> LockedRow {
        let value = Value {
            sha256: Sha256([1; 32]),
            size_bytes: 3,
            first_digits: "144".into(),
            last_digits: "144".into(),
            compute_ms: 1,
            state,
            text: None,
        };
        let mut row = locked(CalculationState::Done { started_at: NOW, finished_at: NOW, value });
        row.known_sha256 = Some(Sha256([1; 32]));
        row
    }
}
