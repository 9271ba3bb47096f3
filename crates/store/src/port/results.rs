//! Results of the store's calls.

use std::time::Duration;

use model::{Calculation, CalculationId, Lane, Sha256, Status, Subject, Submitter, Timestamp, TraceContext};

use super::Lease;

/// The result of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmitResult {
    /// The value is known and readable.
    Known(Calculation),
    /// The calculation is unfinished already.
    Pending(Calculation),
    /// The calculation was queued by this submission: enqueue its job.
    Queued(Calculation),
}

/// The result of withdrawing a request.
#[derive(Clone, Debug, PartialEq)]
pub enum WithdrawResult {
    /// It was the last request: the work is cancelled.
    Cancelled(Calculation),
    /// Withdrawn; other requests remain.
    StillAsked(Calculation),
    /// The token does not belong to this calculation.
    Forbidden,
    /// The calculation is finished, or too cheap to be withdrawn.
    Conflict(Calculation),
    /// The subject was never submitted.
    Unknown,
}

/// A calculation that no worker is known to work on.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Order of first submission.
    pub id: CalculationId,
    /// The subject.
    pub subject: Subject,
    /// The lane chosen at submission.
    pub lane: Lane,
    /// Attempts so far.
    pub attempt: u32,
    /// When it was last queued.
    pub queued_at: Timestamp,
    /// The submitter, if known.
    pub submitter: Option<Submitter>,
    /// The trace of the request that queued it.
    pub traceparent: Option<TraceContext>,
}

/// A calculation that is queued or running, for operators.
#[derive(Clone, Debug, PartialEq)]
pub struct UnfinishedWork {
    /// Order of first submission.
    pub id: CalculationId,
    /// The subject.
    pub subject: Subject,
    /// `queued` or `running`.
    pub status: Status,
    /// The lane chosen at submission.
    pub lane: Lane,
    /// When it was last queued.
    pub queued_at: Timestamp,
    /// The submitter, if known.
    pub submitter: Option<Submitter>,
}

/// The result of taking a lease.
#[derive(Clone, Debug, PartialEq)]
pub enum LeaseResult {
    /// The lease is taken; the row as it now is.
    Leased(Lease, Calculation),
    /// Another lease is held.
    Held {
        /// Time until it expires.
        remaining: Duration,
    },
    /// The calculation is finished.
    Finished(Calculation),
    /// Too many leases were lost in a row: the row has just been failed.
    Poisoned(Calculation),
    /// No such row.
    Unknown,
}

/// The result of renewing a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewResult {
    /// The lease is held.
    Held,
    /// The lease expired and another was taken, or the row is finished: stop.
    Lost,
    /// All requests were withdrawn: stop.
    Withdrawn,
}

/// The result of storing a value.
#[derive(Clone, Debug, PartialEq)]
pub enum CompleteResult {
    /// The row is done now.
    Recorded(Calculation),
    /// The row was done already, with the same value.
    AlreadyKnown(Calculation),
    /// The value differs from the SHA-256 known before. The row has been failed; neither value is served.
    Contradiction(Calculation),
    /// The row was cancelled or has failed. It stays so until someone submits it again.
    Ended(Calculation),
    /// No such row.
    Unknown,
}

/// A value's text from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineValue {
    /// The digits, with a leading `-` if negative.
    pub text: String,
    /// SHA-256 of the text, checked by the store.
    pub sha256: Sha256,
}

/// The number of unfinished calculations in each lane, shortest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Rows that are `queued`, by lane.
    pub queued: [u64; 3],
    /// Rows that are `running`, by lane.
    pub running: [u64; 3],
    /// When the longest waiting row of each lane was last queued.
    pub oldest_queued_at: [Option<Timestamp>; 3],
}
