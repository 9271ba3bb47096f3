//! Counting who asks, and withdrawing.

use model::{Status, Timestamp};

use super::scene::*;
use crate::{Accepted, Renewal, Store, Withdrawal};

/// Counts add up; those for unknown subjects are dropped.
pub async fn asks_are_counted(store: &dyn Store) {
    queued(store, &f(1)).await;
    queued(store, &f(2)).await;
    store.count_asks(&[(f(1), 5), (f(2), 1), (f(1), 2), (f(3), 9)]).await.expect("reachable");
    store.count_asks(&[]).await.expect("reachable");
    assert_eq!((found(store, &f(1)).await.asked, found(store, &f(2)).await.asked), (8, 2));
    assert_eq!(store.find(&f(3)).await.expect("reachable"), None);
    for _ in 0..2 {
        store.count_asks(&[(f(1), u64::MAX)]).await.expect("reachable");
    }
    assert!(found(store, &f(1)).await.asked > 1 << 52, "a count that is too high stays a count");
}

/// When nobody asks any more, the work ends.
pub async fn the_last_token_cancels(store: &dyn Store) {
    let (first, second) = (token(), token());
    assert!(matches!(accept_with(store, &f(9), &first).await, Accepted::Queued(_)));
    assert!(matches!(accept_with(store, &f(9), &second).await, Accepted::Pending(_)));
    let answer = store.withdraw(&f(9), &first, later(1)).await.expect("reachable");
    assert!(matches!(answer, Withdrawal::StillAsked(row) if row.status() == Status::Queued));
    let answer = store.withdraw(&f(9), &second, later(2)).await.expect("reachable");
    let Withdrawal::Cancelled(cancelled) = answer else { panic!("not cancelled: {answer:?}") };
    assert_eq!(cancelled.state, model::State::Cancelled { finished_at: later(2) });
    assert_eq!(found(store, &f(9)).await, cancelled);
    assert_eq!(store.unfinished(None, 10).await.expect("reachable"), []);
}

/// One of two withdraws from running work: it runs on, and its worker is not disturbed.
pub async fn another_asker_keeps_the_work_going(store: &dyn Store) {
    let (first, second) = (token(), token());
    accept_with(store, &f(9), &first).await;
    let lease = leased(store, &f(9), LONG).await;
    accept_with(store, &f(9), &second).await;
    let answer = store.withdraw(&f(9), &first, later(1)).await.expect("reachable");
    assert!(matches!(answer, Withdrawal::StillAsked(row) if row.status() == Status::Running));
    assert_eq!(store.renew(&lease, Default::default()).await.expect("reachable"), Renewal::Held);
}

/// A token is good for one calculation, once.
pub async fn a_wrong_token_is_refused(store: &dyn Store) {
    let (mine, other, third) = (token(), token(), token());
    accept_with(store, &f(9), &mine).await;
    accept_with(store, &f(9), &third).await;
    accept_with(store, &f(8), &other).await;
    assert_eq!(store.withdraw(&f(9), &other, NOON).await.expect("reachable"), Withdrawal::Forbidden);
    assert!(matches!(store.withdraw(&f(9), &mine, NOON).await.expect("reachable"), Withdrawal::StillAsked(_)));
    assert_eq!(store.withdraw(&f(9), &mine, NOON).await.expect("reachable"), Withdrawal::Forbidden);
    assert_eq!(found(store, &f(9)).await.status(), Status::Queued);
}

/// Who asked without a token cannot withdraw, so nobody may do it for them.
pub async fn an_ask_without_a_token_is_never_withdrawn_by_others(store: &dyn Store) {
    let mine = token();
    accept_with(store, &f(9), &mine).await;
    accept(store, &f(9)).await;
    let answer = store.withdraw(&f(9), &mine, NOON).await.expect("reachable");
    assert!(matches!(answer, Withdrawal::StillAsked(_)), "{answer:?}");
    assert_eq!(found(store, &f(9)).await.status(), Status::Queued);
}

/// Only dear, unfinished work can be withdrawn.
pub async fn cheap_finished_and_unknown_work_cannot_be_withdrawn(store: &dyn Store) {
    let ask = token();
    assert_eq!(store.withdraw(&f(9), &ask, NOON).await.expect("reachable"), Withdrawal::Unknown);
    let cheap = queued(store, &f(10)).await;
    assert_eq!(store.withdraw(&f(10), &ask, NOON).await.expect("reachable"), Withdrawal::Conflict(cheap));
    accept_with(store, &f(9), &ask).await;
    let done = record(store, &inline(&f(9), "34")).await;
    assert_eq!(store.withdraw(&f(9), &ask, NOON).await.expect("reachable"), Withdrawal::Conflict(done));
}

/// The tokens of those who withdrew are worth nothing to the next asker's work.
pub async fn what_was_cancelled_is_queued_again_for_a_new_asker(store: &dyn Store) {
    let (old, new) = (token(), token());
    accept_with(store, &f(9), &old).await;
    store.withdraw(&f(9), &old, NOON).await.expect("reachable");
    let Accepted::Queued(again) = accept_with(store, &f(9), &new).await else { panic!("not queued again") };
    assert_eq!(again.asked_at, NOON);
    assert_eq!(store.withdraw(&f(9), &old, NOON).await.expect("reachable"), Withdrawal::Forbidden);
    let answer = store.withdraw(&f(9), &new, Timestamp::from_unix_ms(5)).await.expect("reachable");
    assert!(matches!(answer, Withdrawal::Cancelled(_)), "{answer:?}");
}
