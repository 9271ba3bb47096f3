//! The contract of every backend, one function per rule.
//!
//! It runs in real time on a busy machine: it asserts order, identity and "not before", and "not later" only
//! within [`SOON`], which is far more than any backend needs.

mod delivery;
mod lease;
mod monitoring;
mod shares;

pub(crate) use delivery::*;
pub(crate) use lease::*;
pub(crate) use monitoring::*;
pub(crate) use shares::*;

use std::time::Duration;

use model::{Index, Job, Lane, Subject, Timestamp, TraceContext, WorkerId};

use crate::{Delivery, JobQueue};

/// Timeout for what must happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);
/// A lease that does not expire during a test.
pub(crate) const LONG_LEASE: Duration = Duration::from_secs(60);
/// A lease whose expiry a test waits for.
pub(crate) const SHORT_LEASE: Duration = Duration::from_millis(150);
/// Tolerance for two processes that round a moment differently.
pub(crate) const ROUNDING: Duration = Duration::from_millis(5);

/// Makes a test of every rule, over the queue that `$make().await` returns together with its server.
macro_rules! keeps_the_contract {
    ($make:path, [$($setting:tt)*]) => {
        $crate::contract::keeps_the_contract!(@each $make, [$($setting)*],
            a_job_is_delivered_as_it_was_enqueued
            a_subject_is_in_the_queue_once
            a_batch_is_enqueued_in_order_and_each_subject_once
            an_acked_subject_may_be_enqueued_again
            a_batch_of_acks_ends_all_jobs_but_those_of_stale_deliveries
            a_waiting_claim_wakes_at_once
            a_claim_that_does_not_wait_returns_nothing
            the_first_lane_is_preferred
            short_jobs_are_claimed_in_batches_and_others_one_by_one
            other_lanes_are_left_alone
            jobs_of_one_lane_are_delivered_in_order
            a_nacked_job_is_redelivered_later_as_another_attempt
            a_job_nacked_without_delay_is_redelivered_at_once
            a_released_job_is_redelivered_as_if_it_had_never_been_claimed
            concurrent_claimers_get_each_job_once
            a_claim_dropped_while_waiting_loses_no_job
            long_work_of_two_submitters_alternates
            many_long_jobs_of_one_submitter_do_not_delay_the_first_of_another
            a_submitter_that_was_alone_owes_nothing
            long_jobs_of_one_submitter_are_delivered_in_order
            a_long_job_of_a_dead_worker_comes_before_those_that_wait
            a_long_job_that_is_given_back_comes_next
            a_waiting_long_job_is_in_the_queue_once
            waiting_jobs_are_listed_in_the_order_of_their_delivery
            a_job_is_redelivered_after_its_lease
            extending_keeps_a_delivery
            a_stale_delivery_changes_nothing_of_the_current_one
            a_worker_that_reclaims_its_own_job_has_a_new_delivery
            an_invented_receipt_is_stale
            depth_counts_waiting_and_claimed_jobs
            depth_reports_the_age_of_the_oldest_waiting_job
            the_epoch_stays_while_no_job_is_lost
            workers_are_listed_by_their_latest_report
        );
    };
    (@each $make:path, $setting:tt, $($rule:ident)*) => {
        $($crate::contract::keeps_the_contract!(@one $make, $setting, $rule);)*
    };
    (@one $make:path, [$($setting:tt)*], $rule:ident) => {
        #[tokio::test($($setting)*)]
        async fn $rule() {
            let (queue, _server) = $make().await;
            $crate::contract::$rule(queue).await;
        }
    };
}
pub(crate) use keeps_the_contract;

/// Returns a first attempt at F(n).
pub(crate) fn job(n: i64, lane: Lane) -> Job {
    Job {
        subject: Subject::from(Index::new(n)),
        lane,
        attempt: 1,
        enqueued_at: Timestamp::from_unix_ms(1_763_941_827_123),
        traceparent: Some(TraceContext::root().expect("the system has randomness")),
        submitter: None,
        work_ms: 1,
    }
}

pub(crate) fn worker(name: &str) -> WorkerId {
    WorkerId(name.to_owned())
}

/// Claims a job from any lane that must be there or come at once.
pub(crate) async fn claim(queue: &dyn JobQueue, name: &str, lease: Duration) -> Delivery {
    let claimed = queue.claim(&worker(name), &Lane::ALL, lease, SOON).await.expect("the queue is there");
    claimed.expect("a job comes")
}

/// Claims from any lane without waiting.
pub(crate) async fn claim_now(queue: &dyn JobQueue, name: &str) -> Option<Delivery> {
    queue.claim(&worker(name), &Lane::ALL, LONG_LEASE, Duration::ZERO).await.expect("the queue is there")
}
