//! PostgreSQL keeps the contract, alone and with several processes at once.

mod alone;
mod cluster;
mod durability;

use std::sync::Arc;

use futures_util::future::join_all;
use model::{Index, Lane, Status, WorkerId};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::*;
use crate::contract::LIMITS;
use crate::contract::scene::inline;

async fn fresh() -> ((), Arc<dyn Store>) {
    ((), Arc::new(connect(&cluster::database().await).await))
}

mod contract {
    crate::store_keeps_the_contract!(super::fresh);
}

const NOON: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);

async fn connect(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::connect(settings, LIMITS).await.expect("connected")
}

/// Somebody with a SQL shell.
async fn shell(settings: &PostgresSettings) -> PgConnection {
    settings.options().connect().await.expect("connected")
}

async fn execute(settings: &PostgresSettings, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut shell(settings).await).await.expect("executed");
}

fn f(n: i64) -> Subject {
    Subject::from(Index::new(n))
}

fn asking(n: i64, ask: Option<&AskToken>) -> NewCalculation {
    NewCalculation { subject: f(n), digits: 3, lane: Lane::Long, ask: ask.cloned(), traceparent: None, now: NOON }
}

fn token() -> AskToken {
    AskToken::random().expect("the system has randomness")
}

#[tokio::test]
async fn two_processes_enter_the_same_subjects_once() {
    let settings = cluster::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    let subjects: Vec<i64> = (0..60).collect();
    let backwards: Vec<i64> = (0..60).rev().collect();
    for _ in 0..5 {
        let accepted = |store: &PostgresStore, order: &[i64]| {
            let asked: Vec<_> = order.iter().map(|n| asking(*n, None)).collect();
            let store = store.acceptor.clone();
            async move { join_all(asked.into_iter().map(|asked| store.submit(asked))).await }
        };
        let (first, second) = tokio::join!(accepted(&one, &subjects), accepted(&two, &backwards));
        let answers = first.into_iter().chain(second).map(|answer| answer.expect("accepted"));
        let offers = answers.filter(|answer| matches!(answer, SubmitResult::Queued(_))).count();
        assert_eq!(offers, 60, "each was offered once");
        assert_eq!(one.list(None, 200).await.expect("reachable").len(), 60);
        execute(&settings, "truncate calculations, asks, value_texts").await;
    }
}

#[tokio::test]
async fn two_processes_keep_the_limit_exactly() {
    let settings = cluster::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    let ask = |store: &PostgresStore, from: i64| {
        let store = store.acceptor.clone();
        async move { join_all((from..from + 60).map(|n| store.submit(asking(n, None)))).await }
    };
    let (first, second) = tokio::join!(ask(&one, 0), ask(&two, 1_000));
    let (entered, refused): (Vec<_>, Vec<_>) = first.into_iter().chain(second).partition(Result::is_ok);
    assert_eq!((entered.len(), refused.len()), (64, 56));
    assert!(refused.iter().all(|answer| matches!(answer, Err(StoreError::QueueFull { allowed: 64 }))));
    assert_eq!(one.backlog().await.expect("reachable").queued, [0, 0, 64]);
}

#[tokio::test]
async fn whoever_joins_while_the_last_withdraws_is_not_forgotten() {
    let settings = cluster::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    for n in 0..40 {
        let (mine, other) = (token(), token());
        one.submit(&asking(n, Some(&mine))).await.expect("accepted");
        let (joined, subject) = (asking(n, Some(&other)), f(n));
        let (withdrawn, joined) = tokio::join!(one.withdraw(&subject, &mine, NOON), two.submit(&joined));
        let row = one.find(&subject).await.expect("reachable").expect("in the record");
        assert_eq!(row.status(), Status::Queued, "{withdrawn:?}, then {joined:?}");
        let cancelled = matches!(withdrawn.expect("reachable"), WithdrawResult::Cancelled(_));
        let queued_again = matches!(joined.expect("accepted"), SubmitResult::Queued(_));
        assert_eq!(cancelled, queued_again);
    }
}

#[tokio::test]
async fn only_one_of_many_gets_the_lease() {
    let settings = cluster::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    one.submit(&asking(1, None)).await.expect("accepted");
    let (subject, worker) = (f(1), WorkerId("worker-1".into()));
    let claims = (0..20).map(|n| {
        let store = if n % 2 == 0 { &one } else { &two };
        store.lease(&subject, &worker, Duration::from_secs(60), NOON)
    });
    let claims: Vec<_> = join_all(claims).await.into_iter().map(|claim| claim.expect("reachable")).collect();
    assert_eq!(claims.iter().filter(|claim| matches!(claim, LeaseResult::Leased(..))).count(), 1);
    assert_eq!(claims.iter().filter(|claim| matches!(claim, LeaseResult::Held { .. })).count(), 19);
}

#[tokio::test]
async fn broken_connections_are_replaced_without_an_error() {
    let settings = cluster::database().await;
    let store = connect(&settings).await;
    for n in 0..10 {
        store.submit(&asking(n, None)).await.expect("accepted");
        execute(
            &settings,
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()",
        )
        .await;
        assert!(store.find(&f(n)).await.expect("reachable").is_some());
    }
}

#[tokio::test]
async fn a_process_that_vanishes_within_a_transaction_lets_go_of_its_rows() {
    let settings = cluster::database().await;
    let (gone, store) = (connect(&settings).await, connect(&settings).await);
    store.submit(&asking(1, None)).await.expect("accepted");
    let mut vanished = gone.begin(QUICKLY).await.expect("begun");
    standing::hold(&mut vanished, &f(1)).await.expect("held").expect("there");
    let worker = WorkerId("another".to_owned());
    let lease = async || store.lease(&f(1), &worker, Duration::from_secs(2), NOON).await;
    let begun = std::time::Instant::now();
    while !matches!(lease().await, Ok(LeaseResult::Leased(..))) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the row is held for ever");
    }
}

#[tokio::test]
async fn a_server_out_of_reach_is_unavailable_in_time() {
    let mut settings = cluster::database().await;
    let store = connect(&settings).await;
    store.close().await;
    for refused in [store.submit(&asking(1, None)).await.err(), store.ping().await.err()] {
        assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
    }
    settings.port = 1;
    let refused = PostgresStore::connect(&settings, LIMITS).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_standby_is_unavailable_for_changes() {
    let settings = cluster::database().await;
    let store = connect(&settings).await;
    execute(
        &settings,
        "do $$ begin execute format('alter database %I set default_transaction_read_only = on', \
         current_database()); end $$",
    )
    .await;
    store.close().await;
    let verify = PostgresSettings { migrations: Migrations::Verify, ..settings };
    let standby = connect(&verify).await;
    assert_eq!(standby.find(&f(1)).await.expect("reading goes on"), None);
    let refused = standby.submit(&asking(1, None)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn many_processes_may_start_at_once_and_newer_migrations_are_left_alone() {
    let settings = cluster::database().await;
    let stores = join_all((0..6).map(|_| PostgresStore::connect(&settings, LIMITS))).await;
    assert!(stores.iter().all(Result::is_ok), "{:?}", stores.into_iter().find_map(Result::err));
    execute(
        &settings,
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (9999, 'of the future', true, '\\x00', 1); alter table calculations add column mood text",
    )
    .await;
    for migrations in [Migrations::Apply, Migrations::Verify] {
        let store = connect(&PostgresSettings { migrations, ..settings.clone() }).await;
        store.submit(&asking(1, None)).await.expect("accepted");
    }
}

#[tokio::test]
async fn verifying_refuses_what_is_missing_or_different() {
    let settings = cluster::database().await;
    let verify = PostgresSettings { migrations: Migrations::Verify, ..settings.clone() };
    let refused = PostgresStore::connect(&verify, LIMITS).await.err();
    assert!(matches!(refused, Some(StoreError::Corrupt(_))), "{refused:?}");
    connect(&settings).await;
    connect(&verify).await;
    execute(&settings, "update _sqlx_migrations set checksum = '\\x00'").await;
    for settings in [settings, verify] {
        let refused = PostgresStore::connect(&settings, LIMITS).await.err();
        assert!(matches!(refused, Some(StoreError::Corrupt(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn pages_come_straight_out_of_an_index() {
    let settings = cluster::database().await;
    let store = connect(&settings).await;
    execute(
        &settings,
        "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable, value_state, \
         read_at, size_bytes) select format('F(%s)', n), n, case when n % 100 = 0 then 'queued' else 'done' end, 'short', \
         1, n, n, true, 'object', n, 1 from generate_series(1, 30000) as n; analyze calculations",
    )
    .await;
    for (sql, index) in [
        (read::LIST, "Index Scan Backward using calculations_pkey"),
        (read::UNFINISHED, "Index Scan using calculations_unfinished"),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("explain {sql}")))
            .bind(15_000_i64)
            .bind(50_i64)
            .fetch_all(&store.pool)
            .await
            .expect("explained");
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("Sort")), "{plan:#?}");
    }
}

#[tokio::test]
async fn tables_that_were_empty_are_not_read_whole_when_they_are_full() {
    let settings = cluster::database().await;
    let store = connect(&settings).await;
    let subjects: Vec<Subject> = (1..=20).map(f).collect();
    let values: Vec<CompletedValue> = subjects.iter().map(|subject| inline(subject, "1")).collect();
    let mut transaction = store.begin(QUICKLY).await.expect("begun");
    for full in [false, true] {
        if full {
            let entered = "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable) \
                           select format('F(%s)', n), n, 'queued', 'short', 1, n, n, true from generate_series(1, 2000) as n";
            sqlx::query(entered).execute(&mut *transaction).await.expect("entered");
        }
        let asks: Vec<_> = subjects.iter().map(|subject| (subject.clone(), 1)).collect();
        asking::add_requests(&mut transaction, &asks).await.expect("counted");
        record::record_at_once(&mut transaction, &values[0]).await.expect("recorded");
        record::record_values(&mut transaction, &values).await.expect("recorded");
        record::touch(&mut transaction, &subjects, NOON).await.expect("noted");
    }
    let whole: i64 = sqlx::query_scalar("select sum(seq_scan)::bigint from pg_stat_xact_user_tables")
        .fetch_one(&mut *transaction)
        .await
        .expect("shown");
    assert_eq!(whole, 0, "tables were read whole");
}
