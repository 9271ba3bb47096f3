use model::Index;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn backlog(parallelism: u32) -> WorkBacklog {
    let config =
        ApiConfig { queued_work: Some(6 * MINUTE), queued_work_per_address: Some(2 * MINUTE), ..ApiConfig::default() };
    WorkBacklog::new(&config, Arc::new(WorkerCapacity::new(parallelism)))
}

fn work(n: i64, work: Duration) -> ValidSubject {
    ValidSubject { subject: Index::new(n).into(), digits: 1, work, memory_bytes: 1 }
}

fn address(n: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, n])
}

#[test]
fn an_address_is_refused_beyond_its_limit_until_enough_has_ended() {
    let backlog = backlog(1);
    let (one, other) = (address(1), address(2));
    for n in 1..=2 {
        backlog.check(one, &work(n, MINUTE)).expect("within the limit");
        backlog.add(one, &work(n, MINUTE));
    }
    let Err(ApiError::TooManyRequests { retry_after }) = backlog.check(one, &work(3, MINUTE)) else {
        panic!("two minutes are queued");
    };
    assert_eq!(retry_after, MINUTE);
    assert!(backlog.check(one, &work(2, MINUTE)).is_ok(), "it is queued already");
    assert!(backlog.check(other, &work(3, 3 * MINUTE)).is_ok(), "the first work at any price");
    let allowance = backlog.allowance(one).expect("a limit");
    assert_eq!((allowance.remaining, allowance.reset), (Duration::ZERO, 2 * MINUTE));
    backlog.state.lock().remove(&Index::new(1).into());
    assert!(backlog.check(one, &work(3, MINUTE)).is_ok());
}

#[test]
fn an_address_is_told_when_its_own_work_is_done_among_that_of_others() {
    let backlog = backlog(1);
    let (one, other) = (address(1), address(2));
    backlog.add(one, &work(1, MINUTE));
    backlog.add(one, &work(2, MINUTE));
    let refusal = || match backlog.check(one, &work(9, MINUTE / 60)) {
        Err(ApiError::TooManyRequests { retry_after }) => retry_after,
        other => panic!("two minutes are queued: {other:?}"),
    };
    assert_eq!(refusal(), MINUTE, "a calculation counts until it ends");
    for n in 11..=13 {
        backlog.add(other, &work(n, MINUTE));
    }
    assert_eq!(refusal(), 2 * MINUTE, "the other has as much done meanwhile");
    assert_eq!(backlog.allowance(one).map(|allowance| allowance.reset), Some(4 * MINUTE));
    for n in 100..160 {
        backlog.add(other, &work(n, MINUTE / 60));
    }
    assert_eq!(refusal(), 3 * MINUTE, "shorter work may come first");
    backlog.state.lock().add(Index::new(99).into(), MINUTE, None);
    assert_eq!(refusal(), 4 * MINUTE, "whose work this is is not known");
}

#[test]
fn work_of_one_address_is_no_faster_with_more_workers_than_it_has_calculations() {
    let backlog = backlog(3);
    backlog.add(address(1), &work(1, 6 * MINUTE));
    let refused = backlog.check(address(1), &work(2, MINUTE));
    assert!(matches!(refused, Err(ApiError::TooManyRequests { retry_after }) if retry_after == 6 * MINUTE));
}

#[test]
fn all_together_have_a_limit_that_does_not_apply_to_short_work() {
    let (backlog, faster) = (backlog(1), backlog(2));
    for n in 1..=6 {
        backlog.add(address(n), &work(n.into(), 9 * MINUTE / 10));
        faster.add(address(n), &work(n.into(), 9 * MINUTE / 10));
    }
    let Err(ApiError::BacklogFull { retry_after }) = backlog.check(address(7), &work(7, MINUTE)) else {
        panic!("nine tenths of six minutes are queued");
    };
    assert_eq!(
        retry_after,
        MINUTE + 9 * MINUTE / 10,
        "one of 54 s is not enough, and a second may not have ended before"
    );
    for n in 1..=2 {
        backlog.state.lock().remove(&Index::new(n).into());
    }
    assert!(backlog.check(address(7), &work(7, MINUTE)).is_ok(), "two have ended by then");
    for n in 1..=2 {
        backlog.add(address(2), &work(n, 9 * MINUTE / 10));
    }
    assert!(backlog.check(address(7), &work(8, Duration::from_millis(1))).is_ok());
    let medium = work(9, Duration::from_millis(900));
    assert_eq!(medium.lane(), Lane::Medium);
    assert!(backlog.check(address(7), &medium).is_ok(), "the last tenth is for shorter work");
    assert!(backlog.check_batch(address(7), &[medium, work(10, Duration::from_millis(900))]).is_ok());
    let with_long = [work(11, Duration::from_millis(900)), work(12, MINUTE)];
    assert!(matches!(backlog.check_batch(address(7), &with_long), Err(ApiError::BacklogFull { .. })));
    backlog.add(address(8), &work(13, 36 * MINUTE / 60));
    let medium = work(14, Duration::from_millis(900));
    assert!(matches!(backlog.check(address(7), &medium), Err(ApiError::BacklogFull { .. })), "it is full");
    assert!(faster.check(address(7), &work(7, MINUTE)).is_ok(), "it waits half as long");
}

#[tokio::test]
async fn a_restarted_process_knows_the_queued_work_and_forgets_what_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let limits = store::StoreLimits { max_queued: 10 };
    let store = store::SqliteStore::open(&folder.path().join("s.sqlite"), limits).await.expect("a store");
    let long = price(&Index::new(900_000_000).into());
    let new = store::NewCalculation {
        subject: Index::new(900_000_000).into(),
        digits: 1,
        lane: Lane::for_work(long),
        ask: None,
        submitter: Some(address(3).into()),
        traceparent: None,
        now: model::Timestamp::from_unix_ms(0),
    };
    store.submit(&new).await.expect("room");
    let half = Some(long / 2);
    let config = ApiConfig { queued_work: half, queued_work_per_address: half, ..ApiConfig::default() };
    let backlog = WorkBacklog::new(&config, Arc::new(WorkerCapacity::new(1)));
    backlog.add(address(1), &work(5, MINUTE));
    backlog.reload(&store).await.expect("the store answers");
    assert_eq!(backlog.state.lock().total, long, "F(5) is not in the store");
    assert!(matches!(backlog.check(address(2), &work(7, long)), Err(ApiError::BacklogFull { .. })));
    assert!(matches!(backlog.check(address(3), &work(7, long)), Err(ApiError::TooManyRequests { .. })));

    let worker = model::WorkerId("w".to_owned());
    let leased = store.lease(&new.subject, &worker, MINUTE, new.now).await.expect("the store answers");
    let store::LeaseResult::Leased(lease, _) = leased else { panic!("{leased:?}") };
    backlog.reload(&store).await.expect("the store answers");
    assert_eq!(backlog.state.lock().total, long, "it is running");
    let restarted = WorkBacklog::new(&config, Arc::new(WorkerCapacity::new(1)));
    restarted.reload(&store).await.expect("the store answers");
    assert_eq!(restarted.state.lock().own(address(3)), long, "it was running at the start");
    let failure = model::Failure { reason: model::FailureReason::StorageFailed, attempts: 3 };
    store.fail(&new.subject, Some(&lease), failure, new.now).await.expect("the store answers").expect("failed");
    backlog.reload(&store).await.expect("the store answers");
    assert_eq!(backlog.state.lock().total, Duration::ZERO, "it has ended");
}
