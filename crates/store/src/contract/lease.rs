//! Leases and fences.

use std::time::Duration;

use model::{CalculationState, Failure, FailureReason, Progress, Status, WaitingFor};

use super::fixtures::*;
use crate::{Lease, LeaseResult, Release, RenewResult, Store};

/// A lease has the number of its attempt, and the row its start.
pub async fn a_lease_makes_the_row_running(store: &dyn Store) {
    queued(store, &f(1000)).await;
    let answer = store.lease(&f(1000), &worker(), LONG, later(50)).await.expect("reachable");
    let LeaseResult::Leased(lease, row) = answer else { panic!("not leased: {answer:?}") };
    assert_eq!((&lease.subject, lease.attempt, lease.errors, lease.length), (&f(1000), 1, 0, LONG));
    assert_eq!(row.state, CalculationState::Running { started_at: later(50), progress: Progress::default() });
    assert_eq!(row.attempt, 1);
    assert_eq!(found(store, &f(1000)).await, row);
}

/// A second worker receives the time to wait.
pub async fn a_held_lease_is_not_given_twice(store: &dyn Store) {
    queued(store, &f(1000)).await;
    leased(store, &f(1000), LONG).await;
    let answer = store.lease(&f(1000), &worker(), LONG, NOON).await.expect("reachable");
    let LeaseResult::Held { remaining } = answer else { panic!("not held: {answer:?}") };
    assert!(remaining <= LONG && remaining > LONG - Duration::from_secs(60), "{remaining:?}");
}

/// Finished and unknown work is not leased.
pub async fn finished_and_unknown_work_is_not_leased(store: &dyn Store) {
    assert_eq!(store.lease(&f(1), &worker(), LONG, NOON).await.expect("reachable"), LeaseResult::Unknown);
    queued(store, &f(10)).await;
    let done = complete(store, &inline(&f(10), "55")).await;
    assert_eq!(store.lease(&f(10), &worker(), LONG, NOON).await.expect("reachable"), LeaseResult::Finished(done));
    queued(store, &f(11)).await;
    let failed = fail(store, &f(11)).await.expect("the lease is held");
    assert_eq!(store.lease(&f(11), &worker(), LONG, NOON).await.expect("reachable"), LeaseResult::Finished(failed));
}

/// The next lease has a higher fence and lasts longer.
pub async fn a_lost_lease_is_taken_with_a_higher_fence_and_doubled(store: &dyn Store) {
    queued(store, &f(1000)).await;
    let mut last: Option<Lease> = None;
    for lost in 0..3 {
        let LeaseResult::Leased(lease, row) = take_over(store, &f(1000), BRIEF).await else { panic!("not leased") };
        assert_eq!(lease.length, BRIEF * 2_u32.pow(lost));
        assert_eq!((lease.attempt, row.attempt, lease.errors), (lost + 1, lost + 1, 0));
        assert!(last.is_none_or(|last| last.fence < lease.fence));
        last = Some(lease);
    }
}

/// A calculation that kills its workers five times in a row fails.
pub async fn five_leases_lost_in_a_row_fail_the_row(store: &dyn Store) {
    queued(store, &f(1000)).await;
    for _ in 0..5 {
        assert!(matches!(take_over(store, &f(1000), Duration::from_millis(2)).await, LeaseResult::Leased(..)));
    }
    let LeaseResult::Poisoned(failed) = take_over(store, &f(1000), BRIEF).await else { panic!("not poisoned") };
    let failure = Failure { reason: FailureReason::WorkersLost, attempts: 5 };
    assert_eq!(failed.state, CalculationState::Failed { finished_at: later(50), failure });
    assert_eq!(found(store, &f(1000)).await, failed);
    assert_eq!(take_over(store, &f(1000), BRIEF).await, LeaseResult::Finished(failed));
    queued(store, &f(1000)).await;
    assert_eq!(leased(store, &f(1000), LONG).await.length, LONG, "losses are counted from zero");
}

/// A renewal extends by the lease's own length and stores the progress.
pub async fn a_renewed_lease_is_extended_and_shows_progress(store: &dyn Store) {
    queued(store, &f(1000)).await;
    let lease = leased(store, &f(1000), Duration::from_millis(400)).await;
    let progress = Progress { fraction: 0.25, remaining_ms: Some(900) };
    // Renewed for longer than one lease lasts; it is never free in between.
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(store.renew(&lease, progress).await.expect("reachable"), RenewResult::Held);
    }
    let answer = store.lease(&f(1000), &worker(), LONG, NOON).await.expect("reachable");
    assert!(matches!(answer, LeaseResult::Held { .. }), "{answer:?}");
    assert_eq!(found(store, &f(1000)).await.state, CalculationState::Running { started_at: later(50), progress });
    for wild in [f64::NAN, f64::INFINITY, -1.0] {
        let progress = Progress { fraction: wild, remaining_ms: None };
        store.renew(&lease, progress).await.expect("reachable");
        let CalculationState::Running { progress, .. } = found(store, &f(1000)).await.state else {
            panic!("not running")
        };
        assert!((0.0..=1.0).contains(&progress.fraction), "{wild} became {}", progress.fraction);
    }
}

/// A stale lease can change nothing.
pub async fn a_stale_lease_can_do_nothing(store: &dyn Store) {
    queued(store, &f(1000)).await;
    let stale = leased(store, &f(1000), BRIEF).await;
    let LeaseResult::Leased(held, row) = take_over(store, &f(1000), LONG).await else { panic!("not leased") };
    let failure = Failure { reason: FailureReason::CheckFailed, attempts: 1 };
    assert_eq!(store.renew(&stale, Progress::default()).await.expect("reachable"), RenewResult::Lost);
    assert!(!store.release(&stale, Release::Error).await.expect("reachable"));
    let failed = store.fail(&f(1000), Some(&stale), failure, NOON).await.expect("reachable");
    assert_eq!(failed, None);
    assert_eq!(found(store, &f(1000)).await, row);
    assert_eq!(store.renew(&held, Progress::default()).await.expect("reachable"), RenewResult::Held);
}

/// The next renewal tells the worker that all requests were withdrawn.
pub async fn renewing_a_withdrawn_lease_says_so(store: &dyn Store) {
    let ask = token();
    submit_with(store, &f(1000), &ask).await;
    let lease = leased(store, &f(1000), LONG).await;
    store.withdraw(&f(1000), &ask, NOON).await.expect("reachable");
    assert_eq!(store.renew(&lease, Progress::default()).await.expect("reachable"), RenewResult::Withdrawn);
    assert!(!store.release(&lease, Release::HandBack).await.expect("reachable"));
    submit_with(store, &f(1000), &ask).await;
    assert_eq!(store.renew(&lease, Progress::default()).await.expect("reachable"), RenewResult::Lost);
}

/// Shutting down and waiting are not counted.
pub async fn handing_back_is_not_counted(store: &dyn Store) {
    queued(store, &f(1000)).await;
    for (release, waiting_for) in
        [(Release::HandBack, None), (Release::Waiting(WaitingFor::Memory), Some(WaitingFor::Memory))]
    {
        let lease = leased(store, &f(1000), LONG).await;
        assert_eq!((lease.attempt, lease.errors, lease.length), (1, 0, LONG));
        assert!(store.release(&lease, release).await.expect("reachable"));
        let row = found(store, &f(1000)).await;
        assert_eq!((row.state, row.attempt), (CalculationState::Queued { waiting_for }, 0));
        assert!(!store.release(&lease, release).await.expect("reachable"), "released already");
    }
    assert_eq!(store.unfinished(None, 10).await.expect("reachable").len(), 1);
}

/// An error is counted and resets the leases lost in a row.
pub async fn errors_are_counted_and_reset_the_lost_leases(store: &dyn Store) {
    queued(store, &f(1000)).await;
    leased(store, &f(1000), BRIEF).await;
    let LeaseResult::Leased(doubled, _) = take_over(store, &f(1000), BRIEF).await else { panic!("not leased") };
    assert_eq!(doubled.length, 2 * BRIEF);
    assert!(store.release(&doubled, Release::Error).await.expect("reachable"));
    let row = found(store, &f(1000)).await;
    assert_eq!((row.status(), row.attempt), (Status::Queued, 2));
    assert_eq!(row.state, CalculationState::Queued { waiting_for: Some(WaitingFor::Retry) });
    let lease = leased(store, &f(1000), BRIEF).await;
    assert_eq!((lease.attempt, lease.errors, lease.length), (3, 1, BRIEF));
}
