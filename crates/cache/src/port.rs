//! The ports: what a cache and a channel of announcements promise.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use model::{Calculation, CalculationEvent, Subject};

use crate::CacheError;

/// Finished calculations near at hand. Bounded in bytes; what is rarely asked for goes first.
#[async_trait]
pub trait ValueCache: Send + Sync {
    /// The finished calculation of a subject, if it is at hand.
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError>;

    /// Keeps a calculation that is done and readable; any other is refused silently, since it may change.
    async fn put(&self, calculation: &Calculation) -> Result<(), CacheError>;

    /// Forgets a subject, because its value can no longer be read.
    async fn forget(&self, subject: &Subject) -> Result<(), CacheError>;
}

/// News, in one order for everybody, the latest few thousand of them kept to be read again.
#[async_trait]
pub trait EventChannel: Send + Sync {
    /// Tells everybody.
    async fn announce(&self, announcement: &CalculationEvent) -> Result<(), CacheError>;

    /// What was announced after `after`, in order, at most some hundreds at a time; waits up to `wait`
    /// for the first. With `None`, nothing but the present place in the order: start from there.
    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError>;
}

/// What reading announcements found.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// These came after, possibly none; go on from `last`.
    Events {
        /// The events with their positions.
        events: Vec<(EventId, CalculationEvent)>,
        /// The place to read on from.
        last: EventId,
    },
    /// The place is of another life of the channel, or no longer kept: something was missed for good.
    Gap {
        /// The place to go on from.
        last: EventId,
    },
}

/// A place in the order of announcements: `<epoch>-<number>`, numbers rising within an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The life of the channel; letters and digits.
    pub epoch: String,
    /// The place in it.
    pub number: u64,
}

/// A text that is no place in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an event id")]
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
        let number = number.parse().map_err(|_| EventIdError)?;
        Ok(Self { epoch: epoch.to_owned(), number })
    }
}
