//! Subjects other than F(n), which have no index in a column of its own.

use model::Subject;

use super::fixtures::*;
use crate::{CountedList, ListOrder, Store, StoredValue, UnfinishedFilter};

fn other(text: &str) -> Subject {
    text.parse().expect("a subject")
}

/// Other subjects are accepted, swept, completed and evicted like F(n), and listed apart from it.
pub async fn other_subjects_are_kept_like_numbers(store: &dyn Store) {
    let others = [
        "L(1000)",
        "U(3,-1,500)",
        "V(-9223372036854775808,1,-5)",
        "G(2,1,-50)",
        "T(3,100)",
        "P(10)",
        "A(10)",
        "Phi(3)",
    ]
    .map(other);
    queued(store, &f(1000)).await;
    for subject in &others {
        queued(store, subject).await;
        assert_eq!(found(store, subject).await.subject, *subject);
    }
    let all: Vec<Subject> = [f(1000)].into_iter().chain(others.clone()).collect();
    let swept = store.unfinished(None, 9).await.expect("reachable");
    assert_eq!(swept.into_iter().map(|row| row.subject).collect::<Vec<_>>(), all);
    let work = store.unfinished_work(&UnfinishedFilter::default(), None, 9).await.expect("reachable");
    assert_eq!(work.into_iter().map(|row| row.subject).collect::<Vec<_>>(), all);

    let list = async |order, limit| {
        let page = store.list(order, limit).await.expect("reachable");
        page.into_iter().map(|row| (row.subject, row.id)).collect::<Vec<_>>()
    };
    let subjects = |page: &[(Subject, _)]| page.iter().map(|(subject, _)| subject.clone()).collect::<Vec<_>>();
    for order in
        [ListOrder::Newest { before: None }, ListOrder::Largest { after: None }, ListOrder::Index { from: i64::MIN }]
    {
        assert_eq!(subjects(&list(order, 9).await), [f(1000)], "{order:?}");
    }
    for (list, rows) in [(CountedList::Numbers, 1), (CountedList::Others, 8), (CountedList::Unfinished, 9)] {
        assert_eq!(store.count(list).await.expect("reachable"), rows, "{list:?}");
    }
    let first = list(ListOrder::Others { before: None }, 4).await;
    let last = list(ListOrder::Others { before: first.last().map(|(_, id)| *id) }, 4).await;
    let newest_first: Vec<Subject> = others.iter().rev().cloned().collect();
    assert_eq!([subjects(&first), subjects(&last)].concat(), newest_first);
    let unfinished = subjects(&list(ListOrder::Unfinished { before: None }, 9).await);
    assert_eq!(unfinished, [newest_first, vec![f(1000)]].concat());

    for (subject, digits) in others.iter().zip(["7", "-81", "1234", "-5", "11", "60", "15", "1618"]) {
        let done = complete(store, &inline(subject, digits)).await;
        assert_eq!((&done.subject, done.digits), (subject, digits.trim_start_matches('-').len() as u64));
        assert_eq!(found(store, subject).await, done);
    }
    let long = object(&other("L(2000)"), &"4".repeat(2_000));
    queued(store, &long.subject).await;
    complete(store, &long).await;
    let evictable = store.lru_values(0..u64::MAX, 9).await.expect("reachable");
    let stored = StoredValue { subject: long.subject, sha256: long.sha256, size_bytes: long.size_bytes };
    assert_eq!(evictable, [stored]);
    store.mark_evicted(&evictable[0]).await.expect("reachable");
    assert_eq!(store.lru_values(0..u64::MAX, 9).await.expect("reachable"), []);
}
