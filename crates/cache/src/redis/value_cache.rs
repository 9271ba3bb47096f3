//! Cached values on Redis, bounded in bytes for all processes together.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Calculation, Clock, Subject};
use redis::{AsyncCommands, FromRedisValue, Pipeline, pipe};
use redis_link::RedisLink;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{checked, link, unavailable};
use crate::{CacheError, ValueCache, metrics};

/// A value expires this long after its last use.
const CACHE_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// The largest value that is cached; a calculation includes its text up to 1,000 digits only.
const MAX_VALUE_BYTES: u64 = 2 * 1024;
/// The most that a value occupies, with its key, its place in the sorted set, and the overhead of Redis.
const ENTRY_BYTES: u64 = MAX_VALUE_BYTES + 512;

/// A cache on Redis, shared by all processes with the same prefix.
pub struct RedisValueCache {
    link: RedisLink,
    prefix: String,
    order_key: String,
    capacity: u64,
    clock: Arc<dyn Clock>,
    store: watch::Receiver<Option<Arc<str>>>,
}

/// A value as Redis keeps it. One without the store that it is from, as earlier versions wrote it, cannot be read.
#[derive(Deserialize, Serialize)]
struct CachedValue<T> {
    /// Which data the store had when the value was cached.
    store: String,
    calculation: T,
}

impl RedisValueCache {
    /// Creates a cache whose keys begin with `prefix` and which holds at most `capacity_bytes`, but at least one
    /// value. It connects at the first call, and again after every error.
    ///
    /// `store` says which data the store holds at present. Values are found only while it is what it was when they
    /// were cached; while it is `None` nothing is found or cached. So a store that was replaced by an older one is
    /// not contradicted.
    ///
    /// The clock only orders values by their last use; hosts whose clocks differ evict slightly out of order.
    pub fn new(
        client: redis::Client,
        prefix: &str,
        capacity_bytes: u64,
        clock: Arc<dyn Clock>,
        store: watch::Receiver<Option<Arc<str>>>,
    ) -> Self {
        let capacity = (capacity_bytes / ENTRY_BYTES).max(1);
        let order_key = format!("{prefix}:v");
        Self { link: link(client), prefix: prefix.to_owned(), order_key, capacity, clock, store }
    }

    fn store(&self) -> Option<Arc<str>> {
        self.store.borrow().clone()
    }

    fn key(&self, subject: &str) -> String {
        format!("{}:v:{subject}", self.prefix)
    }

    async fn run<T: FromRedisValue>(&self, call: &'static str, commands: &Pipeline) -> Result<T, CacheError> {
        let answer = self.link.call("PIPELINE", call, async |mut redis| commands.query_async(&mut redis).await).await;
        answer.map_err(|error| unavailable(call, error))
    }

    /// Deletes the `surplus` least recently used values.
    async fn evict(&self, surplus: u64) -> Result<(), CacheError> {
        let count = isize::try_from(surplus.min(1_000)).unwrap_or(isize::MAX);
        let oldest =
            self.link.call("ZPOPMIN", "put", async |mut redis| redis.zpopmin(&self.order_key, count).await).await;
        let oldest: Vec<(String, f64)> = oldest.map_err(|error| unavailable("put", error))?;
        if oldest.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = oldest.iter().map(|(subject, _)| self.key(subject)).collect();
        for _ in &keys {
            metrics::evicted();
        }
        self.run("put", pipe().del(keys).ignore()).await
    }
}

#[async_trait]
impl ValueCache for RedisValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        if self.store().is_none() {
            metrics::looked_up(false);
            return Ok(None);
        }
        let subject = subject.to_string();
        let mut commands = pipe();
        commands.cmd("GETEX").arg(self.key(&subject)).arg("PX").arg(CACHE_TTL.as_millis());
        let (text,): (Option<String>,) = self.run("get", &commands).await?;
        if text.is_some() {
            // New numbers are looked up too, and spared this command.
            let mut commands = pipe();
            commands.cmd("ZADD").arg(&self.order_key).arg("XX").arg(self.clock.now().unix_ms()).arg(&subject).ignore();
            self.run::<()>("get", &commands).await?;
        }
        // A value that is damaged, or that another version wrote and this one cannot read, is a miss.
        let cached: Option<CachedValue<Calculation>> = text.and_then(|text| checked::decode(&text).ok());
        // Compared after the lookup, during which the store may have been replaced.
        let store = self.store();
        let cached =
            cached.filter(|cached| Some(cached.store.as_str()) == store.as_deref()).map(|cached| cached.calculation);
        metrics::looked_up(cached.is_some());
        Ok(cached)
    }

    async fn put_batch(&self, calculations: &[Calculation]) -> Result<(), CacheError> {
        let Some(store) = self.store() else { return Ok(()) };
        let mut values = Vec::with_capacity(calculations.len());
        for calculation in calculations.iter().filter(|calculation| calculation.is_readable()) {
            let text = checked::encode(&CachedValue { store: store.to_string(), calculation })
                .map_err(|error| CacheError::Unavailable(Box::new(error)))?;
            if u64::try_from(text.len()).is_ok_and(|size_bytes| size_bytes <= MAX_VALUE_BYTES) {
                values.push((calculation.subject.to_string(), text));
            }
        }
        if values.is_empty() {
            return Ok(());
        }
        let now = self.clock.now().unix_ms();
        let ttl_ms = i64::try_from(CACHE_TTL.as_millis()).unwrap_or(i64::MAX);
        let mut commands = pipe();
        // The order comes first: a value without a place in it could not be evicted.
        commands.cmd("ZADD").arg(&self.order_key);
        for (subject, _) in &values {
            commands.arg(now).arg(subject);
        }
        commands.ignore();
        for (subject, text) in values {
            commands.cmd("SET").arg(self.key(&subject)).arg(text).arg("PX").arg(ttl_ms).ignore();
        }
        commands.cmd("ZREMRANGEBYSCORE").arg(&self.order_key).arg("-inf").arg(now.saturating_sub(ttl_ms)).ignore();
        commands.cmd("ZCARD").arg(&self.order_key);
        let (count,): (u64,) = self.run("put", &commands).await?;
        match count.saturating_sub(self.capacity) {
            0 => Ok(()),
            surplus => self.evict(surplus).await,
        }
    }

    async fn remove(&self, subject: &Subject) -> Result<(), CacheError> {
        let subject = subject.to_string();
        let mut commands = pipe();
        commands.cmd("DEL").arg(self.key(&subject)).ignore();
        commands.cmd("ZREM").arg(&self.order_key).arg(&subject).ignore();
        self.run("remove", &commands).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{CalculationState, Index, Timestamp};

    #[test]
    fn the_largest_calculation_with_its_text_is_cached() {
        let mut largest = crate::contract::done(i64::MIN);
        largest.subject = Subject::from(Index::new(i64::MIN));
        (largest.request_count, largest.digits, largest.attempt) = (u64::MAX, u64::MAX, u32::MAX);
        largest.asked_at = Timestamp::from_unix_ms(i64::MIN);
        largest.queued_at = Some(largest.asked_at);
        if let CalculationState::Done { value, started_at, finished_at } = &mut largest.state {
            (*started_at, *finished_at) = (largest.asked_at, largest.asked_at);
            (value.size_bytes, value.compute_ms) = (u64::MAX, u64::MAX);
            value.text = Some(format!("-{}", "8".repeat(1_000)));
        }
        let numbers = [u64::MAX, u64::from(u32::MAX), u64::from(u32::MAX), u64::from(u32::MAX)];
        let store = numbers.map(|number| number.to_string()).join("-");
        let size_bytes = checked::encode(&CachedValue { store, calculation: largest }).unwrap().len();
        assert!(u64::try_from(size_bytes).unwrap() <= MAX_VALUE_BYTES, "{size_bytes} bytes");
    }
}
