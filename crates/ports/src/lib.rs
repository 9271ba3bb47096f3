//! The backends of one process, as the API and the worker see them.

use std::sync::Arc;

use cache::{EventChannel, RateBuckets, ValueCache};
use model::Clock;
use queue::JobQueue;
use store::{Store, Values};
use tokio::sync::watch;

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
    /// The server and the data that the store reaches, `None` while unknown, if another may take their place.
    pub incarnation: Option<watch::Receiver<Option<Arc<str>>>>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
}
