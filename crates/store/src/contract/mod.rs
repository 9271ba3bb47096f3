//! The contract of every store, whichever database is behind it.
//!
//! [`store_keeps_the_contract`](crate::store_keeps_the_contract) makes a test of each rule for one backend. Every rule
//! gets a new, empty store opened with [`LIMITS`].

mod batch;
mod complete;
#[cfg(test)]
pub(crate) mod damage;
pub(crate) mod fixtures;
mod lease;
mod operator;
mod read;
mod subjects;
mod submit;
mod sweep;
mod withdraw;

use crate::StoreLimits;

pub use self::{batch::*, complete::*, lease::*, operator::*, read::*, subjects::*, submit::*, sweep::*, withdraw::*};

/// The limits that the rules are written for.
pub const LIMITS: StoreLimits = StoreLimits { max_queued: 64 };

/// Makes one test per rule. `$fresh` is an async function that returns a guard, which keeps an empty database alive, and
/// the store in it.
#[macro_export]
macro_rules! store_keeps_the_contract {
    ($fresh:path) => {
        $crate::store_keeps_the_contract! { $fresh;
            a_new_calculation_is_queued_and_found
            the_extremes_of_the_index_are_kept
            submitting_again_while_it_waits_inserts_nothing
            a_thousand_at_once_are_one_row_and_one_job
            different_subjects_at_once_are_all_inserted
            a_known_value_is_answered_without_new_work
            a_failed_calculation_is_queued_again
            a_full_queue_stores_nothing
            a_full_queue_still_answers_for_known_and_pending_subjects
            finished_work_frees_places_in_the_queue
            requests_are_counted
            the_last_token_cancels
            another_request_keeps_the_work_going
            a_wrong_token_is_refused
            a_request_without_a_token_is_never_withdrawn_by_others
            cheap_finished_and_unknown_work_cannot_be_withdrawn
            a_cancelled_calculation_is_queued_again_for_a_new_request
            tokens_end_with_the_work
            a_lease_makes_the_row_running
            a_held_lease_is_not_given_twice
            finished_and_unknown_work_is_not_leased
            a_lost_lease_is_taken_with_a_higher_fence_and_doubled
            five_leases_lost_in_a_row_fail_the_row
            a_renewed_lease_is_extended_and_shows_progress
            a_stale_lease_can_do_nothing
            renewing_a_withdrawn_lease_says_so
            handing_back_is_not_counted
            errors_are_counted_and_reset_the_lost_leases
            a_short_value_is_part_of_every_answer
            a_long_inline_value_is_read_separately
            an_object_leaves_only_its_facts
            the_same_value_twice_is_no_error
            another_value_is_a_contradiction
            a_right_value_from_a_stale_lease_is_stored
            a_value_for_an_unknown_subject_is_refused
            only_the_lease_holder_can_fail_running_work
            a_final_state_is_final_until_someone_submits_again
            the_list_is_newest_first_and_pages_without_gaps
            lists_have_an_order_and_page_without_gaps
            other_subjects_are_kept_like_numbers
            the_sweep_finds_rows_without_a_worker
            the_sweep_pages_in_order_of_submission
            the_backlog_counts_by_lane
            unfinished_work_is_selected_by_filters
            a_submitter_is_known_until_the_work_ends
            an_operator_cancels_what_is_unfinished
            texts_are_counted_and_evicted_with_the_objects
            objects_are_evicted_by_their_last_read
            an_evicted_value_is_computed_again_and_compared
            a_lost_object_is_queued_again
            a_batch_is_answered_in_order
            a_batch_beyond_the_limit_stores_nothing
            a_batch_of_subjects_is_found
            a_batch_of_values_is_stored_by_the_state_of_each_row
            a_healthy_store_answers
        }
    };
    ($fresh:path; $($rule:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let (_guard, store) = $fresh().await;
                $crate::contract::$rule(&*store).await;
            }
        )*
    };
}
