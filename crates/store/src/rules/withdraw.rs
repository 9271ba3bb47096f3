//! The effect of a withdrawal on its row.

use crate::row::LockedRow;

/// The requests for a calculation around a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Requests {
    /// Whether the token was found and removed.
    pub(crate) is_removed: bool,
    /// Whether other tokens are left.
    pub(crate) are_left: bool,
}

/// The effect of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithdrawDecision {
    /// Nothing: the row is finished or was never expensive enough to be withdrawn.
    Conflict,
    /// Nothing: the token belongs to another calculation, or was withdrawn before.
    Forbidden,
    /// Removes the request; others remain.
    StillRequested,
    /// Cancels the work.
    Cancel,
}

pub(crate) fn decide_withdraw(row: &LockedRow, requests: Requests) -> WithdrawDecision {
    if row.calculation.status().is_final() {
        return WithdrawDecision::Conflict;
    }
    match requests {
        Requests { is_removed: false, are_left: true } => WithdrawDecision::Forbidden,
        // Work without a single token is not expensive enough to be withdrawn.
        Requests { is_removed: false, are_left: false } => WithdrawDecision::Conflict,
        Requests { is_removed: true, are_left: true } => WithdrawDecision::StillRequested,
        Requests { is_removed: true, are_left: false } if row.unwithdrawable => WithdrawDecision::StillRequested,
        Requests { is_removed: true, are_left: false } => WithdrawDecision::Cancel,
    }
}

#[cfg(test)]
mod tests {
    use model::ValueState;

    use super::super::fixtures::{cancelled, done, queued, running};
    use super::*;

    #[test]
    fn the_last_token_cancels_unless_somebody_asked_without_one() {
        let unwithdrawable = LockedRow { unwithdrawable: true, ..queued() };
        for (row, is_removed, are_left, decision) in [
            (queued(), true, false, WithdrawDecision::Cancel),
            (running(), true, false, WithdrawDecision::Cancel),
            (queued(), true, true, WithdrawDecision::StillRequested),
            (queued(), false, true, WithdrawDecision::Forbidden),
            (queued(), false, false, WithdrawDecision::Conflict),
            (unwithdrawable, true, false, WithdrawDecision::StillRequested),
            (done(ValueState::Inline), true, false, WithdrawDecision::Conflict),
            (cancelled(), false, true, WithdrawDecision::Conflict),
        ] {
            let requests = Requests { is_removed, are_left };
            assert_eq!(decide_withdraw(&row, requests), decision, "{:?}, {requests:?}", row.calculation.state);
        }
    }
}
