//! Limits how much work one address may request: a token bucket of seconds per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use server::{household, record_refusal_of};

use crate::error::ApiError;

/// Addresses with a bucket; beyond, the fullest buckets are evicted first.
const MAX_ADDRESSES: usize = 10_000;
/// Minimum charge: row, job and event.
const MIN_CHARGE: Duration = Duration::from_millis(1);

/// Buckets of seconds of work, one per address.
pub(crate) struct RateLimit {
    seconds_per_minute: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Seconds of work left at `at`. Negative after a calculation that costs more than a whole bucket.
    left: f64,
    at: Instant,
}

/// A price that was taken. Dropping it gives the price back, unless it is kept.
pub(crate) struct Charge<'a> {
    taken: Option<(&'a RateLimit, IpAddr, f64)>,
}

impl RateLimit {
    pub(crate) fn new(seconds_per_minute: f64) -> Self {
        Self { seconds_per_minute, buckets: Mutex::default() }
    }

    /// Takes the price of work from an address.
    ///
    /// Work above a whole bucket is accepted when the bucket is full, and leaves a debt.
    ///
    /// # Errors
    /// `TooManyRequests`, with the time after which the same work would be accepted; the refusal is counted.
    pub(crate) fn charge(&self, address: IpAddr, work: Duration, now: Instant) -> Result<Charge<'_>, ApiError> {
        let price = work.max(MIN_CHARGE).as_secs_f64();
        let address = household(address);
        let mut buckets = self.buckets.lock();
        if buckets.len() >= MAX_ADDRESSES && !buckets.contains_key(&address) {
            self.evict(&mut buckets, now);
        }
        let full = Bucket { left: self.seconds_per_minute, at: now };
        let bucket = buckets.entry(address).or_insert(full);
        let left = self.left(bucket, now);
        let needed = price.min(self.seconds_per_minute);
        if left < needed {
            let wait = (needed - left) * 60.0 / self.seconds_per_minute;
            let retry_after = Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_secs(3_600));
            drop(buckets);
            record_refusal_of("rate", address);
            return Err(ApiError::TooManyRequests { retry_after });
        }
        *bucket = Bucket { left: left - price, at: now };
        Ok(Charge { taken: Some((self, address, price)) })
    }

    fn left(&self, bucket: &Bucket, now: Instant) -> f64 {
        let refilled = now.saturating_duration_since(bucket.at).as_secs_f64() * self.seconds_per_minute / 60.0;
        (bucket.left + refilled).min(self.seconds_per_minute)
    }

    /// Evicts full buckets; if there are none, the fullest one.
    fn evict(&self, buckets: &mut HashMap<IpAddr, Bucket>, now: Instant) {
        buckets.retain(|_, bucket| self.left(bucket, now) < self.seconds_per_minute);
        if buckets.len() >= MAX_ADDRESSES
            && let Some(fullest) =
                buckets.iter().max_by(|(_, a), (_, b)| self.left(a, now).total_cmp(&self.left(b, now))).map(|(a, _)| *a)
        {
            buckets.remove(&fullest);
        }
    }
}

impl Charge<'_> {
    pub(crate) const fn free() -> Self {
        Self { taken: None }
    }

    /// Keeps the price of this work, which was caused, and gives the rest back.
    pub(crate) fn keep_part(mut self, work: Duration) {
        if let Some((_, _, price)) = &mut self.taken {
            *price = (*price - work.as_secs_f64()).max(0.0);
        }
    }

    /// Keeps the price: the work was caused.
    pub(crate) fn keep(mut self) {
        self.taken = None;
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        if let Some((limit, address, price)) = self.taken
            && let Some(bucket) = limit.buckets.lock().get_mut(&address)
        {
            bucket.left += price;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn work_empties_a_bucket_and_time_refills_it() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        let ip = address("192.0.2.1");
        limit.charge(ip, 6 * SECOND, now).expect("a full bucket").keep();
        let Err(ApiError::TooManyRequests { retry_after }) = limit.charge(ip, SECOND, now) else {
            panic!("the bucket is empty");
        };
        assert_eq!(retry_after.as_secs_f64().round(), 10.0);
        assert!(limit.charge(ip, SECOND, now + retry_after + SECOND).is_ok());
        assert!(limit.charge(address("192.0.2.2"), SECOND, now).is_ok());
    }

    #[test]
    fn a_charge_that_is_not_kept_is_given_back() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        for _ in 0..100 {
            drop(limit.charge(address("192.0.2.1"), 6 * SECOND, now).expect("given back each time"));
        }
    }

    #[test]
    fn work_above_a_whole_bucket_is_accepted_once_and_leaves_a_debt() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        limit.charge(address("2001:db8::1"), 12 * SECOND, now).expect("a full bucket").keep();
        let neighbour = address("2001:db8::2");
        assert!(limit.charge(neighbour, MIN_CHARGE, now + 30 * SECOND).is_err());
        assert!(limit.charge(neighbour, MIN_CHARGE, now + 61 * SECOND).is_ok());
    }

    #[test]
    fn the_table_of_addresses_is_bounded_and_keeps_debtors() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        let debtor = address("192.0.2.1");
        limit.charge(debtor, 12 * SECOND, now).expect("a full bucket").keep();
        for n in 0..10_100_u32 {
            limit.charge(IpAddr::V4((0x0a00_0000 + n).into()), SECOND, now).expect("a new address").keep();
        }
        assert!(limit.buckets.lock().len() <= MAX_ADDRESSES);
        assert!(limit.charge(debtor, MIN_CHARGE, now).is_err());
    }
}
