//! The effect of a value or a failure on its row.

use model::{Failure, FailureReason, Status, Value};

use crate::row::LockedRow;
use crate::{CompletedValue, Lease};

/// The effect of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CompleteDecision {
    /// Fails the row: the value differs from the one known before.
    Contradiction(Failure),
    /// Nothing: the row has this value already.
    AlreadyKnown,
    /// Nothing: the row was cancelled or has failed, which is final until someone submits it again.
    Ended,
    /// Stores the value.
    Store,
}

pub(crate) fn decide_complete(row: &LockedRow, value: &CompletedValue) -> CompleteDecision {
    if matches!(row.calculation.status(), Status::Cancelled | Status::Failed) {
        return CompleteDecision::Ended;
    }
    if row.known_sha256.is_some_and(|known| known != value.sha256) {
        let attempts = row.calculation.attempt.max(1);
        return CompleteDecision::Contradiction(Failure { reason: FailureReason::Contradiction, attempts });
    }
    if row.calculation.is_readable() { CompleteDecision::AlreadyKnown } else { CompleteDecision::Store }
}

/// Returns whether a text is part of every answer, and so is stored in the row itself.
pub(crate) fn is_short(value: &CompletedValue) -> bool {
    value.digits <= Value::TEXT_DIGITS
}

/// Returns whether the row is held by this lease or, for `None`, queued.
pub(crate) fn is_held_by(row: &LockedRow, lease: Option<&Lease>) -> bool {
    match lease {
        Some(lease) => row.calculation.status() == Status::Running && row.fence == lease.fence,
        None => row.calculation.status() == Status::Queued,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{Sha256, ValueState};

    use super::super::fixtures::{NOW, cancelled, done, failed, queued, running};
    use super::*;
    use crate::Placement;

    #[test]
    fn a_value_is_stored_once_and_must_agree_with_what_is_known() {
        let contradiction =
            CompleteDecision::Contradiction(Failure { reason: FailureReason::Contradiction, attempts: 2 });
        let known = |row| LockedRow { known_sha256: Some(Sha256([1; 32])), ..row };
        for (row, hash, decision) in [
            (queued(), 1, CompleteDecision::Store),
            (running(), 1, CompleteDecision::Store),
            (failed(), 1, CompleteDecision::Ended),
            (cancelled(), 1, CompleteDecision::Ended),
            (known(cancelled()), 2, CompleteDecision::Ended),
            (known(queued()), 1, CompleteDecision::Store),
            (known(queued()), 2, contradiction.clone()),
            (done(ValueState::Evicted), 1, CompleteDecision::Store),
            (done(ValueState::Evicted), 2, contradiction.clone()),
            (done(ValueState::Inline), 1, CompleteDecision::AlreadyKnown),
            (done(ValueState::Object), 2, contradiction),
        ] {
            let value = CompletedValue {
                subject: row.calculation.subject.clone(),
                sha256: Sha256([hash; 32]),
                first_digits: "144".into(),
                last_digits: "144".into(),
                digits: 3,
                size_bytes: 3,
                placement: Placement::Object,
                started_at: NOW,
                finished_at: NOW,
                compute_ms: 1,
            };
            assert_eq!(decide_complete(&row, &value), decision, "{:?}, hash {hash}", row.calculation.state);
        }
    }

    #[test]
    fn only_the_current_fence_holds_a_running_row() {
        let lease = |fence| Lease {
            subject: queued().calculation.subject,
            fence,
            attempt: 1,
            errors: 0,
            length: Duration::from_secs(2),
        };
        for (row, fence, held) in [
            (running(), Some(7), true),
            (running(), Some(6), false),
            (running(), None, false),
            (queued(), None, true),
            (queued(), Some(7), false),
            (done(ValueState::Inline), None, false),
            (cancelled(), Some(7), false),
        ] {
            let lease = fence.map(lease);
            assert_eq!(is_held_by(&row, lease.as_ref()), held, "{:?}, fence {fence:?}", row.calculation.state);
        }
    }
}
