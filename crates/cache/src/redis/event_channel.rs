//! Events between processes, over a stream.

use std::time::Duration;

use async_trait::async_trait;
use model::{CalculationEvent, new_epoch};
use parking_lot::Mutex;
use redis::streams::{StreamId, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, Script, ScriptInvocation};
use redis_link::{ExclusiveConnection, LinkError, RedisLink};
use tokio::time::{Instant, sleep};

use super::checked::{self, Unreadable};
use super::{link, unavailable};
use crate::{CacheError, EventChannel, EventId, Read, metrics};

/// The most events that one read returns.
const READ_BATCH: u32 = 256;
/// Maximum number of events per call. Redis runs no other command during a call, which takes about a millisecond.
const PUBLISH_BATCH: usize = 256;
/// Interval at which a waiting read looks for a new epoch.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Minimum duration of a failing read, so that a caller that repeats it does not spin.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);

/// An event channel on Redis, shared by all processes with the same prefix.
pub struct RedisEventChannel {
    link: RedisLink,
    keys: [String; 2],
    capacity: u64,
    publish: Script,
    read: Script,
    /// The epoch that the script last found, and when. Between two looks, events are read without it.
    checked: Mutex<Option<(String, Instant)>>,
}

/// The answer of the script: the epoch, the last number, whether there is a gap, and the events.
type ReadAnswer = (String, u64, bool, Vec<(u64, String)>);

impl RedisEventChannel {
    /// Creates a channel whose keys begin with `prefix` and which keeps about the latest `capacity` events. It
    /// connects at the first call, and again after every error; every waiting read has a connection of its own.
    pub fn new(client: redis::Client, prefix: &str, capacity: u64) -> Self {
        Self {
            link: link(client),
            keys: ["epoch", "events"].map(|name| format!("{prefix}:{{e}}:{name}")),
            capacity: capacity.max(1),
            publish: Script::new(concat!(include_str!("lua/prelude.lua"), "\n", include_str!("lua/publish.lua"))),
            read: Script::new(concat!(include_str!("lua/prelude.lua"), "\n", include_str!("lua/read.lua"))),
            checked: Mutex::default(),
        }
    }

    fn prepare<'a>(&'a self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut script = script.key(&self.keys);
        script.arg(new_epoch());
        script
    }

    async fn read_or_wait(
        &self,
        redis: &mut ExclusiveConnection,
        after: &EventId,
        wait: Duration,
    ) -> Result<Read, LinkError> {
        let began = Instant::now();
        if self.is_checked(after)
            && !wait.is_zero()
            && let Some(read) = self.next_events(redis, after, wait.min(POLL_INTERVAL)).await?
        {
            return Ok(read);
        }
        loop {
            let mut script = self.prepare(&self.read);
            script.arg(&after.epoch).arg(after.number).arg(READ_BATCH);
            let answer: ReadAnswer = redis.run(&script).await?;
            let remaining = wait.saturating_sub(began.elapsed());
            let (epoch, last, is_gap, _) = &answer;
            *self.checked.lock() = Some((epoch.clone(), Instant::now()));
            if *is_gap || *last > after.number || remaining.is_zero() {
                return Ok(decode(answer, after));
            }
            if let Some(read) = self.next_events(redis, after, remaining.min(POLL_INTERVAL)).await? {
                return Ok(read);
            }
        }
    }

    /// Returns whether a script has just found the events complete in this epoch.
    fn is_checked(&self, after: &EventId) -> bool {
        let checked = self.checked.lock();
        checked.as_ref().is_some_and(|(epoch, at)| *epoch == after.epoch && at.elapsed() < POLL_INTERVAL)
    }

    /// Waits for the events after the given one. Returns `None` if none came, or if the script has to look: the first
    /// of them is not the next number.
    async fn next_events(
        &self,
        redis: &mut ExclusiveConnection,
        after: &EventId,
        block: Duration,
    ) -> Result<Option<Read>, LinkError> {
        let block_ms = usize::try_from(block.as_millis().max(1)).unwrap_or(usize::MAX);
        let options = StreamReadOptions::default().count(READ_BATCH as usize).block(block_ms);
        let (key, id) = ([&self.keys[1]], [format!("{}-1", after.number)]);
        let read: Option<StreamReadReply> =
            redis.block(block, |redis| redis.xread_options(&key, &id, &options)).await?;
        let entries = read.into_iter().flat_map(|read| read.keys).flat_map(|stream| stream.ids);
        let event = |entry: StreamId| {
            let number: u64 = entry.id.split('-').next()?.parse().ok()?;
            Some((number, entry.get::<String>("a")?))
        };
        let events: Vec<(u64, String)> = entries.map_while(event).collect();
        let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else { return Ok(None) };
        if *first != after.number.saturating_add(1) {
            return Ok(None);
        }
        let answer = (after.epoch.clone(), *last, false, events);
        Ok(Some(decode(answer, after)))
    }
}

#[async_trait]
impl EventChannel for RedisEventChannel {
    async fn publish_batch(&self, events: &[CalculationEvent]) -> Result<(), CacheError> {
        for events in events.chunks(PUBLISH_BATCH) {
            let mut script = self.prepare(&self.publish);
            script.arg(self.capacity);
            for event in events {
                let text = checked::encode(event).map_err(|error| CacheError::Unavailable(Box::new(error)))?;
                script.arg(text);
            }
            self.link.run::<u32>("publish", &script).await.map_err(|error| unavailable("publish", error))?;
            metrics::published(events.len());
        }
        Ok(())
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        let Some(after) = after else {
            let answer = self.link.run::<ReadAnswer>("read", &self.prepare(&self.read)).await;
            let (epoch, number, ..) = answer.map_err(|error| unavailable("read", error))?;
            return Ok(Read::Events { events: Vec::new(), last: EventId { epoch, number } });
        };
        match self.link.call_exclusive(async |redis| self.read_or_wait(redis, after, wait).await).await {
            Ok(read) => Ok(read),
            Err(error) => {
                *self.checked.lock() = None;
                sleep(FAILURE_PAUSE.min(wait)).await;
                Err(unavailable("read", error))
            }
        }
    }
}

fn decode((epoch, last, is_gap, events): ReadAnswer, after: &EventId) -> Read {
    let id = |number| EventId { epoch: epoch.clone(), number };
    if is_gap {
        metrics::gap();
        return Read::Gap { last: id(last) };
    }
    let last = id(events.last().map_or(after.number, |(number, _)| *number));
    let mut read = Vec::with_capacity(events.len());
    for (number, text) in events {
        match checked::decode(&text) {
            Ok(event) => read.push((id(number), event)),
            // Subscribers load everything again.
            Err(Unreadable::Damaged) => return Read::Gap { last },
            // An event that only a newer version can read is skipped.
            Err(Unreadable::Unknown) => {}
        }
    }
    Read::Events { events: read, last }
}
