//! Lists, objects, and what becomes of them.

use std::time::Duration;

use model::{CalculationState, Status, ValueState};

use super::scene::*;
use crate::{CompleteResult, Store, StoredObject, SubmitResult};

/// Every row comes once, newest first, however the pages are cut.
pub async fn the_list_is_newest_first_and_pages_without_gaps(store: &dyn Store) {
    assert_eq!(store.list(None, 10).await.expect("reachable"), []);
    for n in 0..25 {
        queued(store, &f(n)).await;
    }
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = store.list(before, 10).await.expect("reachable");
        assert!(page.len() <= 10);
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        seen.extend(page.into_iter().map(|calculation| calculation.subject));
        // What is entered between two pages does not shift them.
        submit(store, &f(1_000)).await;
    }
    assert_eq!(seen, (0..25).rev().map(f).collect::<Vec<_>>());
    assert_eq!(store.list(None, 0).await.expect("reachable"), []);
}

async fn stored(store: &dyn Store, n: i64, size_bytes: usize) -> StoredObject {
    queued(store, &f(n)).await;
    let value = object(&f(n), &"7".repeat(size_bytes));
    record(store, &value).await;
    StoredObject { subject: value.subject, sha256: value.sha256, size_bytes: value.size_bytes }
}

/// Reading keeps an object; the one nobody reads goes first.
pub async fn objects_are_evicted_by_their_last_read(store: &dyn Store) {
    assert_eq!(store.object_bytes().await.expect("reachable"), 0);
    let one = stored(store, 1, 70_001).await;
    let two = stored(store, 2, 70_002).await;
    let three = stored(store, 3, 70_003).await;
    assert_eq!(store.object_bytes().await.expect("reachable"), 210_006);
    let hour = later(3_600_000);
    store.touch(&[f(1), f(99)], hour).await.expect("reachable");
    store.touch(&[f(3)], hour + Duration::from_secs(1)).await.expect("reachable");
    store.touch(&[f(3)], NOON).await.expect("reachable");
    let order = store.lru_objects(10).await.expect("reachable");
    assert_eq!(order, [two.clone(), one.clone(), three.clone()]);
    assert_eq!(store.lru_objects(1).await.expect("reachable").as_slice(), std::slice::from_ref(&two));

    store.mark_evicted(&two).await.expect("reachable");
    store.mark_evicted(&two).await.expect("twice is no error");
    assert_eq!(store.object_bytes().await.expect("reachable"), 140_004);
    assert_eq!(store.lru_objects(10).await.expect("reachable"), [one, three]);
    let row = found(store, &f(2)).await;
    let value = row.value().expect("still done");
    assert_eq!((value.state, value.sha256, value.size_bytes), (ValueState::Evicted, two.sha256, 70_002));
    assert!(!row.is_readable());
}

/// Facts outlive the text, and the next text must meet them.
pub async fn an_evicted_value_is_computed_again_and_compared(store: &dyn Store) {
    let evicted = stored(store, 1, 70_000).await;
    store.mark_evicted(&evicted).await.expect("reachable");
    let SubmitResult::Queued(again) = submit(store, &f(1)).await else { panic!("not queued again") };
    assert_eq!(again.state, CalculationState::Queued { waiting_for: None });
    assert_eq!(store.unfinished(None, 10).await.expect("reachable").len(), 1);
    let wrong = store.complete(&object(&f(1), &"8".repeat(70_000))).await.expect("reachable");
    assert!(matches!(wrong, CompleteResult::Contradiction(_)), "{wrong:?}");
    queued(store, &f(1)).await;
    assert!(record(store, &object(&f(1), &"7".repeat(70_000))).await.is_readable());
    assert_eq!(store.object_bytes().await.expect("reachable"), 70_000);
}

/// A lost object is repaired without anybody asking, once.
pub async fn a_lost_object_is_queued_again(store: &dyn Store) {
    let asker = token();
    accept_with(store, &f(1), &asker).await;
    let value = object(&f(1), &"7".repeat(70_000));
    record(store, &value).await;
    let lost = StoredObject { subject: value.subject, sha256: value.sha256, size_bytes: value.size_bytes };
    let other = StoredObject { sha256: stored(store, 2, 70_002).await.sha256, ..lost.clone() };
    assert_eq!(store.mark_lost(&other).await.expect("reachable"), None, "not what the row points to");
    let queued = store.mark_lost(&lost).await.expect("reachable").expect("pointed to it");
    assert_eq!((queued.status(), queued.attempt), (Status::Queued, 0));
    assert_eq!(store.mark_lost(&lost).await.expect("reachable"), None, "known already");
    assert_eq!(store.object_bytes().await.expect("reachable"), 70_002);
    let ask = token();
    accept_with(store, &f(1), &ask).await;
    store.withdraw(&f(1), &ask, NOON).await.expect("reachable");
    assert_eq!(found(store, &f(1)).await.status(), Status::Queued, "a repair is not withdrawn");
    assert!(record(store, &object(&f(1), &"7".repeat(70_000))).await.is_readable());
}

/// It says that it is there.
pub async fn the_record_answers(store: &dyn Store) {
    store.ping().await.expect("reachable");
}
