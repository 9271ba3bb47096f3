//! Arguments of the store's calls.

use std::time::Duration;

use model::{AskToken, CalculationId, Lane, Sha256, Status, Subject, Submitter, Timestamp, TraceContext, WaitingFor};

/// The limits of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// Maximum number of queued and running calculations; further ones are refused. Default: 100,000.
    ///
    /// Processes that share a PostgreSQL database count independently: together they may exceed the limit by one
    /// batch (256 calculations) for each process beyond the first.
    pub max_queued: u64,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self { max_queued: 100_000 }
    }
}

/// A calculation to submit.
#[derive(Clone, Debug)]
pub struct NewCalculation {
    /// The subject.
    pub subject: Subject,
    /// Decimal digits of |value|.
    pub digits: u64,
    /// The lane of its job.
    pub lane: Lane,
    /// The requester's token, for work expensive enough to be withdrawn.
    pub ask: Option<AskToken>,
    /// The submitter; kept until the calculation ends.
    pub submitter: Option<Submitter>,
    /// The trace of the request.
    pub traceparent: Option<TraceContext>,
    /// The current time.
    pub now: Timestamp,
}

/// A filter of unfinished calculations. The default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnfinishedFilter {
    /// Only this lane.
    pub lane: Option<Lane>,
    /// Only `queued` or only `running` ones.
    pub status: Option<Status>,
    /// Only what this submitter queued.
    pub submitter: Option<Submitter>,
    /// Only F(n) with indexes of at least this size, negative ones too.
    pub min_index: Option<u64>,
    /// Only what was queued before this time.
    pub queued_before: Option<Timestamp>,
}

/// The calculations of a list, their order, and the one after which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListOrder {
    /// F(n), newest first.
    Newest {
        /// First submitted before this one.
        before: Option<CalculationId>,
    },
    /// Of all subjects those that are queued or running, newest first.
    Unfinished {
        /// First submitted before this one.
        before: Option<CalculationId>,
    },
    /// All other subjects, newest first.
    Others {
        /// First submitted before this one.
        before: Option<CalculationId>,
    },
    /// F(n), the largest |index| first; of two that differ in their sign, the positive one.
    Largest {
        /// After this index.
        after: Option<i64>,
    },
    /// F(n), by their index.
    Index {
        /// From this index on.
        from: i64,
    },
}

/// A list whose calculations are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CountedList {
    /// Of F(n).
    Numbers,
    /// Of F(n), from this index on.
    From(i64),
    /// Of all other subjects.
    Others,
    /// Of all subjects those that are queued or running.
    Unfinished,
}

/// The right to work on a running row until it expires or another lease is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The subject of the work.
    pub subject: Subject,
    /// Rises with every lease of the row; a lower one is stale.
    pub fence: i64,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// Attempts that ended in an error so far.
    pub errors: u32,
    /// The length without renewal.
    pub length: Duration,
}

/// Why a lease is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The worker shuts down; not counted.
    HandBack,
    /// The work must wait for something; not counted.
    Waiting(WaitingFor),
    /// An error; the work will be retried.
    Error,
}

/// A computed value.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletedValue {
    /// The subject of the value.
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
    /// The location of the text.
    pub placement: Placement,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// The current time.
    pub finished_at: Timestamp,
    /// Time spent computing, in milliseconds.
    pub compute_ms: u64,
}

/// The location of a value's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In the database, up to [`model::Value::INLINE_BYTES`].
    Inline(String),
    /// In the object store; it is durable there already.
    Object,
}

/// The text of a value, in the database or the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    /// The subject of the value.
    pub subject: Subject,
    /// SHA-256 of the text, part of the object's name.
    pub sha256: Sha256,
    /// Bytes of the text.
    pub size_bytes: u64,
}
