//! EventChannel to every process, over a stream.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use async_trait::async_trait;
use model::CalculationEvent;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, RedisResult, Script, ScriptInvocation};
use tokio::time::{Instant, sleep};

use super::link::{Link, patiently};
use crate::{CacheError, EventChannel, EventId, Read, metrics};

/// At most so many announcements come of one reading.
const AT_ONCE: u32 = 256;
/// A waiting reader looks so often whether the channel has begun another life.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A reading that fails takes at least so long, if it may, so that whoever repeats it does not spin.
const PAUSE: Duration = Duration::from_millis(250);

/// EventChannel on Redis, shared with every other process of the same prefix.
pub struct RedisEventChannel {
    link: Link,
    keys: [String; 2],
    kept: u64,
    announce: Script,
    read: Script,
}

/// What Redis says of a place: the channel's epoch, its last number, whether something was missed, and the news.
type Answer = (String, u64, bool, Vec<(u64, String)>);

impl RedisEventChannel {
    /// A channel under keys that begin with `prefix`, which keeps about the latest `kept` announcements. Connects at
    /// the first call, and again after every trouble; every reader that waits has a connection of its own.
    ///
    /// With a `rediss` address the program must have installed a process-wide `rustls` provider before the first
    /// call: this crate brings none, and `rustls` panics without.
    pub fn new(client: redis::Client, prefix: &str, kept: u64) -> Self {
        Self {
            link: Link::new(client),
            // The braces put both keys into one slot, should Redis be a cluster.
            keys: ["epoch", "events"].map(|name| format!("{prefix}:{{e}}:{name}")),
            kept: kept.max(1),
            announce: Script::new(concat!(include_str!("lua/prelude.lua"), "\n", include_str!("lua/announce.lua"))),
            read: Script::new(concat!(include_str!("lua/prelude.lua"), "\n", include_str!("lua/read.lua"))),
        }
    }

    fn prepare<'a>(&'a self, script: &'a Script) -> ScriptInvocation<'a> {
        let mut script = script.key(&self.keys);
        // A name for the channel's life, should this call be the first of it. The standard library's own
        // randomness never fails, and an epoch need not be secret.
        script.arg(format!("{:016x}", RandomState::new().hash_one("epoch")));
        script
    }

    async fn look_and_wait(
        &self,
        redis: &mut MultiplexedConnection,
        after: &EventId,
        wait: Duration,
    ) -> RedisResult<Read> {
        let began = Instant::now();
        loop {
            let mut script = self.prepare(&self.read);
            script.arg(&after.epoch).arg(after.number).arg(AT_ONCE);
            let answer: Answer = patiently(Duration::ZERO, script.invoke_async(redis)).await?;
            let left = wait.saturating_sub(began.elapsed());
            let (_, last, is_missed, _) = &answer;
            if *is_missed || *last > after.number || left.is_zero() {
                return Ok(read(answer, after));
            }
            self.wait(redis, after, left.min(LOOK_EVERY)).await?;
        }
    }

    /// Waits until something comes after a place. What it is, the next look tells.
    async fn wait(&self, redis: &mut MultiplexedConnection, after: &EventId, block: Duration) -> RedisResult<()> {
        let block_ms = usize::try_from(block.as_millis().max(1)).unwrap_or(usize::MAX);
        let options = StreamReadOptions::default().count(1).block(block_ms);
        let place = format!("{}-1", after.number);
        let [_, events_key] = &self.keys;
        let _woken: Option<StreamReadReply> =
            patiently(block, redis.xread_options(&[events_key], &[place], &options)).await?;
        Ok(())
    }
}

#[async_trait]
impl EventChannel for RedisEventChannel {
    async fn announce(&self, announcement: &CalculationEvent) -> Result<(), CacheError> {
        let text = serde_json::to_string(announcement).map_err(|error| CacheError::Unavailable(Box::new(error)))?;
        let mut script = self.prepare(&self.announce);
        script.arg(text).arg(self.kept);
        let _: u32 = self.link.call("announce", async |mut redis| script.invoke_async(&mut redis).await).await?;
        metrics::announced();
        Ok(())
    }

    async fn read(&self, after: Option<&EventId>, wait: Duration) -> Result<Read, CacheError> {
        let Some(after) = after else {
            let script = self.prepare(&self.read);
            let (epoch, number, ..): Answer =
                self.link.call("read", async |mut redis| script.invoke_async(&mut redis).await).await?;
            return Ok(Read::Events { events: Vec::new(), last: EventId { epoch, number } });
        };
        let read = self.link.call_alone("read", async |redis| self.look_and_wait(redis, after, wait).await).await;
        if read.is_err() {
            sleep(PAUSE.min(wait)).await;
        }
        read
    }
}

fn read((epoch, last, is_missed, news): Answer, after: &EventId) -> Read {
    let place = |number| EventId { epoch: epoch.clone(), number };
    if is_missed {
        metrics::missed();
        return Read::Gap { last: place(last) };
    }
    let last = place(news.last().map_or(after.number, |(number, _)| *number));
    // What only a newer version can say is passed over.
    let news = news.into_iter().filter_map(|(number, text)| Some((place(number), serde_json::from_str(&text).ok()?)));
    Read::Events { events: news.collect(), last }
}

impl fmt::Debug for RedisEventChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisEventChannel").field("keys", &self.keys).finish_non_exhaustive()
    }
}
