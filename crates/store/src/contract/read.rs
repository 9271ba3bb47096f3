//! Lists and objects.

use std::ops::Range;
use std::time::Duration;

use model::{CalculationState, Status, ValueState};

use super::fixtures::*;
use crate::{CompleteResult, CountedList, ListOrder, Store, StoredValue, SubmitResult};

/// Every row is listed once, newest first, whatever the page size.
pub async fn the_list_is_newest_first_and_pages_without_gaps(store: &dyn Store) {
    assert_eq!(store.list(ListOrder::Newest { before: None }, 10).await.expect("reachable"), []);
    for n in 0..25 {
        queued(store, &f(n)).await;
    }
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = store.list(ListOrder::Newest { before }, 10).await.expect("reachable");
        assert!(page.len() <= 10);
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.into_iter().map(|calculation| calculation.subject));
        // Rows inserted between two pages do not shift them.
        submit(store, &f(1_000)).await;
    }
    assert_eq!(seen, (0..25).rev().map(f).collect::<Vec<_>>());
    assert_eq!(store.list(ListOrder::Newest { before: None }, 0).await.expect("reachable"), []);
}

const ALL_SIZES: Range<u64> = 0..u64::MAX;

async fn stored(store: &dyn Store, n: i64, size_bytes: usize) -> StoredValue {
    queued(store, &f(n)).await;
    let value = object(&f(n), &"7".repeat(size_bytes));
    complete(store, &value).await;
    StoredValue { subject: value.subject, sha256: value.sha256, size_bytes: value.size_bytes }
}

/// Lists by size and by index have every row once, whatever the page size, and the unfinished ones only those.
pub async fn lists_have_an_order_and_page_without_gaps(store: &dyn Store) {
    let order = [-5, 9, 0, -9, 7, 12, -13, 5];
    for n in order {
        queued(store, &f(n)).await;
    }
    complete(store, &inline(&f(9), "34")).await;
    let count = async |list| store.count(list).await.expect("reachable");
    for (list, rows) in [
        (CountedList::Numbers, 8),
        (CountedList::Unfinished, 7),
        (CountedList::From(-9), 7),
        (CountedList::From(13), 0),
    ] {
        assert_eq!(count(list).await, rows, "{list:?}");
    }
    let indexes = async |order, limit| {
        let page = store.list(order, limit).await.expect("reachable");
        page.iter().map(|calculation| calculation.subject.index().expect("an index").get()).collect::<Vec<_>>()
    };
    for limit in [1, 3, 20] {
        let (mut after, mut largest) = (None, Vec::new());
        loop {
            let page = indexes(ListOrder::Largest { after }, limit).await;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            largest.extend(page);
        }
        assert_eq!(largest, [-13, 12, 9, -9, 7, 5, -5, 0], "{limit} on a page");
    }
    assert_eq!(indexes(ListOrder::Index { from: i64::MIN }, 3).await, [-13, -9, -5]);
    assert_eq!(indexes(ListOrder::Index { from: 1 }, 9).await, [5, 7, 9, 12]);
    assert!(indexes(ListOrder::Index { from: 13 }, 9).await.is_empty());
    assert_eq!(indexes(ListOrder::Unfinished { before: None }, 20).await, [5, -13, 12, 7, -9, 0, -5]);
    let page = store.list(ListOrder::Unfinished { before: None }, 2).await.expect("reachable");
    let before = page.last().map(|last| last.id);
    assert_eq!(indexes(ListOrder::Unfinished { before }, 2).await, [12, 7]);
}

/// The least recently read object is evicted first.
pub async fn objects_are_evicted_by_their_last_read(store: &dyn Store) {
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 0);
    let one = stored(store, 1, 70_001).await;
    let two = stored(store, 2, 70_002).await;
    let three = stored(store, 3, 70_003).await;
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 210_006);
    let hour = later(3_600_000);
    store.touch(&[f(1), f(99)], hour).await.expect("reachable");
    store.touch(&[f(3)], hour + Duration::from_secs(1)).await.expect("reachable");
    store.touch(&[f(3)], NOON).await.expect("reachable");
    let order = store.lru_values(ALL_SIZES, 10).await.expect("reachable");
    assert_eq!(order, [two.clone(), one.clone(), three.clone()]);
    assert_eq!(store.lru_values(ALL_SIZES, 1).await.expect("reachable").as_slice(), std::slice::from_ref(&two));

    store.mark_evicted(&two).await.expect("reachable");
    store.mark_evicted(&two).await.expect("twice is no error");
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 140_004);
    assert_eq!(store.lru_values(ALL_SIZES, 10).await.expect("reachable"), [one, three]);
    let row = found(store, &f(2)).await;
    // What was evicted was computed all the same.
    assert_eq!(store.sum_digits().await.expect("reachable"), 3 * row.digits);
    let value = row.value().expect("still done");
    assert_eq!((value.state, value.sha256, value.size_bytes), (ValueState::Evicted, two.sha256, 70_002));
    assert!(!row.is_readable());
}

/// Texts in the database are counted and evicted like objects, except for those that are part of every answer.
pub async fn texts_are_counted_and_evicted_with_the_objects(store: &dyn Store) {
    for (n, digits) in [(1, 1_000), (2, 1_001), (3, 60_000)] {
        queued(store, &f(n)).await;
        complete(store, &inline(&f(n), &"7".repeat(digits))).await;
    }
    let large = stored(store, 4, 70_000).await;
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 131_001);
    assert_eq!(store.value_bytes(0..60_000).await.expect("reachable"), 1_001);
    assert_eq!(store.value_bytes(60_000..70_000).await.expect("reachable"), 60_000);
    assert_eq!(store.lru_values(60_001..u64::MAX, 10).await.expect("reachable"), [large]);
    store.touch(&[f(2)], later(3_600_000)).await.expect("reachable");
    let order: Vec<_> = store.lru_values(ALL_SIZES, 10).await.expect("reachable");
    assert_eq!(order.len(), 3, "{order:?}");
    assert_eq!(order[2].subject, f(2), "read last");

    let evicted = order.iter().find(|value| value.subject == f(3)).expect("listed");
    store.mark_evicted(evicted).await.expect("reachable");
    store.mark_evicted(evicted).await.expect("twice is no error");
    assert_eq!(store.inline_value(&f(3)).await.expect("reachable"), None);
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 71_001);
    let row = found(store, &f(3)).await;
    let value = row.value().expect("still done");
    assert_eq!((value.state, value.sha256, value.size_bytes), (ValueState::Evicted, evicted.sha256, 60_000));
    queued(store, &f(3)).await;
    assert!(complete(store, &inline(&f(3), &"7".repeat(60_000))).await.is_readable());
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 131_001);
}

/// The facts of an evicted value stay, and the next value must agree with them.
pub async fn an_evicted_value_is_computed_again_and_compared(store: &dyn Store) {
    let evicted = stored(store, 1, 70_000).await;
    store.mark_evicted(&evicted).await.expect("reachable");
    let SubmitResult::Queued(again) = submit(store, &f(1)).await else { panic!("not queued again") };
    assert_eq!(again.state, CalculationState::Queued { waiting_for: None });
    assert_eq!(store.unfinished(None, 10).await.expect("reachable").len(), 1);
    let wrong = store.complete(&object(&f(1), &"8".repeat(70_000))).await.expect("reachable");
    assert!(matches!(wrong, CompleteResult::Contradiction(_)), "{wrong:?}");
    queued(store, &f(1)).await;
    assert!(complete(store, &object(&f(1), &"7".repeat(70_000))).await.is_readable());
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 70_000);
}

/// A lost object is queued again without a submission, once.
pub async fn a_lost_object_is_queued_again(store: &dyn Store) {
    let token_of_first = token();
    submit_with(store, &f(1), &token_of_first).await;
    let value = object(&f(1), &"7".repeat(70_000));
    complete(store, &value).await;
    let lost = StoredValue { subject: value.subject, sha256: value.sha256, size_bytes: value.size_bytes };
    let other = StoredValue { sha256: stored(store, 2, 70_002).await.sha256, ..lost.clone() };
    assert_eq!(store.mark_lost(&other).await.expect("reachable"), None, "not what the row points to");
    let queued = store.mark_lost(&lost).await.expect("reachable").expect("the row pointed to it");
    assert_eq!((queued.status(), queued.attempt), (Status::Queued, 0));
    assert_eq!(store.mark_lost(&lost).await.expect("reachable"), None, "marked already");
    assert_eq!(store.value_bytes(ALL_SIZES).await.expect("reachable"), 70_002);
    let ask = token();
    submit_with(store, &f(1), &ask).await;
    store.withdraw(&f(1), &ask, NOON).await.expect("reachable");
    assert_eq!(found(store, &f(1)).await.status(), Status::Queued, "a repair cannot be withdrawn");
    assert!(complete(store, &object(&f(1), &"7".repeat(70_000))).await.is_readable());
}

/// A healthy store answers a ping.
pub async fn a_healthy_store_answers(store: &dyn Store) {
    store.ping().await.expect("reachable");
}
