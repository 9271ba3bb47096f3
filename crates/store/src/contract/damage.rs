//! Damaged rows and clocks that were moved back, for backends whose tests can execute SQL.

use std::time::Duration;

use super::fixtures::*;
use crate::{LeaseResult, ListOrder, Store, SubmitResult, UnfinishedFilter};
use model::{Status, Subject};

/// Damage to the row of F(1000), in the SQL of both databases.
pub(crate) const DAMAGES: [&str; 20] = [
    "update calculations set first_digits = '9' || substr(first_digits, 2)",
    "update calculations set last_digits = '9999'",
    "update calculations set digits = digits + 1024",
    "update calculations set idx = idx + 8",
    "update calculations set size_bytes = size_bytes + 1",
    "update calculations set sha256 = null",
    "update calculations set short_text = '9' || substr(short_text, 2)",
    "update calculations set value_state = 'inlind'",
    "update calculations set status = 'dond'",
    "update calculations set finished_at = null",
    "update calculations set asked = -4611686018427387904",
    "update calculations set asked = asked + 1024",
    "update calculations set asked_at = asked_at + 65536",
    "update calculations set queued_at = queued_at - 1",
    "update calculations set started_at = started_at + 1",
    "update calculations set finished_at = finished_at + 4294967296",
    "update calculations set attempt = attempt + 4",
    "update calculations set compute_ms = compute_ms + 256",
    "update calculations set row_check = row_check + 1",
    "update calculations set value_check = value_check + 1",
];

/// A damaged row is queued again, and what it said is never returned.
pub(crate) async fn a_damaged_row_is_computed_again(store: &dyn Store, execute: impl AsyncFn(&'static str)) {
    let value = inline(&f(1000), &"4181".repeat(52));
    queued(store, &f(1000)).await;
    for damage in DAMAGES {
        let done = complete(store, &value).await;
        execute(damage).await;
        let row = found(store, &f(1000)).await;
        assert_eq!((row.status(), row.id, row.digits), (Status::Queued, done.id, 209), "{damage}");
        assert_eq!(store.inline_value(&f(1000)).await.expect("reachable"), None, "{damage}");
        assert_eq!(store.unfinished(None, 9).await.expect("reachable").len(), 1, "{damage}");

        complete(store, &value).await;
        execute(damage).await;
        let listed = store.list(ListOrder::Newest { before: None }, 9).await.expect("reachable");
        assert_eq!(
            listed.iter().map(|row| (&row.subject, row.status())).collect::<Vec<_>>(),
            [(&f(1000), Status::Queued)]
        );

        complete(store, &value).await;
        execute(damage).await;
        let submitted = submit(store, &f(1000)).await;
        assert!(matches!(submitted, SubmitResult::Pending(_)), "{damage}: {submitted:?}");
    }
    assert_eq!(complete(store, &value).await.value().map(|value| value.sha256), Some(value.sha256));
}

/// Damage to the row of another subject is noticed as well. Its text is the only key that it has.
pub(crate) async fn a_damaged_row_of_another_subject_is_computed_again(
    store: &dyn Store,
    execute: impl AsyncFn(&'static str),
) {
    let subject: Subject = "L(1000)".parse().expect("a subject");
    let value = inline(&subject, &"4181".repeat(52));
    queued(store, &subject).await;
    let key = "update calculations set idx = 1000";
    for damage in DAMAGES.into_iter().filter(|damage| !damage.contains("idx")).chain([key]) {
        let done = complete(store, &value).await;
        execute(damage).await;
        let row = found(store, &subject).await;
        assert_eq!(
            (row.status(), row.id, &row.subject, row.digits),
            (Status::Queued, done.id, &subject, 209),
            "{damage}"
        );
    }
    assert_eq!(complete(store, &value).await.value().map(|value| value.sha256), Some(value.sha256));
}

/// Damage to one byte of a subject, as a statement.
const DAMAGED_KEYS: [(&str, &str); 5] = [
    ("F(1000)", "update calculations set subject = 'F(1004)'"),
    ("L(1000)", "update calculations set subject = 'L(1004)'"),
    ("L(1000)", "update calculations set subject = 'L(1p00)'"),
    ("U(3,-1,500)", "update calculations set subject = 'U(3,-1,50 )'"),
    ("G(2,1,-50)", "update calculations set subject = 'G(0,1,-50)'"),
];

/// A row whose subject is damaged is found by the sweep and by lists, and is computed for what was submitted.
pub(crate) async fn a_damaged_subject_is_corrected(store: &dyn Store, execute: impl AsyncFn(&'static str)) {
    for (subject, damage) in DAMAGED_KEYS {
        let subject: Subject = subject.parse().expect("a subject");
        let order = match subject.fibonacci_index() {
            Some(_) => ListOrder::Newest { before: None },
            None => ListOrder::Others { before: None },
        };
        let listed = async || {
            let rows = store.list(order, 9).await.expect("reachable");
            rows.into_iter().map(|row| (row.subject.clone(), row.status())).collect::<Vec<_>>()
        };
        let value = inline(&subject, &"4181".repeat(52));
        queued(store, &subject).await;
        execute(damage).await;
        let swept = store.unfinished(None, 9).await.expect("reachable");
        assert_eq!(swept.iter().map(|row| &row.subject).collect::<Vec<_>>(), [&subject], "{damage}");
        complete(store, &value).await;

        execute(damage).await;
        assert_eq!(listed().await, [(subject.clone(), Status::Queued)], "{damage}");
        complete(store, &value).await;

        execute(damage).await;
        queued(store, &subject).await;
        assert_eq!(listed().await, [(subject.clone(), Status::Queued)], "{damage}: it was submitted again since");
        complete(store, &value).await;
        execute("delete from calculations").await;
    }
}

/// Others do not wait for a row that no longer says its subject.
pub(crate) async fn a_lost_subject_is_set_aside(store: &dyn Store, execute: impl AsyncFn(&'static str)) {
    for subject in ["L(1000)", "L(2000)"] {
        queued(store, &subject.parse().expect("a subject")).await;
    }
    execute("update calculations set subject = 'L(??00)' where subject = 'L(1000)'").await;
    for _ in 0..2 {
        let swept = store.unfinished(None, 9).await.expect("reachable");
        assert_eq!(swept.iter().map(|row| row.subject.to_string()).collect::<Vec<_>>(), ["L(2000)"]);
    }
    assert_eq!(store.list(ListOrder::Others { before: None }, 9).await.expect("reachable").len(), 1);
}

/// Rows of a newer version, whose subjects this one does not know, are left alone and disturb nothing.
pub(crate) async fn unknown_subjects_are_left_alone(store: &dyn Store, execute: impl AsyncFn(&'static str)) {
    queued(store, &f(1)).await;
    complete(store, &object(&f(1), &"1".repeat(2_000))).await;
    queued(store, &f(2)).await;
    execute("update calculations set subject = replace(subject, 'F', 'Z'), idx = null").await;
    queued(store, &f(3)).await;
    assert_eq!(store.unfinished(None, 9).await.expect("reachable").len(), 1);
    assert_eq!(store.unfinished_work(&UnfinishedFilter::default(), None, 9).await.expect("reachable").len(), 1);
    assert_eq!(store.list(ListOrder::Newest { before: None }, 9).await.expect("reachable").len(), 1);
    assert_eq!(store.list(ListOrder::Others { before: None }, 9).await.expect("reachable"), []);
    assert_eq!(store.lru_values(0..u64::MAX, 9).await.expect("reachable"), []);
}

/// A damaged text beside its row is computed again too.
pub(crate) async fn a_damaged_text_is_computed_again(store: &dyn Store, execute: impl AsyncFn(&'static str)) {
    let value = inline(&f(5_000), &"1234567890".repeat(6_500));
    queued(store, &f(5_000)).await;
    for damage in ["update value_texts set text = replace(text, '1', '2')", "delete from value_texts"] {
        complete(store, &value).await;
        assert!(store.inline_value(&f(5_000)).await.expect("reachable").is_some());
        execute(damage).await;
        assert_eq!(store.inline_value(&f(5_000)).await.expect("reachable"), None, "{damage}");
        assert_eq!(found(store, &f(5_000)).await.status(), Status::Queued, "{damage}");
    }
    complete(store, &value).await;
    assert!(store.inline_value(&f(5_000)).await.expect("reachable").is_some());
}

/// After the clock was moved back by an hour, a lease is held for no longer than its length.
pub(crate) async fn a_clock_that_is_set_back_prolongs_no_lease(store: &dyn Store, execute: impl AsyncFn(&'static str)) {
    queued(store, &f(1)).await;
    let length = Duration::from_millis(300);
    let lease = leased(store, &f(1), length).await;
    execute("update calculations set lease_until = lease_until + 3600000").await;
    assert_eq!(store.unfinished(None, 9).await.expect("reachable").len(), 1, "the sweep finds it");
    let held = store.lease(&f(1), &worker(), LONG, NOON).await.expect("reachable");
    assert!(matches!(held, LeaseResult::Held { remaining } if remaining <= length), "{held:?}");
    assert_eq!(store.unfinished(None, 9).await.expect("reachable"), [], "its holder may be alive");
    let LeaseResult::Leased(next, _) = take_over(store, &f(1), LONG).await else { panic!("not leased") };
    assert!(next.fence > lease.fence);
}
