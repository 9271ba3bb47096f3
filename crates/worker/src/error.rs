//! Errors of a worker.

use queue::QueueError;
use store::StoreError;

/// Why a job was not processed. The job is never lost: the queue or the sweep delivers it again.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The queue failed; pause, then continue.
    #[error("cannot use the queue")]
    Queue(#[from] QueueError),
    /// The store failed; pause, then continue.
    #[error("cannot use the store")]
    Store(#[from] StoreError),
    /// The system refused a thread; pause, then continue.
    #[error("cannot start a thread")]
    Threads(#[from] std::io::Error),
}
