//! Events within one process: a ring of the latest ones, and a notification.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use model::{CalculationEvent, new_epoch};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{CacheError, EventChannel, EventId, Read, metrics};

/// The most events that one read returns.
const READ_BATCH: usize = 256;

/// The latest events of this process.
#[derive(Debug)]
pub struct MemoryEventChannel {
    ring: Mutex<EventRing>,
    published: Notify,
    epoch: String,
    capacity: usize,
}

#[derive(Debug, Default)]
struct EventRing {
    /// The latest events, the last of them numbered `last`.
    events: VecDeque<CalculationEvent>,
    last: u64,
}

impl MemoryEventChannel {
    /// Creates an empty channel that keeps the latest `capacity` events, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self { ring: Mutex::default(), published: Notify::new(), epoch: new_epoch(), capacity }
    }

    fn id(&self, number: u64) -> EventId {
        EventId { epoch: self.epoch.clone(), number }
    }

    fn read_now(&self, after: Option<&EventId>) -> Read {
        let ring = self.ring.lock();
        let Some(after) = after else {
            return Read::Events { events: Vec::new(), last: self.id(ring.last) };
        };
        match ring.after(after.number).filter(|_| after.epoch == self.epoch) {
            Some(newer) => {
                let events: Vec<_> = newer.map(|(number, event)| (self.id(number), event.clone())).collect();
                let last = events.last().map_or_else(|| after.clone(), |(id, _)| id.clone());
                Read::Events { events, last }
            }
            None => {
                metrics::gap();
                Read::Gap { last: self.id(ring.last) }
            }
        }
    }
}

#[async_trait]
impl EventChannel for MemoryEventChannel {
    async fn publish_batch(&self, events: &[CalculationEvent]) -> Result<(), CacheError> {
        {
            let mut ring = self.ring.lock();
            for event in events {
                ring.push(event.clone(), self.capacity);
            }
        }
        metrics::published(events.len());
        self.published.notify_waiters();
        Ok(())
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
        let deadline = Instant::now() + wait.min(TEN_YEARS);
        loop {
            // Subscribe before looking, so that an event between the two is not missed.
            let mut published = std::pin::pin!(self.published.notified());
            published.as_mut().enable();

            let read = self.read_now(after);
            let is_empty = after.is_some() && matches!(&read, Read::Events { events, .. } if events.is_empty());
            if !is_empty || Instant::now() >= deadline {
                return Ok(read);
            }
            tokio::select! {
                () = published => {}
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }
}

impl EventRing {
    fn push(&mut self, event: CalculationEvent, capacity: usize) {
        while self.events.len() >= capacity {
            self.events.pop_front();
        }
        self.events.push_back(event);
        self.last = self.last.saturating_add(1);
    }

    /// Returns the events after a number with their own numbers, or `None` if some are no longer kept or the number
    /// is in the future.
    fn after(&self, number: u64) -> Option<impl Iterator<Item = (u64, &CalculationEvent)>> {
        let lag = usize::try_from(self.last.checked_sub(number)?).ok()?;
        let skipped = self.events.len().checked_sub(lag)?;
        Some((number.saturating_add(1)..).zip(self.events.iter().skip(skipped)).take(READ_BATCH))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::event;

    async fn event_channel() -> (Arc<MemoryEventChannel>, ()) {
        (Arc::new(MemoryEventChannel::new(1_000)), ())
    }

    crate::contract::event_channel_keeps_the_contract!(event_channel, [start_paused = true]);

    #[tokio::test]
    async fn the_oldest_kept_event_is_read_and_an_older_one_is_a_gap() {
        let channel = MemoryEventChannel::new(3);
        for n in 1..=5 {
            channel.publish(&event(n)).await.unwrap();
        }
        let Read::Events { events, last } = channel.read(Some(&channel.id(2)), Duration::ZERO).await.unwrap() else {
            panic!("all after the second are kept");
        };
        assert_eq!(events.iter().map(|(id, _)| id.number).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(last, channel.id(5));
        let missed = channel.read(Some(&channel.id(1)), Duration::ZERO).await.unwrap();
        assert_eq!(missed, Read::Gap { last: channel.id(5) });
    }

    #[tokio::test]
    async fn the_ring_stays_within_its_capacity() {
        let channel = MemoryEventChannel::new(0);
        for n in 0..100 {
            channel.publish(&event(n)).await.unwrap();
        }
        assert_eq!(channel.ring.lock().events.len(), 1);
    }

    #[tokio::test]
    async fn every_channel_has_an_epoch_of_its_own_that_an_event_id_can_carry() {
        let (one, other) = (MemoryEventChannel::new(9).id(7), MemoryEventChannel::new(9).id(7));
        assert_ne!(one, other);
        assert_eq!(one.to_string().parse(), Ok(one));
    }
}
