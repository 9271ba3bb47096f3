//! EventChannel within one process: a ring of the latest, and a bell.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use model::CalculationEvent;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{CacheError, EventChannel, EventId, Read, metrics};

/// At most so many announcements come of one reading.
const AT_ONCE: usize = 256;

/// The latest announcements of this process.
#[derive(Debug)]
pub struct MemoryEventChannel {
    ring: Mutex<Ring>,
    rung: Notify,
    epoch: String,
    kept: usize,
}

#[derive(Debug, Default)]
struct Ring {
    /// The latest, the last of them numbered `last`.
    news: VecDeque<CalculationEvent>,
    last: u64,
}

impl MemoryEventChannel {
    /// A silent channel that keeps the latest `kept` announcements, at least one.
    pub fn new(kept: usize) -> Self {
        // The standard library's own randomness: it never fails, and an epoch need not be secret.
        let epoch = format!("{:016x}", RandomState::new().hash_one(kept));
        Self { ring: Mutex::default(), rung: Notify::new(), epoch, kept: kept.max(1) }
    }

    /// No call leaves the ring half changed, so a panic elsewhere need not end the channel.
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, number: u64) -> EventId {
        EventId { epoch: self.epoch.clone(), number }
    }

    fn read_now(&self, after: Option<&EventId>) -> Read {
        let ring = self.ring();
        let Some(after) = after else {
            return Read::Events { events: Vec::new(), last: self.place(ring.last) };
        };
        match ring.after(after.number).filter(|_| after.epoch == self.epoch) {
            Some(newer) => {
                let events: Vec<_> = newer.map(|(number, event)| (self.place(number), event.clone())).collect();
                let last = events.last().map_or_else(|| after.clone(), |(place, _)| place.clone());
                Read::Events { events, last }
            }
            None => {
                metrics::missed();
                Read::Gap { last: self.place(ring.last) }
            }
        }
    }
}

#[async_trait]
impl EventChannel for MemoryEventChannel {
    async fn announce(&self, announcement: &CalculationEvent) -> Result<(), CacheError> {
        self.ring().push(announcement.clone(), self.kept);
        metrics::announced();
        self.rung.notify_waiters();
        Ok(())
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
        let deadline = Instant::now() + wait.min(FAR);
        loop {
            // Subscribe before looking, so that an announcement between the two is not missed.
            let mut rung = std::pin::pin!(self.rung.notified());
            rung.as_mut().enable();

            let read = self.read_now(after);
            let nothing_yet = after.is_some() && matches!(&read, Read::Events { events, .. } if events.is_empty());
            if !nothing_yet || Instant::now() >= deadline {
                return Ok(read);
            }
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }
}

impl Ring {
    fn push(&mut self, announcement: CalculationEvent, kept: usize) {
        while self.news.len() >= kept {
            self.news.pop_front();
        }
        self.news.push_back(announcement);
        self.last = self.last.saturating_add(1);
    }

    /// What came after a number, with numbers; `None` if some of it is no longer kept, or the number is still to come.
    fn after(&self, number: u64) -> Option<impl Iterator<Item = (u64, &CalculationEvent)>> {
        let behind = usize::try_from(self.last.checked_sub(number)?).ok()?;
        let known = self.news.len().checked_sub(behind)?;
        Some((number.saturating_add(1)..).zip(self.news.iter().skip(known)).take(AT_ONCE))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::news;

    async fn announcements() -> (Arc<MemoryEventChannel>, ()) {
        (Arc::new(MemoryEventChannel::new(1_000)), ())
    }

    crate::contract::announcements_keep_the_contract!(announcements, [start_paused = true]);

    #[tokio::test]
    async fn the_oldest_place_kept_is_read_and_the_one_before_is_missed() {
        let channel = MemoryEventChannel::new(3);
        for n in 1..=5 {
            channel.announce(&news(n)).await.unwrap();
        }
        let Read::Events { events, last } = channel.read(Some(&channel.place(2)), Duration::ZERO).await.unwrap() else {
            panic!("all after the second are kept");
        };
        assert_eq!(events.iter().map(|(place, _)| place.number).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(last, channel.place(5));
        let missed = channel.read(Some(&channel.place(1)), Duration::ZERO).await.unwrap();
        assert_eq!(missed, Read::Gap { last: channel.place(5) });
    }

    #[tokio::test]
    async fn the_ring_stays_within_what_it_keeps() {
        let channel = MemoryEventChannel::new(0);
        for n in 0..100 {
            channel.announce(&news(n)).await.unwrap();
        }
        assert_eq!(channel.ring().news.len(), 1);
    }

    #[tokio::test]
    async fn every_channel_has_an_epoch_of_its_own_that_an_event_id_can_carry() {
        let (one, other) = (MemoryEventChannel::new(9).place(7), MemoryEventChannel::new(9).place(7));
        assert_ne!(one, other);
        assert_eq!(one.to_string().parse(), Ok(one));
    }
}
