//! What anybody is told is on disk before; only what keeps itself up to date is not waited for.

use model::{Failure, FailureReason};

use super::*;

/// Notes of each change how the transaction that made it commits.
const NOTE_CHANGES: &str = "create table noted (at bigint generated always as identity, subject text, status text, \
     commit text default current_setting('synchronous_commit')); \
     create function note() returns trigger language plpgsql as $$ begin \
     insert into noted (subject, status) values (new.subject, new.status); return null; end $$; \
     create trigger note after insert or update on calculations for each row execute function note()";

#[tokio::test]
async fn what_is_told_waits_for_the_disk() {
    let settings = cluster::database().await;
    let (lone, store) = (alone::roomy(&settings).await, connect(&settings).await);
    execute(&settings, NOTE_CHANGES).await;
    let worker = WorkerId("worker-1".to_owned());
    let lease = async |n| match store.lease(&f(n), &worker, Duration::from_secs(600), NOON).await {
        Ok(LeaseResult::Leased(lease, _)) => lease,
        other => panic!("not leased: {other:?}"),
    };

    // One by one, in one statement each.
    lone.submit(&asking(1, None)).await.expect("accepted");
    lone.complete(&inline(&f(1), "1")).await.expect("recorded");
    // Near the limit, and together with others, in a transaction.
    store.submit(&asking(2, None)).await.expect("accepted");
    let both = [asking(3, None), asking(4, None)];
    let accepted = join_all(both.iter().map(|asking| store.submit(asking))).await;
    accepted.into_iter().for_each(|accepted| drop(accepted.expect("accepted")));
    let values = [3, 4].map(|n| inline(&f(n), &n.to_string()));
    let recorded = join_all(values.iter().map(|value| store.complete(value))).await;
    recorded.into_iter().for_each(|recorded| drop(recorded.expect("recorded")));
    // A fence that came back after a power cut would be given to two.
    let held = lease(2).await;
    assert!(store.release(&held, Release::Error).await.expect("reachable"));
    let held = lease(2).await;
    let failure = Failure { reason: FailureReason::CheckFailed, attempts: 3 };
    store.fail(&f(2), Some(&held), failure, NOON).await.expect("reachable").expect("was held");
    let ask = token();
    store.submit(&asking(5, Some(&ask))).await.expect("accepted");
    store.withdraw(&f(5), &ask, NOON).await.expect("reachable");

    let noted: Vec<(String, String)> =
        sqlx::query_as("select subject || ' ' || status, commit from noted order by subject, at")
            .fetch_all(&store.pool)
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
    assert_eq!(noted, expected.map(|change| (change.to_owned(), "on".to_owned())));
    let fsync: String = sqlx::query_scalar("show fsync").fetch_one(&store.pool).await.expect("shown");
    assert_eq!(fsync, "on", "or waiting would prove nothing");
}

#[tokio::test]
async fn what_keeps_itself_up_to_date_does_not_wait_for_the_disk() {
    let settings = cluster::database().await;
    let store = connect(&settings).await;
    store.submit(&asking(1, None)).await.expect("accepted");
    let worker = WorkerId("worker-1".to_owned());
    let Ok(LeaseResult::Leased(lease, _)) = store.lease(&f(1), &worker, Duration::from_secs(600), NOON).await else {
        panic!("not leased")
    };
    execute(&settings, NOTE_CHANGES).await;
    store.renew(&lease, Progress { fraction: 0.5, remaining_ms: None }).await.expect("reachable");
    store.add_requests(&[(f(1), 2)]).await.expect("reachable");
    let noted: Vec<String> = sqlx::query_scalar("select commit from noted").fetch_all(&store.pool).await.expect("read");
    assert_eq!(noted, ["off", "off"]);
}
