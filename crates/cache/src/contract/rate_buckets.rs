//! The contract of buckets of work.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;

use crate::{PriceResult, RateBuckets};

const PER_MINUTE: f64 = 6.0;
const SECOND: Duration = Duration::from_secs(1);
const START: Timestamp = Timestamp::from_unix_ms(1_763_941_827_123);

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

async fn take(buckets: &dyn RateBuckets, last: u8, price: Duration, now: Timestamp) -> PriceResult {
    buckets.take(address(last), price, PER_MINUTE, now).await.unwrap()
}

#[track_caller]
fn seconds(taken: PriceResult) -> f64 {
    let PriceResult::Refused { retry_after } = taken else { panic!("it was taken") };
    retry_after.as_secs_f64()
}

pub(crate) async fn work_empties_a_bucket_and_time_refills_it(buckets: Arc<dyn RateBuckets>) {
    assert_eq!(take(&*buckets, 1, 6 * SECOND, START).await, PriceResult::Taken);
    let wait = seconds(take(&*buckets, 1, SECOND, START).await);
    assert!((9.99..10.01).contains(&wait), "{wait}");
    let wait = seconds(take(&*buckets, 1, SECOND, START + 4 * SECOND).await);
    assert!((5.99..6.01).contains(&wait), "a refusal costs nothing: {wait}");
    assert_eq!(take(&*buckets, 1, SECOND, START + 11 * SECOND).await, PriceResult::Taken);
    assert_eq!(take(&*buckets, 2, SECOND, START).await, PriceResult::Taken);
}

pub(crate) async fn a_price_that_is_given_back_can_be_taken_again(buckets: Arc<dyn RateBuckets>) {
    for _ in 0..10 {
        assert_eq!(take(&*buckets, 1, 6 * SECOND, START).await, PriceResult::Taken);
        buckets.give_back(address(1), 6 * SECOND, PER_MINUTE).await.unwrap();
    }
    assert_eq!(take(&*buckets, 1, 6 * SECOND, START).await, PriceResult::Taken);
    buckets.give_back(address(1), 2 * SECOND, PER_MINUTE).await.unwrap();
    buckets.give_back(address(9), SECOND, PER_MINUTE).await.unwrap();
    assert_eq!(take(&*buckets, 1, 2 * SECOND, START).await, PriceResult::Taken);
    assert!(matches!(take(&*buckets, 1, SECOND, START).await, PriceResult::Refused { .. }));
}

pub(crate) async fn work_above_a_whole_bucket_is_accepted_once_and_leaves_a_debt(buckets: Arc<dyn RateBuckets>) {
    assert_eq!(take(&*buckets, 1, SECOND, START).await, PriceResult::Taken);
    assert!(
        matches!(take(&*buckets, 1, 12 * SECOND, START).await, PriceResult::Refused { .. }),
        "the bucket is not full"
    );
    assert_eq!(take(&*buckets, 1, 12 * SECOND, START + 10 * SECOND).await, PriceResult::Taken);
    let later = START + 40 * SECOND;
    assert!(matches!(take(&*buckets, 1, SECOND / 1_000, later).await, PriceResult::Refused { .. }));
    assert_eq!(take(&*buckets, 1, SECOND, START + 81 * SECOND).await, PriceResult::Taken);
}

pub(crate) async fn a_clock_that_is_set_back_refills_nothing_twice(buckets: Arc<dyn RateBuckets>) {
    assert_eq!(take(&*buckets, 1, 6 * SECOND, START + 60 * SECOND).await, PriceResult::Taken);
    assert!(matches!(take(&*buckets, 1, SECOND, START).await, PriceResult::Refused { .. }));
    assert!(matches!(take(&*buckets, 1, SECOND, START + 60 * SECOND).await, PriceResult::Refused { .. }));
}

pub(crate) async fn concurrent_takes_share_one_bucket(buckets: Arc<dyn RateBuckets>) {
    let takes = (0..20).map(|_| {
        let buckets = Arc::clone(&buckets);
        tokio::spawn(async move { take(&*buckets, 1, SECOND, START).await })
    });
    let mut taken = 0;
    for one in takes.collect::<Vec<_>>() {
        taken += u32::from(one.await.unwrap() == PriceResult::Taken);
    }
    assert_eq!(taken, 6);
}
