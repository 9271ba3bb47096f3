//! Every answer is durable before it is given, except for what corrects itself.

use model::{Failure, FailureReason};

use super::*;

/// Records for each change how its transaction commits.
const RECORD_COMMITS: &str = "create table commits (at bigint generated always as identity, subject text, status text, \
     commit text default current_setting('synchronous_commit')); \
     create function record_commit() returns trigger language plpgsql as $$ begin \
     insert into commits (subject, status) values (new.subject, new.status); return null; end $$; \
     create trigger record_commit after insert or update on calculations for each row execute function record_commit()";

#[tokio::test]
async fn answers_wait_for_the_disk() {
    let settings = server::database().await;
    let (roomy, store) = (single::roomy(&settings).await, connect(&settings).await);
    execute(&settings, RECORD_COMMITS).await;
    let worker = WorkerId("worker-1".to_owned());
    let lease = async |n| match store.lease(&f(n), &worker, Duration::from_secs(600), NOON).await {
        Ok(LeaseResult::Leased(lease, _)) => lease,
        other => panic!("not leased: {other:?}"),
    };

    // Single requests: one statement each.
    roomy.submit(&new_calculation(1, None)).await.expect("submitted");
    roomy.complete(&inline(&f(1), "1")).await.expect("stored");
    // Near the limit, and in batches: a transaction.
    store.submit(&new_calculation(2, None)).await.expect("submitted");
    let both = [new_calculation(3, None), new_calculation(4, None)];
    let accepted = join_all(both.iter().map(|request| store.submit(request))).await;
    accepted.into_iter().for_each(|accepted| drop(accepted.expect("submitted")));
    let values = [3, 4].map(|n| inline(&f(n), &n.to_string()));
    let recorded = join_all(values.iter().map(|value| store.complete(value))).await;
    recorded.into_iter().for_each(|recorded| drop(recorded.expect("stored")));
    // A fence that is lost in a power cut would be granted twice.
    let lease_held = lease(2).await;
    assert!(store.release(&lease_held, Release::Error).await.expect("reachable"));
    let lease_held = lease(2).await;
    let failure = Failure { reason: FailureReason::CheckFailed, attempts: 3 };
    store.fail(&f(2), Some(&lease_held), failure, NOON).await.expect("reachable").expect("the lease is held");
    let ask = token();
    store.submit(&new_calculation(5, Some(&ask))).await.expect("submitted");
    store.withdraw(&f(5), &ask, NOON).await.expect("reachable");

    let commits: Vec<(String, String)> =
        sqlx::query_as("select subject || ' ' || status, commit from commits order by subject, at")
            .fetch_all(store.pool.connections())
            .await
            .expect("read");
    let expected = [
        "F(1) queued",
        "F(1) done",
        "F(2) queued",
        "F(2) running",
        "F(2) queued",
        "F(2) running",
        "F(2) failed",
        "F(3) queued",
        "F(3) done",
        "F(4) queued",
        "F(4) done",
        "F(5) queued",
        "F(5) cancelled",
    ];
    assert_eq!(commits, expected.map(|change| (change.to_owned(), "on".to_owned())));
    let fsync: String = sqlx::query_scalar("show fsync").fetch_one(store.pool.connections()).await.expect("shown");
    assert_eq!(fsync, "on", "otherwise waiting proves nothing");
}

#[tokio::test]
async fn self_correcting_writes_do_not_wait_for_the_disk() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    store.submit(&new_calculation(1, None)).await.expect("submitted");
    let worker = WorkerId("worker-1".to_owned());
    let Ok(LeaseResult::Leased(lease, _)) = store.lease(&f(1), &worker, Duration::from_secs(600), NOON).await else {
        panic!("not leased")
    };
    execute(&settings, RECORD_COMMITS).await;
    store.renew(&lease, Progress { fraction: 0.5, remaining_ms: None }).await.expect("reachable");
    store.add_requests(&[(f(1), 2)]).await.expect("reachable");
    let commits: Vec<String> =
        sqlx::query_scalar("select commit from commits").fetch_all(store.pool.connections()).await.expect("read");
    assert_eq!(commits, ["off", "off"]);
}
