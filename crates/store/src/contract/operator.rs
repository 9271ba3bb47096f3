//! The contract of the calls for operators: reading and cancelling.

use model::{Lane, Status, Submitter};

use super::fixtures::*;
use crate::{LeaseResult, NewCalculation, RenewResult, Store, SubmitResult, UnfinishedFilter, WithdrawResult};

fn submitter(text: &str) -> Submitter {
    text.parse().expect("an address")
}

async fn indexes(store: &dyn Store, filter: UnfinishedFilter) -> Vec<i64> {
    let work = store.unfinished_work(&filter, None, 100).await.expect("reachable");
    work.iter().map(|row| row.subject.index().expect("an index").get()).collect()
}

/// Every filter selects what it says, and all of them together.
pub async fn unfinished_work_is_selected_by_filters(store: &dyn Store) {
    let (one, other) = (submitter("192.0.2.7"), submitter("2001:db8::1"));
    for (n, lane, submitter) in [
        (5_i64, Lane::Short, Some(one)),
        (-50, Lane::Long, Some(one)),
        (60, Lane::Long, Some(other)),
        (7, Lane::Medium, None),
        (8, Lane::Short, None),
    ] {
        let now = later(n.unsigned_abs());
        store.submit(&NewCalculation { lane, submitter, now, ..new_calculation(&f(n)) }).await.expect("submitted");
    }
    leased(store, &f(60), LONG).await;
    complete(store, &inline(&f(8), "21")).await;

    let all = UnfinishedFilter::default;
    assert_eq!(indexes(store, all()).await, [5, -50, 60, 7]);
    assert_eq!(indexes(store, UnfinishedFilter { lane: Some(Lane::Long), ..all() }).await, [-50, 60]);
    assert_eq!(indexes(store, UnfinishedFilter { status: Some(Status::Running), ..all() }).await, [60]);
    assert_eq!(indexes(store, UnfinishedFilter { status: Some(Status::Queued), ..all() }).await, [5, -50, 7]);
    assert_eq!(indexes(store, UnfinishedFilter { submitter: Some(one), ..all() }).await, [5, -50]);
    assert_eq!(indexes(store, UnfinishedFilter { min_index: Some(50), ..all() }).await, [-50, 60]);
    assert!(indexes(store, UnfinishedFilter { min_index: Some(u64::MAX), ..all() }).await.is_empty());
    assert_eq!(indexes(store, UnfinishedFilter { queued_before: Some(later(50)), ..all() }).await, [5, 7]);
    let both = UnfinishedFilter { lane: Some(Lane::Long), submitter: Some(one), ..all() };
    assert_eq!(indexes(store, both).await, [-50]);

    let first = store.unfinished_work(&all(), None, 2).await.expect("reachable");
    assert_eq!(first.iter().map(|row| row.submitter).collect::<Vec<_>>(), [Some(one), Some(one)]);
    assert_eq!((first[1].status, first[1].lane, first[1].queued_at), (Status::Queued, Lane::Long, later(50)));
    let rest = store.unfinished_work(&all(), Some(first[1].id), 10).await.expect("reachable");
    assert_eq!(rest.iter().map(|row| row.submitter).collect::<Vec<_>>(), [Some(other), None]);
}

/// The sweep knows the submitter too, until the calculation ends; a new submission brings its own.
pub async fn a_submitter_is_known_until_the_work_ends(store: &dyn Store) {
    let (one, other) = (submitter("192.0.2.7"), submitter("192.0.2.8"));
    let new = |n: i64, submitter| NewCalculation { submitter: Some(submitter), ..new_calculation(&f(n)) };
    for n in 1..=4 {
        store.submit(&new(n, one)).await.expect("submitted");
        store.submit(&new(n, other)).await.expect("joined");
    }
    let submitters = async || {
        let rows = store.unfinished(None, 10).await.expect("reachable");
        rows.iter().map(|row| row.submitter).collect::<Vec<_>>()
    };
    assert_eq!(submitters().await, [Some(one); 4]);
    complete(store, &object(&f(1), &"7".repeat(70_000))).await;
    fail(store, &f(2)).await;
    store.cancel(&[f(3)], NOON).await.expect("reachable");
    assert_eq!(submitters().await, [Some(one)]);
    let again = NewCalculation { submitter: None, ..new_calculation(&f(2)) };
    store.submit(&again).await.expect("queued again");
    store.submit(&new(3, other)).await.expect("queued again");
    assert_eq!(submitters().await, [None, Some(other), Some(one)]);
}

/// Cancelling needs no token and ends the work of everyone; what has ended stays as it is.
pub async fn an_operator_cancels_what_is_unfinished(store: &dyn Store) {
    let ask = token();
    queued(store, &f(1)).await;
    submit_with(store, &f(2), &ask).await;
    let lease = leased(store, &f(2), LONG).await;
    queued(store, &f(3)).await;
    let done = complete(store, &inline(&f(3), "2")).await;
    queued(store, &f(4)).await;

    let mut cancelled = store.cancel(&[f(1), f(2), f(3), f(99)], later(9)).await.expect("reachable");
    cancelled.sort_by_key(|row| row.id);
    assert_eq!(cancelled.iter().map(|row| row.subject.clone()).collect::<Vec<_>>(), [f(1), f(2)]);
    for row in &cancelled {
        assert_eq!(row.state, model::CalculationState::Cancelled { finished_at: later(9) });
        assert_eq!(found(store, &row.subject).await, *row);
    }
    assert_eq!(found(store, &f(3)).await, done);
    assert_eq!(indexes(store, UnfinishedFilter::default()).await, [4]);
    assert_eq!(store.renew(&lease, Default::default()).await.expect("reachable"), RenewResult::Withdrawn);
    assert_eq!(store.cancel(&[f(1), f(2)], later(10)).await.expect("reachable"), []);

    // The old token is void for what is submitted again.
    assert!(matches!(submit_with(store, &f(2), &token()).await, SubmitResult::Queued(_)));
    assert!(matches!(store.withdraw(&f(2), &ask, NOON).await.expect("reachable"), WithdrawResult::Forbidden));
    let again = store.lease(&f(2), &worker(), LONG, NOON).await.expect("reachable");
    assert!(matches!(again, LeaseResult::Leased(..)), "{again:?}");
}
