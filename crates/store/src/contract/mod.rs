//! What every record must do, whichever database is behind it.
//!
//! [`store_keeps_the_contract`](crate::store_keeps_the_contract) makes a test of each rule for one backend. Every rule gets a fresh, empty record
//! opened with [`LIMITS`].

mod accepting;
mod asking;
mod finishing;
mod leasing;
mod reading;
pub(crate) mod scene;
mod sweeping;

use crate::StoreLimits;

pub use self::{accepting::*, asking::*, finishing::*, leasing::*, reading::*, sweeping::*};

/// The limits that the rules are written for.
pub const LIMITS: StoreLimits = StoreLimits { max_queued: 64 };

/// One test per rule. `$fresh` is an async function that gives a guard, which keeps an empty record alive,
/// and the record behind it.
#[macro_export]
macro_rules! store_keeps_the_contract {
    ($fresh:path) => {
        $crate::store_keeps_the_contract! { $fresh;
            a_new_calculation_is_queued_and_found
            the_extremes_of_the_index_are_kept
            asking_again_while_it_waits_enters_nothing
            a_thousand_at_once_are_one_row_and_one_offer
            different_subjects_at_once_are_all_entered
            a_known_value_is_answered_without_new_work
            what_failed_is_queued_again
            a_full_queue_stores_nothing
            a_full_queue_still_answers_what_is_known_or_pending
            finished_work_makes_room_in_the_queue
            asks_are_counted
            the_last_token_cancels
            another_asker_keeps_the_work_going
            a_wrong_token_is_refused
            an_ask_without_a_token_is_never_withdrawn_by_others
            cheap_finished_and_unknown_work_cannot_be_withdrawn
            what_was_cancelled_is_queued_again_for_a_new_asker
            tokens_end_with_the_work
            a_lease_makes_the_row_running
            a_held_lease_is_not_given_twice
            what_is_finished_or_unknown_is_not_leased
            a_lost_lease_is_taken_with_a_higher_fence_and_doubled
            five_leases_lost_in_a_row_fail_the_row
            a_renewed_lease_lives_on_and_shows_progress
            a_stale_lease_can_do_nothing
            a_withdrawn_lease_says_so
            handing_back_counts_as_nothing
            errors_are_counted_and_end_a_row_of_losses
            a_short_value_is_part_of_every_answer
            a_long_inline_value_is_read_apart
            an_object_leaves_only_its_facts
            the_same_value_twice_is_no_error
            another_value_is_a_contradiction
            a_right_value_from_a_stale_lease_is_taken
            a_value_for_nobody_is_unknown
            failures_are_recorded_by_their_owner_only
            a_value_after_a_failure_is_taken
            the_list_is_newest_first_and_pages_without_gaps
            the_sweep_finds_what_nobody_works_on
            the_sweep_pages_in_order_of_asking
            the_backlog_counts_by_lane
            objects_are_evicted_by_their_last_read
            an_evicted_value_is_computed_again_and_compared
            a_lost_object_is_queued_again
            the_record_answers
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
