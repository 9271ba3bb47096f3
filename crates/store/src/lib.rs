//! The record: who asked for what, what became of it, and the values.
//!
//! [`Store`] is the port. A commit in it is the acceptance of a calculation; everything else in the
//! system can be lost and is rebuilt from here. Long values lie beside it in [`Objects`], and [`Values`]
//! knows which lie where.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
mod limits;
mod metrics;
mod objects;
mod port;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod rules;
mod sqlite;
mod values;

pub use error::{BoxError, StoreError};
pub use limits::StoreLimits;
pub use objects::{
    BLOCK_BYTES, BucketAccess, Digested, FoundFile, ObjectError, ObjectReader, Objects, OpenError, Place, PlaceError,
    Text, digest,
};
pub use port::{
    CompleteResult, CompletedValue, InlineValue, Lease, LeaseResult, NewCalculation, Placement, QueueCounts, Release,
    RenewResult, Store, StoredObject, SubmitResult, Unfinished, WithdrawResult,
};
#[cfg(feature = "postgres")]
pub use postgres::{Migrations, PostgresSettings, PostgresStore, TlsMode};
pub use sqlite::SqliteStore;
pub use values::{AboveLimit, ValueError, ValueReader, Values};
