//! The backends of one process, as the API and the worker see them.

use std::sync::Arc;

use cache::{EventChannel, RateBuckets, ValueCache};
use model::Clock;
use queue::JobQueue;
use store::{Store, Values};

/// Every port of one process. A clone refers to the same backends.
#[derive(Clone)]
pub struct Ports {
    /// Calculations and their status.
    pub store: Arc<dyn Store>,
    /// Digits of finished calculations, inline or in the object store.
    pub values: Values,
    /// Jobs from the API to the workers.
    pub queue: Arc<dyn JobQueue>,
    /// Finished calculations.
    pub cache: Arc<dyn ValueCache>,
    /// Live events from workers to subscribers.
    pub events: Arc<dyn EventChannel>,
    /// The work that each address has requested from all processes; `None` if there is one process.
    pub rates: Option<Arc<dyn RateBuckets>>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}
