//! Known values on Redis, bounded in bytes for all processes together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Calculation, Clock, Subject};
use redis::{AsyncCommands, pipe};

use super::link::Link;
use crate::{CacheError, ValueCache, metrics};

/// A value nobody asks for is forgotten after so long.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// No larger one is kept; a value's text is part of a calculation up to 1,000 digits only.
const VALUE_BYTES: u64 = 2 * 1024;
/// What one value occupies at most, with its key, its place in the order, and Redis's own.
const ENTRY_BYTES: u64 = VALUE_BYTES + 512;

/// Known values on Redis, shared with every other process of the same prefix.
pub struct RedisValueCache {
    link: Link,
    prefix: String,
    order_key: String,
    capacity: u64,
    clock: Arc<dyn Clock>,
}

impl RedisValueCache {
    /// Known values under keys that begin with `prefix`, in at most `capacity_bytes` of Redis's memory, but
    /// room for one. Connects at the first call, and again after every trouble.
    ///
    /// With a `rediss` address the program must have installed a process-wide `rustls` provider before the first
    /// call: this crate brings none, and `rustls` panics without.
    ///
    /// The clock only orders the values by when they were asked for; hosts whose clocks differ evict a little
    /// out of order.
    pub fn new(client: redis::Client, prefix: &str, capacity_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        let capacity = (capacity_bytes / ENTRY_BYTES).max(1);
        let order_key = format!("{prefix}:v");
        Self { link: Link::new(client), prefix: prefix.to_owned(), order_key, capacity, clock }
    }

    fn key(&self, subject: &str) -> String {
        format!("{}:v:{subject}", self.prefix)
    }

    /// Deletes as many as there are too many, those first that were not asked for longest.
    async fn make_room(&self, surplus: u64) -> Result<(), CacheError> {
        let count = isize::try_from(surplus.min(1_000)).unwrap_or(isize::MAX);
        let oldest: Vec<(String, f64)> =
            self.link.call("put", async |mut redis| redis.zpopmin(&self.order_key, count).await).await?;
        let keys: Vec<String> = oldest.iter().map(|(subject, _)| self.key(subject)).collect();
        for _ in &keys {
            metrics::evicted();
        }
        if keys.is_empty() {
            return Ok(());
        }
        self.link.call("put", async |mut redis| redis.del(keys).await).await
    }
}

#[async_trait]
impl ValueCache for RedisValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        let subject = subject.to_string();
        let mut commands = pipe();
        commands.cmd("GETEX").arg(self.key(&subject)).arg("PX").arg(KEPT.as_millis());
        commands.cmd("ZADD").arg(&self.order_key).arg("XX").arg(self.clock.now().unix_ms()).arg(&subject).ignore();
        let (text,): (Option<String>,) =
            self.link.call("get", async |mut redis| commands.query_async(&mut redis).await).await?;
        // What another version wrote and this one cannot read is not at hand.
        let known = text.and_then(|text| serde_json::from_str(&text).ok());
        metrics::looked_up(known.is_some());
        Ok(known)
    }

    async fn put(&self, calculation: &Calculation) -> Result<(), CacheError> {
        if !calculation.is_readable() {
            return Ok(());
        }
        let text = serde_json::to_string(calculation).map_err(|error| CacheError::Unavailable(Box::new(error)))?;
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > VALUE_BYTES {
            return Ok(());
        }
        let (subject, now) = (calculation.subject.to_string(), self.clock.now().unix_ms());
        let kept_ms = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let mut commands = pipe();
        // Into the order first: a value that is in Redis and not in the order could not be evicted.
        commands.cmd("ZADD").arg(&self.order_key).arg(now).arg(&subject).ignore();
        commands.cmd("SET").arg(self.key(&subject)).arg(text).arg("PX").arg(kept_ms).ignore();
        commands.cmd("ZREMRANGEBYSCORE").arg(&self.order_key).arg("-inf").arg(now.saturating_sub(kept_ms)).ignore();
        commands.cmd("ZCARD").arg(&self.order_key);
        let (count,): (u64,) = self.link.call("put", async |mut redis| commands.query_async(&mut redis).await).await?;
        match count.saturating_sub(self.capacity) {
            0 => Ok(()),
            surplus => self.make_room(surplus).await,
        }
    }

    async fn forget(&self, subject: &Subject) -> Result<(), CacheError> {
        let subject = subject.to_string();
        let mut commands = pipe();
        commands.cmd("DEL").arg(self.key(&subject)).ignore();
        commands.cmd("ZREM").arg(&self.order_key).arg(&subject).ignore();
        self.link.call("forget", async |mut redis| commands.query_async(&mut redis).await).await
    }
}

impl fmt::Debug for RedisValueCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisValueCache")
            .field("prefix", &self.prefix)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CalculationState, Index, Timestamp};

    #[test]
    fn the_largest_calculation_with_its_text_is_small_enough() {
        let mut largest = crate::contract::done(i64::MIN);
        largest.subject = Subject::from(Index::new(i64::MIN));
        (largest.request_count, largest.digits, largest.attempt) = (u64::MAX, u64::MAX, u32::MAX);
        largest.asked_at = Timestamp::from_unix_ms(i64::MIN);
        if let CalculationState::Done { value, started_at, finished_at } = &mut largest.state {
            (*started_at, *finished_at) = (largest.asked_at, largest.asked_at);
            (value.size_bytes, value.compute_ms) = (u64::MAX, u64::MAX);
            value.text = Some(format!("-{}", "8".repeat(1_000)));
        }
        let size_bytes = serde_json::to_string(&largest).unwrap().len();
        assert!(u64::try_from(size_bytes).unwrap() <= VALUE_BYTES, "{size_bytes} bytes");
    }
}
