//! What every backend must do, one function per concern.
//!
//! Written for real time and a busy machine: it asserts order, identity and "not before", never
//! "not later", except within [`SOON`], which is far more than any backend needs.

mod delivery;
mod lease;
mod lookout;

pub(crate) use delivery::*;
pub(crate) use lease::*;
pub(crate) use lookout::*;

use std::time::Duration;

use model::{Index, Job, Lane, Subject, Timestamp, TraceContext, WorkerId};

use crate::{Delivery, JobQueue};

/// Waited at most for what must happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// A lease that nobody outlives by accident.
pub(crate) const LONG_LEASE: Duration = Duration::from_secs(60);
/// A lease that a test waits out.
pub(crate) const SHORT_LEASE: Duration = Duration::from_millis(150);
/// Clocks of two processes may round a moment differently.
pub(crate) const ROUNDING: Duration = Duration::from_millis(5);

/// Makes a test of every concern, over the queue that `$make().await` gives together with what it stands on.
macro_rules! keeps_the_contract {
    ($make:path, [$($setting:tt)*]) => {
        $crate::contract::keeps_the_contract!(@each $make, [$($setting)*],
            a_job_comes_out_as_it_went_in
            a_subject_is_in_the_queue_once
            an_acked_subject_may_be_enqueued_again
            a_waiting_claim_wakes_at_once
            a_claim_that_does_not_wait_returns_empty_handed
            the_first_lane_is_preferred
            short_jobs_are_taken_several_at_a_time_and_others_one_by_one
            other_lanes_are_left_alone
            jobs_of_one_lane_come_in_order
            a_nacked_job_comes_later_as_another_attempt
            a_job_nacked_without_delay_comes_at_once
            a_job_handed_back_comes_as_if_it_had_never_left
            concurrent_claimers_get_each_job_once
            a_claim_dropped_while_waiting_loses_nothing
            a_lost_delivery_comes_again_after_its_lease
            a_delivery_is_kept_by_extending_it
            a_stale_receipt_touches_nothing_of_the_new_holder
            a_worker_that_takes_its_own_lost_job_holds_it_anew
            a_delivery_that_never_was_is_nobodys
            depth_tells_what_waits_and_what_is_claimed
            the_oldest_job_that_waits_is_told
            the_epoch_stays_while_nothing_is_lost
            workers_are_known_by_their_latest_report
        );
    };
    (@each $make:path, $setting:tt, $($concern:ident)*) => {
        $($crate::contract::keeps_the_contract!(@one $make, $setting, $concern);)*
    };
    (@one $make:path, [$($setting:tt)*], $concern:ident) => {
        #[tokio::test($($setting)*)]
        async fn $concern() {
            let (queue, _ground) = $make().await;
            $crate::contract::$concern(queue).await;
        }
    };
}
pub(crate) use keeps_the_contract;

/// A first attempt at F(n).
pub(crate) fn job(n: i64, lane: Lane) -> Job {
    Job {
        subject: Subject::from(Index::new(n)),
        lane,
        attempt: 1,
        enqueued_at: Timestamp::from_unix_ms(1_763_941_827_123),
        traceparent: Some(TraceContext::root().expect("the system has randomness")),
    }
}

pub(crate) fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

/// Claims from any lane what must be there or come at once.
pub(crate) async fn claim(queue: &dyn JobQueue, name: &str, lease: Duration) -> Delivery {
    let claimed = queue.claim(&worker(name), &Lane::ALL, lease, SOON).await.expect("the queue is there");
    claimed.expect("a job comes")
}

/// Claims from any lane without waiting.
pub(crate) async fn claim_now(queue: &dyn JobQueue, name: &str) -> Option<Delivery> {
    queue.claim(&worker(name), &Lane::ALL, LONG_LEASE, Duration::ZERO).await.expect("the queue is there")
}
