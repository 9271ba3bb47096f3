//! The effect of a submission on the row of its subject.

use crate::NewCalculation;
use crate::row::LockedRow;

/// The effect of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubmitDecision {
    /// Nothing: the value is readable.
    Known,
    /// Adds a request to unfinished work.
    Join {
        /// Stores the token of the request.
        add_token: bool,
        /// Notes that a request without a token exists, so that no withdrawal may cancel the work.
        make_unwithdrawable: bool,
    },
    /// Queues a finished row again.
    Requeue,
    /// Creates a row.
    Insert,
}

impl SubmitDecision {
    /// Returns whether the row must not change before the commit.
    pub(crate) fn needs_lock(self) -> bool {
        match self {
            Self::Known | Self::Insert => false,
            Self::Join { add_token, make_unwithdrawable } => add_token || make_unwithdrawable,
            Self::Requeue => true,
        }
    }
}

pub(crate) fn decide_submit(row: Option<&LockedRow>, request: &NewCalculation) -> SubmitDecision {
    match row {
        None => SubmitDecision::Insert,
        Some(row) if row.calculation.is_readable() => SubmitDecision::Known,
        Some(row) if row.calculation.status().is_final() => SubmitDecision::Requeue,
        Some(row) => SubmitDecision::Join {
            add_token: request.ask.is_some(),
            make_unwithdrawable: request.ask.is_none() && !row.unwithdrawable,
        },
    }
}

#[cfg(test)]
mod tests {
    use model::{AskToken, Lane, ValueState};

    use super::super::fixtures::{NOW, cancelled, done, failed, queued, running};
    use super::*;

    #[test]
    fn a_submission_joins_unfinished_work_and_repeats_what_cannot_be_read() {
        let token = AskToken::random().expect("the system has randomness");
        let unwithdrawable = LockedRow { unwithdrawable: true, ..queued() };
        let join = |add_token, make_unwithdrawable| SubmitDecision::Join { add_token, make_unwithdrawable };
        for (row, ask, decision) in [
            (None, None, SubmitDecision::Insert),
            (None, Some(&token), SubmitDecision::Insert),
            (Some(queued()), None, join(false, true)),
            (Some(queued()), Some(&token), join(true, false)),
            (Some(running()), Some(&token), join(true, false)),
            (Some(unwithdrawable), None, join(false, false)),
            (Some(done(ValueState::Inline)), None, SubmitDecision::Known),
            (Some(done(ValueState::Object)), Some(&token), SubmitDecision::Known),
            (Some(done(ValueState::Evicted)), None, SubmitDecision::Requeue),
            (Some(failed()), None, SubmitDecision::Requeue),
            (Some(cancelled()), Some(&token), SubmitDecision::Requeue),
        ] {
            let request = NewCalculation {
                subject: queued().calculation.subject,
                digits: 3,
                lane: Lane::Long,
                ask: ask.cloned(),
                submitter: None,
                traceparent: None,
                now: NOW,
            };
            let state = row.as_ref().map(|row| row.calculation.state.clone());
            assert_eq!(decide_submit(row.as_ref(), &request), decision, "{state:?}, token: {}", ask.is_some());
        }
    }
}
