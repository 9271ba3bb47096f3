//! The sweep and the backlog.

use model::Lane;

use super::fixtures::*;
use crate::{LeaseResult, NewCalculation, QueueCounts, Store, Unfinished};

/// Queued rows and those with an expired lease, and no others.
pub async fn the_sweep_finds_rows_without_a_worker(store: &dyn Store) {
    for n in 1..=6 {
        queued(store, &f(n)).await;
    }
    complete(store, &inline(&f(2), "1")).await;
    fail(store, &f(3)).await;
    leased(store, &f(4), LONG).await;
    leased(store, &f(5), BRIEF).await;
    let ask = token();
    submit_with(store, &f(7), &ask).await;
    store.withdraw(&f(7), &ask, NOON).await.expect("reachable");

    // Taking over waits until the lease expires; the new one must expire too.
    assert!(matches!(take_over(store, &f(5), BRIEF).await, LeaseResult::Leased(..)));
    let swept = loop {
        let swept = store.unfinished(None, 10).await.expect("reachable");
        if swept.len() != 2 {
            break swept;
        }
        tokio::time::sleep(BRIEF).await;
    };
    let subjects: Vec<_> = swept.iter().map(|row| row.subject.clone()).collect();
    assert_eq!(subjects, [f(1), f(5), f(6)]);
    let request = new_calculation(&f(1));
    let first = Unfinished {
        id: found(store, &f(1)).await.id,
        subject: f(1),
        lane: Lane::Medium,
        attempt: 0,
        queued_at: NOON,
        submitter: None,
        traceparent: request.traceparent,
    };
    assert_eq!(swept.first(), Some(&first));
    assert_eq!(swept.get(1).map(|row| row.attempt), Some(2));
}

/// Pages continue after the last row of the one before.
pub async fn the_sweep_pages_in_order_of_submission(store: &dyn Store) {
    for n in 0..25 {
        queued(store, &f(n)).await;
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.unfinished(after, 10).await.expect("reachable");
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.into_iter().map(|row| row.subject));
    }
    assert_eq!(seen, (0..25).map(f).collect::<Vec<_>>());
}

/// Queued and running rows are counted apart, by lane; waits are measured from the last queueing.
pub async fn the_backlog_counts_by_lane(store: &dyn Store) {
    assert_eq!(store.backlog().await.expect("reachable"), QueueCounts::default());
    for (n, lane) in [(1_i64, Lane::Short), (2, Lane::Short), (3, Lane::Medium), (4, Lane::Long), (5, Lane::Long)] {
        let now = later(n.unsigned_abs());
        store.submit(&NewCalculation { lane, now, ..new_calculation(&f(n)) }).await.expect("submitted");
    }
    fail(store, &f(1)).await;
    leased(store, &f(4), LONG).await;
    let backlog = store.backlog().await.expect("reachable");
    let oldest_queued_at = [2, 3, 5].map(|n| Some(later(n)));
    assert_eq!(backlog, QueueCounts { queued: [1, 1, 1], running: [0, 0, 1], oldest_queued_at });

    let again = NewCalculation { lane: Lane::Short, now: later(500), ..new_calculation(&f(1)) };
    store.submit(&again).await.expect("submitted");
    complete(store, &inline(&f(2), "1")).await;
    let backlog = store.backlog().await.expect("reachable");
    let oldest_queued_at = [500, 3, 5].map(|n| Some(later(n)));
    assert_eq!(backlog, QueueCounts { queued: [1, 1, 1], running: [0, 0, 1], oldest_queued_at });
}
