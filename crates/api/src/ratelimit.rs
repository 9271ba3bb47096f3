//! How much work one address may ask for: a bucket of seconds for each, filled as time passes.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::ApiError;

/// So many addresses are remembered at most; beyond, the fullest buckets are forgotten first.
const MAX_ADDRESSES: usize = 10_000;
/// What even the cheapest calculation costs: a row, a job, an announcement.
const LEAST: Duration = Duration::from_millis(1);

/// Buckets of seconds of work, one for each address.
pub(crate) struct RateLimit {
    seconds_per_minute: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// Seconds of work left. Below zero after one calculation that was dearer than a bucket holds.
    left: f64,
    at: Instant,
}

/// A price that was taken. Given back when dropped, unless it is kept.
pub(crate) struct Charge<'a> {
    taken: Option<(&'a RateLimit, IpAddr, f64)>,
}

impl RateLimit {
    /// Each address may ask for so many seconds of work in a minute.
    pub(crate) fn new(seconds_per_minute: f64) -> Self {
        Self { seconds_per_minute, buckets: Mutex::default() }
    }

    /// Takes the price of work from an address.
    ///
    /// Work dearer than a whole bucket is let in when the bucket is full, and leaves a debt.
    ///
    /// # Errors
    /// `TooManyRequests`, with the time after which the same would be let in.
    pub(crate) fn charge(&self, address: IpAddr, work: Duration, now: Instant) -> Result<Charge<'_>, ApiError> {
        let price = work.max(LEAST).as_secs_f64();
        let address = household(address);
        let mut buckets = self.buckets();
        if buckets.len() >= MAX_ADDRESSES && !buckets.contains_key(&address) {
            self.make_room(&mut buckets, now);
        }
        let full = Bucket { left: self.seconds_per_minute, at: now };
        let bucket = buckets.entry(address).or_insert(full);
        let left = self.left(bucket, now);
        let needed = price.min(self.seconds_per_minute);
        if left < needed {
            let wait = (needed - left) * 60.0 / self.seconds_per_minute;
            let retry_after = Duration::try_from_secs_f64(wait).unwrap_or(Duration::from_secs(3_600));
            return Err(ApiError::TooManyRequests { retry_after });
        }
        *bucket = Bucket { left: left - price, at: now };
        Ok(Charge { taken: Some((self, address, price)) })
    }

    fn left(&self, bucket: &Bucket, now: Instant) -> f64 {
        let filled = now.saturating_duration_since(bucket.at).as_secs_f64() * self.seconds_per_minute / 60.0;
        (bucket.left + filled).min(self.seconds_per_minute)
    }

    /// Forgets what a minute has filled again; if that is nothing, whoever has used least.
    fn make_room(&self, buckets: &mut HashMap<IpAddr, Bucket>, now: Instant) {
        buckets.retain(|_, bucket| self.left(bucket, now) < self.seconds_per_minute);
        if buckets.len() >= MAX_ADDRESSES
            && let Some(fullest) =
                buckets.iter().max_by(|(_, a), (_, b)| self.left(a, now).total_cmp(&self.left(b, now))).map(|(a, _)| *a)
        {
            buckets.remove(&fullest);
        }
    }

    /// No call leaves the table half changed.
    fn buckets(&self) -> MutexGuard<'_, HashMap<IpAddr, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge<'_> {
    /// Nothing was to be paid.
    pub(crate) const fn free() -> Self {
        Self { taken: None }
    }

    /// The work was really caused.
    pub(crate) fn keep(mut self) {
        self.taken = None;
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        if let Some((limit, address, price)) = self.taken
            && let Some(bucket) = limit.buckets().get_mut(&address)
        {
            bucket.left += price;
        }
    }
}

/// One IPv6 household owns 2^64 addresses.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address @ IpAddr::V4(_) => address,
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
    fn work_is_paid_for_and_time_pays_it_back() {
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
    fn what_caused_no_work_is_given_back() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        for _ in 0..100 {
            drop(limit.charge(address("192.0.2.1"), 6 * SECOND, now).expect("given back each time"));
        }
    }

    #[test]
    fn work_dearer_than_a_bucket_is_let_in_once_and_leaves_a_debt() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        let ip = address("2001:db8::1");
        limit.charge(ip, 12 * SECOND, now).expect("a full bucket").keep();
        let neighbour = address("2001:db8::2");
        assert!(limit.charge(neighbour, LEAST, now + 30 * SECOND).is_err());
        assert!(limit.charge(neighbour, LEAST, now + 61 * SECOND).is_ok());
    }

    #[test]
    fn the_table_of_addresses_is_bounded_and_forgets_no_debtor() {
        let limit = RateLimit::new(6.0);
        let now = Instant::now();
        let debtor = address("192.0.2.1");
        limit.charge(debtor, 12 * SECOND, now).expect("a full bucket").keep();
        for n in 0..10_100_u32 {
            limit.charge(IpAddr::V4((0x0a00_0000 + n).into()), SECOND, now).expect("a new address").keep();
        }
        assert!(limit.buckets().len() <= MAX_ADDRESSES);
        assert!(limit.charge(debtor, LEAST, now).is_err());
    }
}
