//! Buckets of work in this process.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use parking_lot::Mutex;

use crate::port::wait_for;
use crate::{CacheError, PriceResult, RateBuckets};

/// Addresses with a bucket; beyond, the fullest buckets are removed first.
const MAX_ADDRESSES: usize = 10_000;

/// Buckets in this process, of a bounded number of addresses.
#[derive(Default)]
pub struct MemoryRateBuckets {
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Seconds of work left at `at`. Negative after work that costs more than a whole bucket.
    left: f64,
    at: Timestamp,
}

impl Bucket {
    fn left(&self, per_minute: f64, now: Timestamp) -> f64 {
        (self.left + now.since(self.at).as_secs_f64() * per_minute / 60.0).min(per_minute)
    }
}

impl MemoryRateBuckets {
    /// Does what [`RateBuckets::take`] does, without waiting.
    pub fn take_now(&self, address: IpAddr, price: Duration, per_minute: f64, now: Timestamp) -> PriceResult {
        let mut buckets = self.buckets.lock();
        if buckets.len() >= MAX_ADDRESSES && !buckets.contains_key(&address) {
            evict(&mut buckets, per_minute, now);
        }
        let bucket = buckets.entry(address).or_insert(Bucket { left: per_minute, at: now });
        let (left, price) = (bucket.left(per_minute, now), price.as_secs_f64());
        let needed = price.min(per_minute);
        if left < needed {
            return PriceResult::Refused { retry_after: wait_for(needed - left, per_minute) };
        }
        *bucket = Bucket { left: left - price, at: bucket.at.max(now) };
        PriceResult::Taken
    }

    /// Does what [`RateBuckets::give_back`] does, without waiting.
    pub fn give_back_now(&self, address: IpAddr, price: Duration) {
        if let Some(bucket) = self.buckets.lock().get_mut(&address) {
            bucket.left += price.as_secs_f64();
        }
    }
}

/// Removes full buckets; if there are none, the fullest one.
fn evict(buckets: &mut HashMap<IpAddr, Bucket>, per_minute: f64, now: Timestamp) {
    buckets.retain(|_, bucket| bucket.left(per_minute, now) < per_minute);
    if buckets.len() >= MAX_ADDRESSES {
        let left = |bucket: &Bucket| bucket.left(per_minute, now);
        let fullest = buckets.iter().max_by(|(_, a), (_, b)| left(a).total_cmp(&left(b))).map(|(address, _)| *address);
        fullest.and_then(|address| buckets.remove(&address));
    }
}

#[async_trait]
impl RateBuckets for MemoryRateBuckets {
    async fn take(
        &self,
        address: IpAddr,
        price: Duration,
        per_minute: f64,
        now: Timestamp,
    ) -> Result<PriceResult, CacheError> {
        Ok(self.take_now(address, price, per_minute, now))
    }

    async fn give_back(&self, address: IpAddr, price: Duration, _: f64) -> Result<(), CacheError> {
        self.give_back_now(address, price);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn rate_buckets() -> (Arc<MemoryRateBuckets>, ()) {
        (Arc::default(), ())
    }

    crate::contract::rate_buckets_keep_the_contract!(rate_buckets, []);

    #[test]
    fn the_table_of_addresses_is_bounded_and_keeps_debtors() {
        let (buckets, now) = (MemoryRateBuckets::default(), Timestamp::default());
        let second = Duration::from_secs(1);
        let debtor: IpAddr = [192, 0, 2, 1].into();
        assert_eq!(buckets.take_now(debtor, 12 * second, 6.0, now), PriceResult::Taken);
        for n in 0..10_100_u32 {
            assert_eq!(buckets.take_now(IpAddr::V4((0x0a00_0000 + n).into()), second, 6.0, now), PriceResult::Taken);
        }
        assert!(buckets.buckets.lock().len() <= MAX_ADDRESSES);
        assert!(matches!(buckets.take_now(debtor, second, 6.0, now), PriceResult::Refused { .. }));
    }
}
