//! Buckets of work that all processes share.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use redis::Script;
use redis_link::RedisLink;

use super::{link, unavailable};
use crate::port::wait_for;
use crate::{CacheError, PriceResult, RateBuckets};

/// Buckets on Redis, shared by all processes with the same prefix. A bucket is deleted when it is full again.
pub struct RedisRateBuckets {
    link: RedisLink,
    prefix: String,
    take: Script,
    give_back: Script,
}

impl RedisRateBuckets {
    /// Creates buckets whose keys begin with `prefix`. It connects at the first call, and again after every error.
    pub fn new(client: redis::Client, prefix: &str) -> Self {
        let script = |body: &str| Script::new(&[include_str!("lua/bucket.lua"), body].join("\n"));
        Self {
            link: link(client),
            prefix: prefix.to_owned(),
            take: script(include_str!("lua/take.lua")),
            give_back: script(include_str!("lua/give_back.lua")),
        }
    }

    fn key(&self, address: IpAddr) -> String {
        format!("{}:rate:{address}", self.prefix)
    }
}

#[async_trait]
impl RateBuckets for RedisRateBuckets {
    async fn take(
        &self,
        address: IpAddr,
        price: Duration,
        per_minute: f64,
        now: Timestamp,
    ) -> Result<PriceResult, CacheError> {
        let mut script = self.take.key(self.key(address));
        script.arg(per_minute).arg(price.as_secs_f64()).arg(now.unix_ms());
        let missing: String = self.link.run("take", &script).await.map_err(|error| unavailable("take", error))?;
        match missing.parse() {
            Ok(missing) if missing > 0.0 => Ok(PriceResult::Refused { retry_after: wait_for(missing, per_minute) }),
            Ok(_) => Ok(PriceResult::Taken),
            Err(error) => Err(CacheError::Unavailable(Box::<std::num::ParseFloatError>::new(error))),
        }
    }

    async fn give_back(&self, address: IpAddr, price: Duration, per_minute: f64) -> Result<(), CacheError> {
        let mut script = self.give_back.key(self.key(address));
        script.arg(per_minute).arg(price.as_secs_f64());
        self.link.run::<u32>("give_back", &script).await.map(|_| ()).map_err(|error| unavailable("give_back", error))
    }
}
