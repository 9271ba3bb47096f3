//! The store: calculations, their states, and the values.
//!
//! [`Store`] is the port. A commit in it is the acceptance of a calculation; everything else in the system can be lost
//! and is rebuilt from here. Long values are objects beside it in [`Objects`]; [`Values`] reads and writes both.

mod backend;
mod batch;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
mod file_identity;
mod metrics;
mod objects;
mod operations;
mod port;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod rules;
mod sql;
mod sqlite;
mod values;

pub use error::{BoxError, StoreError};
pub use file_identity::FileIdentity;
pub use objects::{
    BLOCK_BYTES, BucketAccess, Digested, FoundFile, ObjectError, ObjectReader, Objects, OpenError, Place, PlaceError,
    Text, digest,
};
pub use port::{
    CompleteResult, CompletedValue, CountedList, InlineValue, Lease, LeaseResult, ListOrder, NewCalculation, Placement,
    QueueCounts, Release, RenewResult, Store, StoreLimits, StoredValue, SubmitResult, Unfinished, UnfinishedFilter,
    UnfinishedWork, WithdrawResult,
};
#[cfg(feature = "postgres")]
pub use postgres::{Migrations, PostgresSettings, PostgresStore, TlsMode};
pub use sqlite::SqliteStore;
pub use values::{AboveLimit, ValueError, ValueReader, Values, largest_value};
