//! The record: who asked for what, what became of it, and the values.
//!
//! [`Store`] is the port. A commit in it is the acceptance of a calculation; everything else in the
//! system can be lost and is rebuilt from here. Long values lie beside it in [`Objects`].

mod error;
mod port;

pub use error::{BoxError, StoreError};
pub use port::{
    Acceptance, Accepted, Backlog, Claiming, InlineText, Lease, Placement, RecordedValue, Recording, Release, Renewal,
    Store, StoredObject, Unfinished, Withdrawal,
};
