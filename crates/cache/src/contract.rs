//! The contracts of every cache, event channel and set of buckets, one function per rule.
//!
//! They run in real time on a busy machine: they assert order and identity, and wait for conditions with a timeout
//! that is far more than any backend needs.

mod event_channel;
mod rate_buckets;
mod value_cache;

pub(crate) use event_channel::*;
pub(crate) use rate_buckets::*;
pub(crate) use value_cache::*;

use std::time::Duration;

use model::{
    Calculation, CalculationEvent, CalculationId, CalculationState, Index, Progress, ProgressReport, Sha256, Subject,
    Timestamp, Value, ValueState,
};

/// Timeout for what must happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

macro_rules! value_cache_keeps_the_contract {
    ($make:path, $setting:tt) => {
        $crate::contract::test_each!($make, $setting,
            a_cached_value_is_returned_as_it_was_put
            a_removed_value_is_a_miss
            only_done_and_readable_calculations_are_cached
            the_latest_put_wins
            a_batch_is_cached_like_its_calculations_one_by_one
        );
    };
}
pub(crate) use value_cache_keeps_the_contract;

macro_rules! event_channel_keeps_the_contract {
    ($make:path, $setting:tt) => {
        $crate::contract::test_each!($make, $setting,
            a_new_subscriber_starts_at_the_latest_event
            subscribers_see_the_same_events_in_the_same_order
            continuing_from_an_id_returns_each_later_event_once
            a_waiting_read_wakes
            a_read_that_times_out_returns_the_same_id
            an_id_that_is_too_old_is_a_gap
            an_id_of_another_epoch_is_a_gap
            a_read_is_bounded
            a_batch_is_published_in_its_order
            concurrent_events_have_one_order
        );
    };
}
pub(crate) use event_channel_keeps_the_contract;

macro_rules! rate_buckets_keep_the_contract {
    ($make:path, $setting:tt) => {
        $crate::contract::test_each!($make, $setting,
            work_empties_a_bucket_and_time_refills_it
            a_price_that_is_given_back_can_be_taken_again
            work_above_a_whole_bucket_is_accepted_once_and_leaves_a_debt
            a_clock_that_is_set_back_refills_nothing_twice
            concurrent_takes_share_one_bucket
        );
    };
}
pub(crate) use rate_buckets_keep_the_contract;

/// Makes a test of every rule, over what `$make().await` returns together with its server.
macro_rules! test_each {
    ($make:path, $setting:tt, $($rule:ident)*) => {
        $($crate::contract::test_each!(@one $make, $setting, $rule);)*
    };
    (@one $make:path, [$($setting:tt)*], $rule:ident) => {
        #[tokio::test($($setting)*)]
        async fn $rule() {
            let (made, _server) = $make().await;
            $crate::contract::$rule(made).await;
        }
    };
}
pub(crate) use test_each;

/// Returns a calculation of F(n) that is done, with made-up digits.
pub(crate) fn done(n: i64) -> Calculation {
    let value = Value {
        sha256: Sha256([7; 32]),
        size_bytes: 20,
        first_digits: "12345678901234567890".to_owned(),
        last_digits: "12345678901234567890".to_owned(),
        compute_ms: 3,
        state: ValueState::Inline,
        text: Some("12345678901234567890".to_owned()),
    };
    let (started_at, finished_at) =
        (Timestamp::from_unix_ms(1_763_941_827_123), Timestamp::from_unix_ms(1_763_941_827_129));
    in_state(n, CalculationState::Done { started_at, finished_at, value })
}

pub(crate) fn in_state(n: i64, state: CalculationState) -> Calculation {
    Calculation {
        id: CalculationId(n),
        subject: Subject::from(Index::new(n)),
        state,
        digits: 20,
        request_count: 1,
        asked_at: Timestamp::from_unix_ms(1_763_941_827_120),
        queued_at: Some(Timestamp::from_unix_ms(1_763_941_827_120)),
        attempt: 1,
    }
}

/// Returns the n-th of some events, calculations and progress alternating.
pub(crate) fn event(n: i64) -> CalculationEvent {
    if n % 2 == 0 {
        return CalculationEvent::Calculation(Box::new(done(n)));
    }
    let progress = Progress { fraction: 0.25, remaining_ms: Some(120) };
    CalculationEvent::Progress(ProgressReport { subject: Subject::from(Index::new(n)), progress })
}
