//! Batches: many rows in one transaction.

use model::{CalculationState, Status, Subject};

use super::LIMITS;
use super::fixtures::*;
use crate::{CompleteResult, NewCalculation, Store, StoreError, SubmitResult};

fn requests(numbers: impl IntoIterator<Item = i64>) -> Vec<NewCalculation> {
    numbers.into_iter().map(|n| new_calculation(&f(n))).collect()
}

/// Each request of a batch is answered like a single one, in their order.
pub async fn a_batch_is_answered_in_order(store: &dyn Store) {
    assert_eq!(store.submit_batch(&[]).await.expect("reachable"), []);
    queued(store, &f(1)).await;
    let known = complete(store, &inline(&f(1), "1")).await;
    let pending = queued(store, &f(2)).await;
    queued(store, &f(3)).await;
    fail(store, &f(3)).await;
    let ask = token();
    let mut batch = requests([1, 2, 3, 40, 5, 40]);
    batch[4].ask = Some(ask.clone());
    let results = store.submit_batch(&batch).await.expect("room for all");
    assert_eq!(results.len(), 6);
    assert_eq!(results[..2], [SubmitResult::Known(known), SubmitResult::Pending(pending)]);
    for (result, n) in results[2..5].iter().zip([3, 40, 5]) {
        let SubmitResult::Queued(calculation) = result else { panic!("not queued: {result:?}") };
        assert_eq!(*calculation, found(store, &f(n)).await);
        assert_eq!(calculation.status(), Status::Queued);
    }
    assert!(matches!(&results[5], SubmitResult::Pending(again) if again.subject == f(40)), "{results:?}");
    let withdrawn = store.withdraw(&f(5), &ask, later(90)).await.expect("reachable");
    assert!(matches!(withdrawn, crate::WithdrawResult::Cancelled(_)), "{withdrawn:?}");
}

/// Without room for all, nothing of a batch is stored.
pub async fn a_batch_beyond_the_limit_stores_nothing(store: &dyn Store) {
    let max = i64::try_from(LIMITS.max_queued).expect("small");
    for n in 1..=4 {
        queued(store, &f(-n)).await;
    }
    complete(store, &inline(&f(-1), "1")).await;
    let room = max - 3;
    for _ in 0..2 {
        let refused = store.submit_batch(&requests(0..=room)).await;
        assert!(
            matches!(refused, Err(StoreError::QueueFull { allowed }) if allowed == LIMITS.max_queued),
            "{refused:?}"
        );
        assert_eq!(store.find_batch(&(0..=room).map(f).collect::<Vec<_>>()).await.expect("reachable"), []);
    }
    // A known or queued subject takes no place, nor does the repetition of one.
    let fitting = (0..room).chain(-4..=-1).chain([0]);
    let results = store.submit_batch(&requests(fitting)).await.expect("room for all");
    assert_eq!(results.iter().filter(|result| matches!(result, SubmitResult::Queued(_))).count(), results.len() - 5);
    let refused = store.submit_batch(&requests([1_000])).await;
    assert!(matches!(refused, Err(StoreError::QueueFull { .. })), "{refused:?}");
    assert!(store.submit_batch(&requests([-1, 0])).await.is_ok(), "nothing new");
}

/// Many subjects are found at once.
pub async fn a_batch_of_subjects_is_found(store: &dyn Store) {
    store.submit_batch(&requests(0..50)).await.expect("room for all");
    let subjects: Vec<Subject> = (-10..100).map(f).collect();
    let mut found_rows = store.find_batch(&subjects).await.expect("reachable");
    found_rows.sort_by_key(|row| row.subject.index());
    assert_eq!(found_rows.len(), 50);
    for (n, row) in (0..).zip(&found_rows) {
        assert_eq!(*row, found(store, &f(n)).await);
    }
}

/// Values of a batch are stored like single ones, each according to its row.
pub async fn a_batch_of_values_is_stored_by_the_state_of_each_row(store: &dyn Store) {
    assert_eq!(store.complete_batch(&[]).await.expect("reachable"), []);
    store.submit_batch(&requests(1..=6)).await.expect("room for all");
    let first = complete(store, &inline(&f(1), "1")).await;
    fail(store, &f(2)).await;
    complete(store, &inline(&f(3), "2")).await;
    leased(store, &f(4), LONG).await;
    let long = "7".repeat(2_000);
    let values = [
        inline(&f(1), "1"),
        inline(&f(2), "1"),
        inline(&f(3), "3"),
        inline(&f(4), "3"),
        inline(&f(5), &long),
        object(&f(6), &"8".repeat(70_000)),
        inline(&f(7), "13"),
        inline(&f(5), &long),
    ];
    let results = store.complete_batch(&values).await.expect("reachable");
    assert_eq!(results.len(), values.len());
    assert_eq!(results[0], CompleteResult::AlreadyKnown(first));
    assert!(matches!(&results[1], CompleteResult::Ended(row) if row.status() == Status::Failed), "{results:?}");
    assert!(matches!(&results[2], CompleteResult::Contradiction(row) if row.status() == Status::Failed), "{results:?}");
    for (at, n) in [(3, 4), (4, 5), (5, 6)] {
        let CompleteResult::Recorded(row) = &results[at] else { panic!("not stored: {:?}", results[at]) };
        assert_eq!(*row, found(store, &f(n)).await);
        assert!(matches!(row.state, CalculationState::Done { .. }));
    }
    assert_eq!(results[6], CompleteResult::Unknown);
    assert_eq!(results[7], CompleteResult::AlreadyKnown(found(store, &f(5)).await));
    assert_eq!(store.inline_value(&f(5)).await.expect("reachable").expect("inline").text, long);
}
