//! Why a step came to nothing.

use queue::QueueError;
use store::StoreError;

/// Why a step came to nothing. The job is not lost in any case: it comes again, by the queue or by the sweep.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The queue did not serve; pause, then go on.
    #[error("the queue did not serve the worker")]
    Queue(#[from] QueueError),
    /// The record did not serve; pause, then go on.
    #[error("the record did not serve the worker")]
    Store(#[from] StoreError),
    /// The system refused a thread; pause, then go on.
    #[error("no thread to compute on")]
    Threads(#[from] std::io::Error),
}
