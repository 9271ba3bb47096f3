//! Request counts and withdrawals.

use model::{Status, Timestamp};

use super::fixtures::*;
use crate::{NewCalculation, RenewResult, Store, StoredValue, SubmitResult, WithdrawResult};

/// Counts are added up; unknown subjects are ignored.
pub async fn requests_are_counted(store: &dyn Store) {
    queued(store, &f(1)).await;
    queued(store, &f(2)).await;
    store.add_requests(&[(f(1), 5), (f(2), 1), (f(1), 2), (f(3), 9)]).await.expect("reachable");
    store.add_requests(&[]).await.expect("reachable");
    assert_eq!((found(store, &f(1)).await.request_count, found(store, &f(2)).await.request_count), (8, 2));
    assert_eq!(store.find(&f(3)).await.expect("reachable"), None);
    for _ in 0..2 {
        store.add_requests(&[(f(1), u64::MAX)]).await.expect("reachable");
    }
    assert!(found(store, &f(1)).await.request_count > 1 << 52, "a count that is too high stays a count");
}

/// Withdrawing the last request cancels the work.
pub async fn the_last_token_cancels(store: &dyn Store) {
    let (first, second) = (token(), token());
    assert!(matches!(submit_with(store, &f(9), &first).await, SubmitResult::Queued(_)));
    assert!(matches!(submit_with(store, &f(9), &second).await, SubmitResult::Pending(_)));
    let answer = store.withdraw(&f(9), &first, later(1)).await.expect("reachable");
    assert!(matches!(answer, WithdrawResult::StillAsked(row) if row.status() == Status::Queued));
    let answer = store.withdraw(&f(9), &second, later(2)).await.expect("reachable");
    let WithdrawResult::Cancelled(cancelled) = answer else { panic!("not cancelled: {answer:?}") };
    assert_eq!(cancelled.state, model::CalculationState::Cancelled { finished_at: later(2) });
    assert_eq!(found(store, &f(9)).await, cancelled);
    assert_eq!(store.unfinished(None, 10).await.expect("reachable"), []);
}

/// Running work goes on while one request remains.
pub async fn another_request_keeps_the_work_going(store: &dyn Store) {
    let (first, second) = (token(), token());
    submit_with(store, &f(9), &first).await;
    let lease = leased(store, &f(9), LONG).await;
    submit_with(store, &f(9), &second).await;
    let answer = store.withdraw(&f(9), &first, later(1)).await.expect("reachable");
    assert!(matches!(answer, WithdrawResult::StillAsked(row) if row.status() == Status::Running));
    assert_eq!(store.renew(&lease, Default::default()).await.expect("reachable"), RenewResult::Held);
}

/// A token withdraws one calculation, once.
pub async fn a_wrong_token_is_refused(store: &dyn Store) {
    let (mine, other, third) = (token(), token(), token());
    submit_with(store, &f(9), &mine).await;
    submit_with(store, &f(9), &third).await;
    submit_with(store, &f(8), &other).await;
    assert_eq!(store.withdraw(&f(9), &other, NOON).await.expect("reachable"), WithdrawResult::Forbidden);
    assert!(matches!(store.withdraw(&f(9), &mine, NOON).await.expect("reachable"), WithdrawResult::StillAsked(_)));
    assert_eq!(store.withdraw(&f(9), &mine, NOON).await.expect("reachable"), WithdrawResult::Forbidden);
    assert_eq!(found(store, &f(9)).await.status(), Status::Queued);
}

/// A request without a token cannot be withdrawn, so it keeps the work going.
pub async fn a_request_without_a_token_is_never_withdrawn_by_others(store: &dyn Store) {
    let mine = token();
    submit_with(store, &f(9), &mine).await;
    submit(store, &f(9)).await;
    let answer = store.withdraw(&f(9), &mine, NOON).await.expect("reachable");
    assert!(matches!(answer, WithdrawResult::StillAsked(_)), "{answer:?}");
    assert_eq!(found(store, &f(9)).await.status(), Status::Queued);
}

/// Only expensive, unfinished work can be withdrawn.
pub async fn cheap_finished_and_unknown_work_cannot_be_withdrawn(store: &dyn Store) {
    let ask = token();
    assert_eq!(store.withdraw(&f(9), &ask, NOON).await.expect("reachable"), WithdrawResult::Unknown);
    let cheap = queued(store, &f(10)).await;
    assert_eq!(store.withdraw(&f(10), &ask, NOON).await.expect("reachable"), WithdrawResult::Conflict(cheap));
    submit_with(store, &f(9), &ask).await;
    let done = complete(store, &inline(&f(9), "34")).await;
    assert_eq!(store.withdraw(&f(9), &ask, NOON).await.expect("reachable"), WithdrawResult::Conflict(done));
}

/// A withdrawn token is void when the calculation is queued again.
pub async fn a_cancelled_calculation_is_queued_again_for_a_new_request(store: &dyn Store) {
    let (old, new) = (token(), token());
    submit_with(store, &f(9), &old).await;
    store.withdraw(&f(9), &old, NOON).await.expect("reachable");
    let later = Timestamp::from_unix_ms(NOON.unix_ms() + 7);
    let request = NewCalculation { ask: Some(new.clone()), now: later, ..new_calculation(&f(9)) };
    let SubmitResult::Queued(again) = store.submit(&request).await.expect("reachable") else { panic!("not queued") };
    assert_eq!((again.asked_at, again.queued_at), (NOON, Some(later)));
    assert_eq!(store.withdraw(&f(9), &old, NOON).await.expect("reachable"), WithdrawResult::Forbidden);
    let answer = store.withdraw(&f(9), &new, Timestamp::from_unix_ms(5)).await.expect("reachable");
    assert!(matches!(answer, WithdrawResult::Cancelled(_)), "{answer:?}");
}

/// A token is void after its work is finished: it cannot withdraw later requests.
pub async fn tokens_end_with_the_work(store: &dyn Store) {
    let old = token();
    submit_with(store, &f(1), &old).await;
    let value = object(&f(1), &"7".repeat(70_000));
    complete(store, &value).await;
    let object = StoredValue { subject: value.subject, sha256: value.sha256, size_bytes: value.size_bytes };
    store.mark_evicted(&object).await.expect("reachable");
    submit_with(store, &f(2), &old).await;
    fail(store, &f(2)).await.expect("the lease is held");
    for subject in [f(1), f(2)] {
        let new = token();
        assert!(matches!(submit_with(store, &subject, &new).await, SubmitResult::Queued(_)));
        assert_eq!(store.withdraw(&subject, &old, NOON).await.expect("reachable"), WithdrawResult::Forbidden);
        let answer = store.withdraw(&subject, &new, NOON).await.expect("reachable");
        assert!(matches!(answer, WithdrawResult::Cancelled(_)), "{answer:?}");
    }
}
