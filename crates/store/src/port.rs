//! The port: what the record promises, whichever database is behind it.

use std::time::Duration;

use async_trait::async_trait;
use model::{
    AskToken, Calculation, CalculationId, Failure, Lane, Progress, Sha256, Subject, Timestamp, TraceContext,
    WaitingFor, WorkerId,
};

use crate::StoreError;

/// The record of calculations.
///
/// Every method is one transaction, holds no connection when it returns, and may be dropped at any
/// await: then it either happened whole or not at all. What it did is on disk when it returns `Ok`, so that
/// nobody is told what a power cut takes back; but for counts, renewals and times of reading, which keep
/// themselves up to date. Leases run by the database's clock.
#[async_trait]
pub trait Store: Send + Sync {
    /// Accepts a calculation. When this returns `Ok`, the row is on disk: that is the promise.
    ///
    /// A subject in the record already is not entered twice: known values come back as they are,
    /// work under way gets one asker more, and what failed, was cancelled or evicted is queued again.
    ///
    /// # Errors
    /// `QueueFull` and `Full` when nothing was stored for want of room, `Unavailable` when the record
    /// cannot be reached.
    async fn submit(&self, acceptance: &NewCalculation) -> Result<SubmitResult, StoreError>;

    /// The calculation of a subject; `None` if it was never asked for.
    async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError>;

    /// Up to `limit` calculations first asked before `before` (from the newest if `None`), newest first.
    /// Costs the same at any depth of the record. Short values (up to `Value::TEXT_DIGITS`) are included.
    async fn list(&self, before: Option<CalculationId>, limit: u32) -> Result<Vec<Calculation>, StoreError>;

    /// Adds to the counts of how often subjects were asked for. Entering a row counts as its first ask;
    /// every later one is counted here. Unknown subjects are left out.
    async fn add_requests(&self, asks: &[(Subject, u64)]) -> Result<(), StoreError>;

    /// Withdraws one ask. Work whose last ask is withdrawn becomes `cancelled`.
    async fn withdraw(&self, subject: &Subject, ask: &AskToken, now: Timestamp) -> Result<WithdrawResult, StoreError>;

    /// Up to `limit` calculations, after `after` in order of first asking, that nobody is known to work
    /// on: queued, or running under a lease that has ended. The sweep offers them again.
    async fn unfinished(&self, after: Option<CalculationId>, limit: u32) -> Result<Vec<Unfinished>, StoreError>;

    /// Takes a lease on work over [`model::LEASED_ABOVE`]: the row becomes `running` with a new fence.
    ///
    /// `lease` is doubled for each lease lost in a row, up to 60 s. A fifth lease lost in a row fails the row.
    async fn lease(
        &self,
        subject: &Subject,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<LeaseResult, StoreError>;

    /// Prolongs a lease from now by its own length and notes how far the work is.
    async fn renew(&self, lease: &Lease, progress: Progress) -> Result<RenewResult, StoreError>;

    /// Gives a leased row back to `queued`. Nothing happens if the lease is no longer ours (`false`).
    async fn release(&self, lease: &Lease, release: Release) -> Result<bool, StoreError>;

    /// Records a right value, whoever computed it and whatever became of the lease, if the row is not
    /// yet done. The same value again is no error.
    async fn complete(&self, recorded: &CompletedValue) -> Result<CompleteResult, StoreError>;

    /// Records a failure, if the lease is still ours (or the row is unleased and unfinished, when `lease`
    /// is `None`). Gives the row as it then is; `None` if it was not ours to fail.
    async fn fail(
        &self,
        subject: &Subject,
        lease: Option<&Lease>,
        failure: Failure,
        now: Timestamp,
    ) -> Result<Option<Calculation>, StoreError>;

    /// The text of a value that lies in the record; `None` if there is none.
    async fn inline_value(&self, subject: &Subject) -> Result<Option<InlineValue>, StoreError>;

    /// Notes that the values of these subjects were read, for the choice of what to evict.
    async fn touch(&self, subjects: &[Subject], now: Timestamp) -> Result<(), StoreError>;

    /// The bytes of all objects that rows point to.
    async fn object_bytes(&self) -> Result<u64, StoreError>;

    /// Up to `limit` stored objects, least recently read first.
    async fn lru_objects(&self, limit: u32) -> Result<Vec<StoredObject>, StoreError>;

    /// Notes that an object is gone to make room: facts stay, asking again computes again.
    async fn mark_evicted(&self, object: &StoredObject) -> Result<(), StoreError>;

    /// Notes that an object was found missing or corrupt and queues the calculation again; gives the row
    /// as it then is, `None` if the row did not point to that object any more.
    async fn mark_lost(&self, object: &StoredObject) -> Result<Option<Calculation>, StoreError>;

    /// How much waits, by lane. At most a second old.
    async fn backlog(&self) -> Result<QueueCounts, StoreError>;

    /// Whether the record answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// A request to enter a calculation.
#[derive(Clone, Debug)]
pub struct NewCalculation {
    /// What is asked for.
    pub subject: Subject,
    /// Decimal digits of |value|.
    pub digits: u64,
    /// The lane its work belongs in.
    pub lane: Lane,
    /// The asker's token, for work dear enough to be withdrawn.
    pub ask: Option<AskToken>,
    /// The trace of the request.
    pub traceparent: Option<TraceContext>,
    /// The present.
    pub now: Timestamp,
}

/// What acceptance found.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmitResult {
    /// The value is known and readable.
    Known(Calculation),
    /// Under way already.
    Pending(Calculation),
    /// Entered now (or queued again): offer it to the workers.
    Queued(Calculation),
}

/// What became of withdrawing an ask.
#[derive(Clone, Debug, PartialEq)]
pub enum WithdrawResult {
    /// That was the last ask: the work is cancelled.
    Cancelled(Calculation),
    /// Withdrawn, but others still ask.
    StillAsked(Calculation),
    /// The token is none of this calculation's.
    Forbidden,
    /// Finished, or too cheap to be withdrawn.
    Conflict(Calculation),
    /// Never asked for.
    Unknown,
}

/// A calculation that nobody is known to work on.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    /// Order of first asking.
    pub id: CalculationId,
    /// What to compute.
    pub subject: Subject,
    /// The lane chosen at acceptance.
    pub lane: Lane,
    /// Attempts so far.
    pub attempt: u32,
    /// When it was asked for; for what was queued again, when that was.
    pub asked_at: Timestamp,
    /// The trace of the request that asked.
    pub traceparent: Option<TraceContext>,
}

/// A right to report on a running row, good until it runs out or somebody takes the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// What is computed.
    pub subject: Subject,
    /// Rises at every lease of the row; a lower one is stale.
    pub fence: i64,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Attempts that ended in an error so far.
    pub errors: u32,
    /// How long it is good for without renewal.
    pub length: Duration,
}

/// What trying to take a lease found.
#[derive(Clone, Debug, PartialEq)]
pub enum LeaseResult {
    /// Ours; the row as it now is.
    Leased(Lease, Calculation),
    /// Another worker's lease has so long to run.
    Held {
        /// Until it runs out.
        remaining: Duration,
    },
    /// Nothing is left to do.
    Finished(Calculation),
    /// The leases lost in a row are too many: the row has just been failed.
    Poisoned(Calculation),
    /// No such row.
    Unknown,
}

/// What renewing a lease found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewResult {
    /// Still ours.
    Held,
    /// Run out and taken by another, or the row is finished: stop.
    Lost,
    /// All who asked have withdrawn: stop.
    Withdrawn,
}

/// Why a lease is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The worker shuts down: counts as nothing.
    HandBack,
    /// It must wait for something: counts as nothing.
    Waiting(WaitingFor),
    /// An error; it will be tried again.
    Error,
}

/// A value to record.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletedValue {
    /// Whose value.
    pub subject: Subject,
    /// SHA-256 of the text.
    pub sha256: Sha256,
    /// The first 20 digits.
    pub first_digits: String,
    /// The last 20 digits.
    pub last_digits: String,
    /// Decimal digits.
    pub digits: u64,
    /// Bytes of the text, sign included.
    pub size_bytes: u64,
    /// Where the text is.
    pub placement: Placement,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// The present.
    pub finished_at: Timestamp,
    /// Time spent computing, in milliseconds.
    pub compute_ms: u64,
}

/// Where the text of a recorded value goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Into the record, up to [`model::Value::INLINE_BYTES`].
    Inline(String),
    /// It is in the object store already, on disk.
    Object,
}

/// What recording a value found.
#[derive(Clone, Debug, PartialEq)]
pub enum CompleteResult {
    /// The row is done now.
    Recorded(Calculation),
    /// It was done already, with the same value.
    AlreadyKnown(Calculation),
    /// It differs from the SHA-256 known before. The row has been failed; nothing of this is served.
    Contradiction(Calculation),
    /// No such row.
    Unknown,
}

/// A value's text out of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineValue {
    /// The digits, with a leading `-` if negative.
    pub text: String,
    /// Its hash, which the backend has checked.
    pub sha256: Sha256,
}

/// A value's text in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Whose value.
    pub subject: Subject,
    /// Its hash, part of its name.
    pub sha256: Sha256,
    /// Its length.
    pub size_bytes: u64,
}

/// How much waits in each lane, shortest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Rows that are `queued`, per lane.
    pub queued: [u64; 3],
    /// Rows that are `running`, per lane.
    pub running: [u64; 3],
    /// When the longest waiting row of each lane was queued (last, if more than once).
    pub oldest_queued_at: [Option<Timestamp>; 3],
}
