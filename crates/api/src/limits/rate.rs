//! Limits the work that one address may request: a bucket of seconds per address, which refills in a minute.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cache::{MemoryRateBuckets, PriceResult, RateBuckets};
use model::{Lane, Timestamp};
use server::{household, record_refusal_of};

use crate::error::ApiError;
use crate::metrics;

/// Minimum charge: row, job and event.
const MIN_CHARGE: Duration = Duration::from_millis(1);

/// The limit, by buckets of this process and of all processes.
///
/// Work of the short lane is charged in this process only: a call of Redis would cost more than it. So is all work
/// while Redis does not answer.
pub(crate) struct RateLimit {
    seconds_per_minute: f64,
    local: MemoryRateBuckets,
    shared: Option<Arc<dyn RateBuckets>>,
}

/// A price that was taken. Dropping it gives the price back, unless it is kept.
pub(crate) struct Charge(Option<TakenPrice>);

struct TakenPrice {
    limit: Arc<RateLimit>,
    address: IpAddr,
    price: Duration,
    is_shared: bool,
}

impl RateLimit {
    pub(crate) fn new(seconds_per_minute: f64, shared: Option<Arc<dyn RateBuckets>>) -> Self {
        Self { seconds_per_minute, local: MemoryRateBuckets::default(), shared }
    }

    /// Takes the price of work from an address.
    ///
    /// Work above a whole bucket is accepted when the bucket is full, and leaves a debt.
    ///
    /// # Errors
    /// `TooManyRequests`, with the time after which the same work would be accepted; the refusal is counted.
    pub(crate) async fn charge(
        self: &Arc<Self>,
        address: IpAddr,
        work: Duration,
        now: Timestamp,
    ) -> Result<Charge, ApiError> {
        let (address, price) = (household(address), work.max(MIN_CHARGE));
        let shared = self.take_shared(address, work, price, now).await;
        let is_shared = shared.is_some();
        match shared.unwrap_or_else(|| self.local.take_now(address, price, self.seconds_per_minute, now)) {
            PriceResult::Taken => Ok(Charge(Some(TakenPrice { limit: Arc::clone(self), address, price, is_shared }))),
            PriceResult::Refused { retry_after } => {
                record_refusal_of("rate", address);
                Err(ApiError::TooManyRequests { retry_after })
            }
        }
    }

    /// Takes a price from the bucket of all processes; `None` if it has to be taken from this one's.
    async fn take_shared(
        &self,
        address: IpAddr,
        work: Duration,
        price: Duration,
        now: Timestamp,
    ) -> Option<PriceResult> {
        let shared = self.shared.as_ref().filter(|_| Lane::for_work(work) != Lane::Short)?;
        let taken = shared.take(address, price, self.seconds_per_minute, now).await;
        metrics::log_cache_failure("take", taken)
    }
}

impl Charge {
    pub(crate) const fn free() -> Self {
        Self(None)
    }

    /// Keeps the price of this work, which was caused, and gives the rest back.
    pub(crate) fn keep_part(mut self, work: Duration) {
        if let Some(taken) = &mut self.0 {
            taken.price = taken.price.saturating_sub(work);
        }
    }

    /// Keeps the price: the work was caused.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Some(TakenPrice { limit, address, price, is_shared }) = self.0.take() else { return };
        match limit.shared.clone().filter(|_| is_shared) {
            None => limit.local.give_back_now(address, price),
            // A charge is dropped in requests only, which run on the runtime.
            Some(shared) => {
                tokio::spawn(async move {
                    let given = shared.give_back(address, price, limit.seconds_per_minute).await;
                    metrics::log_cache_failure("give_back", given)
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cache::CacheError;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NOW: Timestamp = Timestamp::from_unix_ms(1_763_941_827_123);

    struct UnreachableBuckets;

    #[async_trait::async_trait]
    impl RateBuckets for UnreachableBuckets {
        async fn take(&self, _: IpAddr, _: Duration, _: f64, _: Timestamp) -> Result<PriceResult, CacheError> {
            Err(CacheError::Unavailable("away".into()))
        }

        async fn give_back(&self, _: IpAddr, _: Duration, _: f64) -> Result<(), CacheError> {
            Err(CacheError::Unavailable("away".into()))
        }
    }

    async fn is_charged(limit: &Arc<RateLimit>, address: &str, work: Duration) -> bool {
        let charge = limit.charge(address.parse().expect("an address"), work, NOW).await;
        charge.map(Charge::keep).is_ok()
    }

    #[tokio::test]
    async fn processes_share_a_bucket_for_all_but_short_work() {
        let shared: Arc<dyn RateBuckets> = Arc::new(MemoryRateBuckets::default());
        let [one, other] = [0, 1].map(|_| Arc::new(RateLimit::new(6.0, Some(Arc::clone(&shared)))));
        assert!(is_charged(&one, "2001:db8::1", 4 * SECOND).await);
        assert!(!is_charged(&other, "2001:db8::2", 4 * SECOND).await, "the same /64 network");
        assert!(is_charged(&other, "2001:db8::2", SECOND / 200).await, "short work");
        assert!(is_charged(&other, "192.0.2.1", 4 * SECOND).await);
    }

    #[tokio::test]
    async fn without_the_shared_buckets_each_process_has_its_own() {
        let limit = Arc::new(RateLimit::new(6.0, Some(Arc::new(UnreachableBuckets))));
        assert!(is_charged(&limit, "192.0.2.1", 6 * SECOND).await);
        assert!(!is_charged(&limit, "192.0.2.1", SECOND).await);
    }

    #[tokio::test]
    async fn a_charge_that_is_not_kept_is_given_back_where_it_was_taken() {
        for shared in [None, Some(Arc::new(MemoryRateBuckets::default()) as Arc<dyn RateBuckets>)] {
            let limit = Arc::new(RateLimit::new(6.0, shared));
            let address = "192.0.2.1".parse().expect("an address");
            for _ in 0..10 {
                drop(limit.charge(address, 6 * SECOND, NOW).await.expect("given back each time"));
                tokio::task::yield_now().await;
            }
            limit.charge(address, 6 * SECOND, NOW).await.expect("a full bucket").keep_part(4 * SECOND);
            tokio::task::yield_now().await;
            assert!(is_charged(&limit, "192.0.2.1", 2 * SECOND).await);
            assert!(!is_charged(&limit, "192.0.2.1", SECOND).await);
        }
    }
}
