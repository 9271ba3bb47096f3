//! Subjects, requests and values for the rules.

use std::time::Duration;

use model::{AskToken, Calculation, Failure, FailureReason, Index, Lane, Subject, Timestamp, TraceContext, WorkerId};

use crate::{
    CompleteResult, CompletedValue, Lease, LeaseResult, NewCalculation, Placement, Store, SubmitResult, digest,
};

pub(super) const NOON: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);
/// A lease longer than any test.
pub(super) const LONG: Duration = Duration::from_secs(600);
/// A lease that a test can wait for.
pub(super) const BRIEF: Duration = Duration::from_millis(10);

pub(super) fn f(n: i64) -> Subject {
    Subject::from(Index::new(n))
}

pub(super) fn later(ms: u64) -> Timestamp {
    NOON + Duration::from_millis(ms)
}

pub(super) fn token() -> AskToken {
    AskToken::random().expect("the system has randomness")
}

pub(super) fn worker() -> WorkerId {
    WorkerId("worker-1".into())
}

pub(super) fn new_calculation(subject: &Subject) -> NewCalculation {
    let traceparent: TraceContext =
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().expect("the example of the standard");
    NewCalculation {
        subject: subject.clone(),
        digits: 1234,
        lane: Lane::Medium,
        ask: None,
        submitter: None,
        traceparent: Some(traceparent),
        now: NOON,
    }
}

pub(super) async fn submit(store: &dyn Store, subject: &Subject) -> SubmitResult {
    store.submit(&new_calculation(subject)).await.expect("submitted")
}

pub(super) async fn submit_with(store: &dyn Store, subject: &Subject, ask: &AskToken) -> SubmitResult {
    let request = NewCalculation { ask: Some(ask.clone()), lane: Lane::Long, ..new_calculation(subject) };
    store.submit(&request).await.expect("submitted")
}

pub(super) async fn queued(store: &dyn Store, subject: &Subject) -> Calculation {
    match submit(store, subject).await {
        SubmitResult::Queued(calculation) => calculation,
        other => panic!("not queued: {other:?}"),
    }
}

pub(super) async fn found(store: &dyn Store, subject: &Subject) -> Calculation {
    store.find(subject).await.expect("reachable").expect("the row exists")
}

pub(super) async fn leased(store: &dyn Store, subject: &Subject, length: Duration) -> Lease {
    match store.lease(subject, &worker(), length, later(50)).await.expect("reachable") {
        LeaseResult::Leased(lease, _) => lease,
        other => panic!("not leased: {other:?}"),
    }
}

/// Takes the next lease after the current one expires.
pub(super) async fn take_over(store: &dyn Store, subject: &Subject, length: Duration) -> LeaseResult {
    loop {
        match store.lease(subject, &worker(), length, later(50)).await.expect("reachable") {
            LeaseResult::Held { remaining } => tokio::time::sleep(remaining).await,
            other => return other,
        }
    }
}

pub(crate) fn inline(subject: &Subject, text: &str) -> CompletedValue {
    completed(subject, text, Placement::Inline(text.to_owned()))
}

pub(super) fn object(subject: &Subject, text: &str) -> CompletedValue {
    completed(subject, text, Placement::Object)
}

fn completed(subject: &Subject, text: &str, placement: Placement) -> CompletedValue {
    let digested = digest(&text.to_owned());
    let digits = text.trim_start_matches('-');
    CompletedValue {
        subject: subject.clone(),
        sha256: digested.sha256,
        first_digits: digits.chars().take(20).collect(),
        last_digits: digits[digits.len().saturating_sub(20)..].to_owned(),
        digits: digits.len() as u64,
        size_bytes: digested.size_bytes,
        placement,
        started_at: later(60),
        finished_at: later(70),
        compute_ms: 10,
    }
}

pub(super) async fn complete(store: &dyn Store, value: &CompletedValue) -> Calculation {
    match store.complete(value).await.expect("reachable") {
        CompleteResult::Recorded(calculation) => calculation,
        other => panic!("not stored: {other:?}"),
    }
}

pub(super) async fn fail(store: &dyn Store, subject: &Subject) -> Option<Calculation> {
    let failure = Failure { reason: FailureReason::CheckFailed, attempts: 3 };
    store.fail(subject, None, failure, later(80)).await.expect("reachable")
}
