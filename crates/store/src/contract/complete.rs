//! Values and failures.

use model::{CalculationState, Failure, FailureReason, Status, Value, ValueState};

use super::fixtures::*;
use crate::{CompleteResult, InlineValue, LeaseResult, ListOrder, Store, WithdrawResult, digest};

/// Up to 1,000 digits the text is part of the row, sign included.
pub async fn a_short_value_is_part_of_every_answer(store: &dyn Store) {
    let longest = format!("-{}", "7".repeat(1_000));
    for (n, text) in [(10, "55"), (-8, "-21"), (0, "0"), (-4_782, &longest)] {
        queued(store, &f(n)).await;
        let done = complete(store, &inline(&f(n), text)).await;
        let CalculationState::Done { started_at, finished_at, ref value } = done.state else {
            panic!("not done: {done:?}")
        };
        assert_eq!((started_at, finished_at, done.attempt), (later(60), later(70), 1));
        assert_eq!(value.text.as_deref(), Some(text));
        assert_eq!((value.state, value.size_bytes, value.compute_ms), (ValueState::Inline, text.len() as u64, 10));
        assert_eq!(done.digits, text.trim_start_matches('-').len() as u64);
        assert_eq!(found(store, &f(n)).await, done);
        assert_eq!(store.list(ListOrder::Newest { before: None }, 1).await.expect("reachable").first(), Some(&done));
        let read = store.inline_value(&f(n)).await.expect("reachable");
        assert_eq!(read, Some(InlineValue { text: text.to_owned(), sha256: value.sha256 }));
    }
}

/// Above 1,000 digits the row has only the first and last digits.
pub async fn a_long_inline_value_is_read_separately(store: &dyn Store) {
    queued(store, &f(5_000)).await;
    assert_eq!(store.inline_value(&f(5_000)).await.expect("reachable"), None);
    let text = "1234567890".repeat(6_500);
    let done = complete(store, &inline(&f(5_000), &text)).await;
    let value = done.value().expect("done");
    assert_eq!((value.text.as_ref(), value.state), (None, ValueState::Inline));
    assert_eq!((value.first_digits.as_str(), value.last_digits.as_str()), (&text[..20], &text[text.len() - 20..]));
    assert_eq!(value.size_bytes, Value::INLINE_BYTES - 536);
    let read = store.inline_value(&f(5_000)).await.expect("reachable").expect("inline");
    assert_eq!((read.text, read.sha256), (text, value.sha256));
}

/// The text of an object is not in the database.
pub async fn an_object_leaves_only_its_facts(store: &dyn Store) {
    queued(store, &f(1_000_000)).await;
    let done = complete(store, &object(&f(1_000_000), &"7".repeat(70_000))).await;
    let value = done.value().expect("done");
    assert_eq!((value.state, value.size_bytes, value.text.as_ref()), (ValueState::Object, 70_000, None));
    assert!(done.is_readable());
    assert_eq!(store.inline_value(&f(1_000_000)).await.expect("reachable"), None);
    assert_eq!(store.value_bytes(0..u64::MAX).await.expect("reachable"), 70_000);
}

/// A job may be delivered twice.
pub async fn the_same_value_twice_is_no_error(store: &dyn Store) {
    queued(store, &f(10)).await;
    let done = complete(store, &inline(&f(10), "55")).await;
    let mut again = inline(&f(10), "55");
    again.finished_at = later(5_000);
    let answer = store.complete(&again).await.expect("reachable");
    assert_eq!(answer, CompleteResult::AlreadyKnown(done.clone()));
    assert_eq!(found(store, &f(10)).await, done);
}

/// Of two different values neither is served, and a third must have the first hash.
pub async fn another_value_is_a_contradiction(store: &dyn Store) {
    for (n, right, wrong) in [(10, "55".to_owned(), "56".to_owned()), (11, "8".repeat(2_000), "9".repeat(2_000))] {
        queued(store, &f(n)).await;
        complete(store, &inline(&f(n), &right)).await;
        let answer = store.complete(&inline(&f(n), &wrong)).await.expect("reachable");
        let CompleteResult::Contradiction(failed) = answer else { panic!("no contradiction: {answer:?}") };
        let CalculationState::Failed { failure, .. } = &failed.state else { panic!("not failed: {failed:?}") };
        assert_eq!(failure.reason, FailureReason::Contradiction);
        assert_eq!(found(store, &f(n)).await, failed);
        assert_eq!(store.inline_value(&f(n)).await.expect("reachable"), None);
        queued(store, &f(n)).await;
        let answer = store.complete(&inline(&f(n), &wrong)).await.expect("reachable");
        assert!(matches!(answer, CompleteResult::Contradiction(_)), "{answer:?}");
        queued(store, &f(n)).await;
        complete(store, &inline(&f(n), &right)).await;
        assert_eq!(store.inline_value(&f(n)).await.expect("reachable").expect("inline").text, right);
    }
}

/// A right value is accepted from any worker.
pub async fn a_right_value_from_a_stale_lease_is_stored(store: &dyn Store) {
    queued(store, &f(10)).await;
    leased(store, &f(10), BRIEF).await;
    assert!(matches!(take_over(store, &f(10), LONG).await, LeaseResult::Leased(..)));
    let done = complete(store, &inline(&f(10), "55")).await;
    assert_eq!((done.status(), done.attempt), (Status::Done, 2));
    let answer = store.complete(&inline(&f(10), "55")).await.expect("reachable");
    assert!(matches!(answer, CompleteResult::AlreadyKnown(_)), "{answer:?}");
}

/// A value creates no row.
pub async fn a_value_for_an_unknown_subject_is_refused(store: &dyn Store) {
    assert_eq!(store.complete(&inline(&f(10), "55")).await.expect("reachable"), CompleteResult::Unknown);
    assert_eq!(store.find(&f(10)).await.expect("reachable"), None);
}

/// Without a lease only queued work can be failed; with one, only work that it holds.
pub async fn only_the_lease_holder_can_fail_running_work(store: &dyn Store) {
    assert_eq!(fail(store, &f(10)).await, None);
    queued(store, &f(10)).await;
    let lease = leased(store, &f(10), LONG).await;
    assert_eq!(fail(store, &f(10)).await, None, "a lease is held");
    let failure = Failure { reason: FailureReason::TooLargeToFit, attempts: 1 };
    let failed = store.fail(&f(10), Some(&lease), failure.clone(), later(90)).await.expect("reachable");
    let failed = failed.expect("the lease is held");
    assert_eq!(failed.state, CalculationState::Failed { finished_at: later(90), failure: failure.clone() });
    assert_eq!(found(store, &f(10)).await, failed);
    let again = store.fail(&f(10), Some(&lease), failure, later(91)).await.expect("reachable");
    assert_eq!(again, None, "finished already");

    queued(store, &f(11)).await;
    let failed = fail(store, &f(11)).await.expect("queued without a lease");
    assert_eq!((failed.status(), failed.attempt), (Status::Failed, 3));
    queued(store, &f(12)).await;
    complete(store, &inline(&f(12), "144")).await;
    assert_eq!(fail(store, &f(12)).await, None, "what is done stays done");
}

/// Clients were already sent the cancellation or failure, so a late value does not undo it.
pub async fn a_final_state_is_final_until_someone_submits_again(store: &dyn Store) {
    queued(store, &f(10)).await;
    let failed = fail(store, &f(10)).await.expect("queued without a lease");
    let ask = token();
    submit_with(store, &f(11), &ask).await;
    let WithdrawResult::Cancelled(cancelled) = store.withdraw(&f(11), &ask, NOON).await.expect("reachable") else {
        panic!("not cancelled")
    };
    for (ended, text) in [(failed, "55"), (cancelled, "89")] {
        let subject = ended.subject.clone();
        let answer = store.complete(&inline(&subject, text)).await.expect("reachable");
        assert_eq!(answer, CompleteResult::Ended(ended.clone()));
        assert_eq!(found(store, &subject).await, ended);
        queued(store, &subject).await;
        let done = complete(store, &inline(&subject, text)).await;
        assert_eq!(done.value().map(|value| value.sha256), Some(digest(&text.to_owned()).sha256));
    }
}
