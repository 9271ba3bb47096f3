//! The ports: the guarantees of every cache, event channel and set of buckets.

use std::fmt;
use std::net::IpAddr;
use std::slice;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use model::{Calculation, CalculationEvent, Subject, Timestamp};

use crate::CacheError;

/// A cache of finished calculations, bounded in bytes. The least recently used ones are evicted first.
///
/// Every method fails with [`CacheError::Unavailable`] if the backend does not answer.
///
/// ```
/// use cache::{MemoryValueCache, ValueCache};
/// use model::{Index, Subject};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cache::CacheError> {
/// let cache = MemoryValueCache::new(8 << 20);
/// assert_eq!(cache.get(&Subject::from(Index::new(10))).await?, None);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait ValueCache: Send + Sync {
    /// Returns the finished calculation of a subject, or `None` if it is not cached.
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError>;

    /// Caches a calculation like [`put_batch`](Self::put_batch).
    async fn put(&self, calculation: &Calculation) -> Result<(), CacheError> {
        self.put_batch(slice::from_ref(calculation)).await
    }

    /// Caches calculations that are done and readable, in few calls of the backend. Ignores others, because they may
    /// still change. After an error some of them may be cached.
    async fn put_batch(&self, calculations: &[Calculation]) -> Result<(), CacheError>;

    /// Removes a subject, because its value can no longer be read.
    async fn remove(&self, subject: &Subject) -> Result<(), CacheError>;
}

/// A channel of events, in the same order for every subscriber. It keeps the latest few thousand for replay.
///
/// Every method fails with [`CacheError::Unavailable`] if the backend does not answer.
///
/// ```
/// use std::time::Duration;
///
/// use cache::{EventChannel, MemoryEventChannel, Read};
/// use model::{CalculationEvent, Index, Progress, ProgressReport, Subject};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cache::CacheError> {
/// let channel = MemoryEventChannel::new(1_000);
/// let Read::Events { last: start, .. } = channel.read(None, Duration::ZERO).await? else { panic!("a gap") };
///
/// let progress = Progress { fraction: 0.5, remaining_ms: Some(120) };
/// let event = CalculationEvent::Progress(ProgressReport { subject: Subject::from(Index::new(10)), progress });
/// channel.publish(&event).await?;
///
/// let Read::Events { events, .. } = channel.read(Some(&start), Duration::ZERO).await? else { panic!("a gap") };
/// assert_eq!(events[0].1, event);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait EventChannel: Send + Sync {
    /// Publishes an event to every subscriber.
    async fn publish(&self, event: &CalculationEvent) -> Result<(), CacheError> {
        self.publish_batch(slice::from_ref(event)).await
    }

    /// Publishes events in this order, in few calls of the backend. After an error some of them may be published.
    async fn publish_batch(&self, events: &[CalculationEvent]) -> Result<(), CacheError>;

    /// Returns the events after `after`, in order, at most some hundreds at a time. Waits up to `wait` for the first.
    /// Without `after` it returns no events and the id of the latest one at once: start from there.
    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError>;
}

/// Buckets of seconds of work, one for each address. Each refills within a minute; one that is lost is full.
///
/// Every method fails with [`CacheError::Unavailable`] if the backend does not answer.
#[async_trait]
pub trait RateBuckets: Send + Sync {
    /// Takes the price of work from a bucket that holds `per_minute` seconds. A price above a whole bucket is taken
    /// from a full one, and leaves a debt.
    async fn take(
        &self,
        address: IpAddr,
        price: Duration,
        per_minute: f64,
        now: Timestamp,
    ) -> Result<PriceResult, CacheError>;

    /// Gives a price back that was taken, or a part of it.
    async fn give_back(&self, address: IpAddr, price: Duration, per_minute: f64) -> Result<(), CacheError>;
}

/// The result of taking a price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PriceResult {
    /// It was taken.
    Taken,
    /// The bucket has too little, and was not changed.
    Refused {
        /// The time after which the same price can be taken.
        retry_after: Duration,
    },
}

/// Returns the time in which a bucket refills by `missing` seconds of work.
pub(crate) fn wait_for(missing: f64, per_minute: f64) -> Duration {
    Duration::try_from_secs_f64(missing * 60.0 / per_minute).unwrap_or(Duration::from_secs(3_600))
}

/// The result of reading events.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// The events after the given id, possibly none.
    Events {
        /// The events with their ids.
        events: Vec<(EventId, CalculationEvent)>,
        /// The id to continue from.
        last: EventId,
    },
    /// The given id is of another epoch or no longer kept: some events are lost for this subscriber.
    Gap {
        /// The id to continue from.
        last: EventId,
    },
}

/// The id of an event: `<epoch>-<number>`. Numbers increase within an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The epoch of the channel; letters and digits.
    pub epoch: String,
    /// The number of the event in its epoch.
    pub number: u64,
}

/// Error for a text that is not an event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an event id like 0123abcd-42")]
pub struct EventIdError;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (epoch, number) = text.split_once('-').ok_or(EventIdError)?;
        if epoch.is_empty() || epoch.len() > 40 || !epoch.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(EventIdError);
        }
        let id = Self { epoch: epoch.to_owned(), number: number.parse().map_err(|_| EventIdError)? };
        // `+5` and `05` are numbers too.
        if id.to_string() == text { Ok(id) } else { Err(EventIdError) }
    }
}
