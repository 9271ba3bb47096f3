//! Submitting calculations.

use futures_util::future::join_all;
use model::{CalculationId, CalculationState, Status};

use super::LIMITS;
use super::fixtures::*;
use crate::{ListOrder, Store, StoreError, SubmitResult};

/// The first submission creates a queued row.
pub async fn a_new_calculation_is_queued_and_found(store: &dyn Store) {
    assert_eq!(store.find(&f(1000)).await.expect("reachable"), None);
    let calculation = queued(store, &f(1000)).await;
    assert_eq!(calculation.subject, f(1000));
    assert_eq!(calculation.state, CalculationState::Queued { waiting_for: None });
    assert_eq!((calculation.digits, calculation.request_count, calculation.attempt), (1234, 1, 0));
    assert_eq!(calculation.asked_at, NOON);
    assert_eq!(found(store, &f(1000)).await, calculation);
}

/// Every 64-bit index has its own row.
pub async fn the_extremes_of_the_index_are_kept(store: &dyn Store) {
    for n in [0, 1, -1, 8, -8, i64::MIN, i64::MAX] {
        let queued_row = queued(store, &f(n)).await;
        assert_eq!(found(store, &f(n)).await.subject, f(n));
        assert_eq!(found(store, &f(n)).await, queued_row);
    }
    assert_eq!(store.list(ListOrder::Newest { before: None }, 100).await.expect("reachable").len(), 7);
}

/// A second submission returns the existing row.
pub async fn submitting_again_while_it_waits_inserts_nothing(store: &dyn Store) {
    let first = queued(store, &f(1000)).await;
    assert_eq!(submit(store, &f(1000)).await, SubmitResult::Pending(first));
    leased(store, &f(1000), LONG).await;
    assert!(
        matches!(submit(store, &f(1000)).await, SubmitResult::Pending(running) if running.status() == Status::Running)
    );
    assert_eq!(store.list(ListOrder::Newest { before: None }, 100).await.expect("reachable").len(), 1);
}

/// Of many simultaneous submissions, exactly one enqueues the job.
pub async fn a_thousand_at_once_are_one_row_and_one_job(store: &dyn Store) {
    let subject = f(1000);
    let answers = join_all((0..1000).map(|_| submit(store, &subject))).await;
    let queued = answers.iter().filter(|answer| matches!(answer, SubmitResult::Queued(_))).count();
    let pending = answers.iter().filter(|answer| matches!(answer, SubmitResult::Pending(_))).count();
    assert_eq!((queued, pending), (1, 999));
    assert_eq!(store.list(ListOrder::Newest { before: None }, 100).await.expect("reachable").len(), 1);
}

/// Simultaneous submissions of different subjects get their own rows.
pub async fn different_subjects_at_once_are_all_inserted(store: &dyn Store) {
    let subjects: Vec<_> = (0..60).map(f).collect();
    let answers = join_all(subjects.iter().map(|subject| submit(store, subject))).await;
    let mut ids = Vec::new();
    for (subject, answer) in subjects.iter().zip(answers) {
        let SubmitResult::Queued(calculation) = answer else { panic!("not queued: {answer:?}") };
        assert_eq!(&calculation.subject, subject);
        ids.push(calculation.id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 60);
}

/// A known value is returned.
pub async fn a_known_value_is_answered_without_new_work(store: &dyn Store) {
    queued(store, &f(10)).await;
    let done = complete(store, &inline(&f(10), "55")).await;
    assert_eq!(submit(store, &f(10)).await, SubmitResult::Known(done));
    assert_eq!(store.unfinished(None, 10).await.expect("reachable"), []);
}

/// The next submission retries a failed calculation, with its counts at zero.
pub async fn a_failed_calculation_is_queued_again(store: &dyn Store) {
    let first = queued(store, &f(1000)).await;
    assert_eq!(fail(store, &f(1000)).await.expect("the lease is held").status(), Status::Failed);
    let again = queued(store, &f(1000)).await;
    assert_eq!((again.id, again.asked_at, again.attempt), (first.id, first.asked_at, 0));
    assert_eq!(again.state, CalculationState::Queued { waiting_for: None });
    assert_eq!(leased(store, &f(1000), LONG).await.errors, 0);
}

async fn fill(store: &dyn Store) {
    for n in 0..LIMITS.max_queued {
        queued(store, &f(n.try_into().expect("a small limit"))).await;
    }
}

/// Above the limit nothing is stored, and the error gives the limit.
pub async fn a_full_queue_stores_nothing(store: &dyn Store) {
    fill(store).await;
    let refused = store.submit(&new_calculation(&f(1_000_000))).await;
    assert!(matches!(refused, Err(StoreError::QueueFull { allowed }) if allowed == LIMITS.max_queued), "{refused:?}");
    assert_eq!(store.find(&f(1_000_000)).await.expect("reachable"), None);
    leased(store, &f(0), LONG).await;
    let refused = store.submit(&new_calculation(&f(1_000_000))).await;
    assert!(matches!(refused, Err(StoreError::QueueFull { .. })), "running counts too: {refused:?}");
}

/// A full queue refuses only new work.
pub async fn a_full_queue_still_answers_for_known_and_pending_subjects(store: &dyn Store) {
    queued(store, &f(-10)).await;
    complete(store, &inline(&f(-10), "-55")).await;
    queued(store, &f(-11)).await;
    fail(store, &f(-11)).await;
    fill(store).await;
    assert!(matches!(submit(store, &f(-10)).await, SubmitResult::Known(_)));
    assert!(matches!(submit(store, &f(0)).await, SubmitResult::Pending(_)));
    let again = store.submit(&new_calculation(&f(-11))).await;
    assert!(matches!(again, Err(StoreError::QueueFull { .. })), "a retry is work too: {again:?}");
    assert_eq!(found(store, &f(-11)).await.status(), Status::Failed);
}

/// Each finished calculation frees exactly one place.
pub async fn finished_work_frees_places_in_the_queue(store: &dyn Store) {
    let ask = token();
    submit_with(store, &f(-1), &ask).await;
    for n in 1..LIMITS.max_queued {
        queued(store, &f(n.try_into().expect("a small limit"))).await;
    }
    complete(store, &inline(&f(1), "1")).await;
    store.complete(&inline(&f(1), "1")).await.expect("the same again");
    fail(store, &f(2)).await;
    fail(store, &f(2)).await;
    store.withdraw(&f(-1), &ask, later(90)).await.expect("reachable");
    for n in [1001, 1002, 1003] {
        queued(store, &f(n)).await;
    }
    let refused = store.submit(&new_calculation(&f(1004))).await;
    assert!(matches!(refused, Err(StoreError::QueueFull { .. })), "{refused:?}");
    let newest = store.list(ListOrder::Newest { before: Some(CalculationId(i64::MAX)) }, 1).await.expect("reachable");
    assert_eq!(newest.first().map(|calculation| &calculation.subject), Some(&f(1003)));
}
