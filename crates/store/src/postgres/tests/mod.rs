//! PostgreSQL keeps the contract, alone and with several processes at once.

mod durability;
mod pooler;
mod server;
mod silent;
mod single;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use model::{AskToken, Index, Lane, Progress, Status, Subject, Timestamp, WorkerId};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::pool::{DEADLINE, PooledConnection};
use super::*;
use crate::contract::fixtures::inline;
use crate::contract::{LIMITS, damage};
use crate::operations::SubmitAnswer;
use crate::sql::Statements;
use crate::sql::lists::NEWEST;
use crate::{CountedList, LeaseResult, ListOrder, Release, Store, WithdrawResult};

async fn fresh() -> ((), Arc<dyn Store>) {
    ((), Arc::new(connect(&server::database().await).await))
}

mod contract {
    crate::store_keeps_the_contract!(super::fresh);
}

const NOON: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);

async fn connect(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::connect(settings, LIMITS).await.expect("connected")
}

/// Connects as a person with a shell would.
async fn shell(settings: &PostgresSettings) -> PgConnection {
    settings.options().connect().await.expect("connected")
}

async fn execute(settings: &PostgresSettings, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&mut shell(settings).await).await.expect("executed");
}

/// Changes the row as damage does: the trigger that keeps its checksum does not see it.
async fn damage_row(settings: &PostgresSettings, sql: &'static str) {
    let mut shell = shell(settings).await;
    sqlx::raw_sql("set session_replication_role = replica").execute(&mut shell).await.expect("no triggers");
    sqlx::raw_sql(sql).execute(&mut shell).await.expect("executed");
}

fn f(n: i64) -> Subject {
    Subject::from(Index::new(n))
}

fn new_calculation(n: i64, ask: Option<&AskToken>) -> NewCalculation {
    NewCalculation {
        subject: f(n),
        digits: 3,
        lane: Lane::Long,
        ask: ask.cloned(),
        submitter: None,
        traceparent: None,
        now: NOON,
    }
}

fn token() -> AskToken {
    AskToken::random().expect("the system has randomness")
}

#[tokio::test]
async fn two_processes_insert_the_same_subjects_once() {
    let settings = server::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    let subjects: Vec<i64> = (0..60).collect();
    let backwards: Vec<i64> = (0..60).rev().collect();
    for _ in 0..5 {
        let accepted = |store: &PostgresStore, order: &[i64]| {
            let requests: Vec<_> = order.iter().map(|n| new_calculation(*n, None)).collect();
            let store = store.submissions.clone();
            async move { join_all(requests.into_iter().map(|request| store.execute(request))).await }
        };
        let (first, second) = tokio::join!(accepted(&one, &subjects), accepted(&two, &backwards));
        let answers = first.into_iter().chain(second).map(|answer| answer.expect("submitted"));
        let queued = answers.filter(|answer| matches!(answer, SubmitAnswer::Accepted(SubmitResult::Queued(_)))).count();
        assert_eq!(queued, 60, "each was queued once");
        assert_eq!(one.list(ListOrder::Newest { before: None }, 200).await.expect("reachable").len(), 60);
        execute(&settings, "truncate calculations, asks, value_texts").await;
    }
}

#[tokio::test]
async fn submissions_with_and_without_tokens_at_the_same_time_are_queued_once() {
    let store = connect(&server::database().await).await;
    let ask = token();
    let requests = [(1, None), (2, Some(&ask)), (3, None), (1, Some(&ask)), (2, None), (4, Some(&ask))];
    let requests = requests.map(|(n, ask)| new_calculation(n, ask));
    let results = join_all(requests.iter().map(|request| store.submit(request))).await;
    let mut queued = Vec::new();
    for (request, result) in requests.iter().zip(results) {
        match result.expect("submitted") {
            SubmitResult::Queued(calculation) => queued.push(calculation.subject),
            SubmitResult::Pending(calculation) => assert_eq!(calculation.subject, request.subject),
            known @ SubmitResult::Known(_) => panic!("nothing is known: {known:?}"),
        }
    }
    queued.sort_by_key(|subject| subject.index());
    assert_eq!(queued, [1, 2, 3, 4].map(f));
    let withdrawn = store.withdraw(&f(4), &ask, NOON).await.expect("reachable");
    assert!(matches!(withdrawn, WithdrawResult::Cancelled(_)), "{withdrawn:?}");
}

#[tokio::test]
async fn two_processes_exceed_the_limit_by_one_batch_at_most() {
    let settings = server::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    let ask = |store: &PostgresStore, from: i64| {
        let store = store.submissions.clone();
        async move { join_all((from..from + 60).map(|n| store.execute(new_calculation(n, None)))).await }
    };
    let (first, second) = tokio::join!(ask(&one, 0), ask(&two, 1_000));
    let answers = first.into_iter().chain(second).map(|answer| answer.expect("reachable"));
    let accepted = answers.filter(|answer| matches!(answer, SubmitAnswer::Accepted(_))).count();
    assert!((64..=120).contains(&accepted), "{accepted} of 120 with a limit of 64");
    let refused = one.submit(&new_calculation(2_000, None)).await;
    assert!(matches!(refused, Err(StoreError::QueueFull { allowed: 64 })), "{refused:?}");
    assert_eq!(one.backlog().await.expect("reachable").queued, [0, 0, accepted as u64]);
}

#[tokio::test]
async fn a_request_that_arrives_while_the_last_is_withdrawn_is_kept() {
    let settings = server::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    for n in 0..40 {
        let (mine, other) = (token(), token());
        one.submit(&new_calculation(n, Some(&mine))).await.expect("submitted");
        let (joined, subject) = (new_calculation(n, Some(&other)), f(n));
        let (withdrawn, joined) = tokio::join!(one.withdraw(&subject, &mine, NOON), two.submit(&joined));
        let row = one.find(&subject).await.expect("reachable").expect("the row exists");
        assert_eq!(row.status(), Status::Queued, "{withdrawn:?}, then {joined:?}");
        let cancelled = matches!(withdrawn.expect("reachable"), WithdrawResult::Cancelled(_));
        let queued_again = matches!(joined.expect("submitted"), SubmitResult::Queued(_));
        assert_eq!(cancelled, queued_again);
    }
}

#[tokio::test]
async fn only_one_of_many_gets_the_lease() {
    let settings = server::database().await;
    let (one, two) = (connect(&settings).await, connect(&settings).await);
    one.submit(&new_calculation(1, None)).await.expect("submitted");
    let (subject, worker) = (f(1), WorkerId("worker-1".into()));
    let leases = (0..20).map(|n| {
        let store = if n % 2 == 0 { &one } else { &two };
        store.lease(&subject, &worker, Duration::from_secs(60), NOON)
    });
    let leases: Vec<_> = join_all(leases).await.into_iter().map(|lease| lease.expect("reachable")).collect();
    assert_eq!(leases.iter().filter(|lease| matches!(lease, LeaseResult::Leased(..))).count(), 1);
    assert_eq!(leases.iter().filter(|lease| matches!(lease, LeaseResult::Held { .. })).count(), 19);
}

#[tokio::test]
async fn broken_connections_are_replaced_without_an_error() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    for n in 0..10 {
        store.submit(&new_calculation(n, None)).await.expect("submitted");
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
async fn the_locks_of_a_process_that_vanished_in_a_transaction_are_released() {
    let settings = server::database().await;
    let (gone, store) = (connect(&settings).await, connect(&settings).await);
    store.submit(&new_calculation(1, None)).await.expect("submitted");
    let mut vanished = gone.pool.connections().begin_with(BEGIN_DURABLE).await.expect("begun");
    let mut statements = PostgresStatements { connection: &mut vanished, queue_limit: &gone.queue_limit };
    statements.lock_one(&f(1)).await.expect("locked").expect("the row exists");
    let worker = WorkerId("another".to_owned());
    let lease = async || store.lease(&f(1), &worker, Duration::from_secs(2), NOON).await;
    let begun = std::time::Instant::now();
    while !matches!(lease().await, Ok(LeaseResult::Leased(..))) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the row is locked forever");
    }
}

#[tokio::test]
async fn a_server_out_of_reach_is_unavailable_in_time() {
    let mut settings = server::database().await;
    let store = connect(&settings).await;
    store.close().await;
    for refused in [store.submit(&new_calculation(1, None)).await.err(), store.ping().await.err()] {
        assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
    }
    settings.port = 1;
    let refused = PostgresStore::connect(&settings, LIMITS).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_standby_is_unavailable_for_changes_and_does_not_say_what_is_unknown() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    store.submit(&new_calculation(1, None)).await.expect("submitted");
    execute(
        &settings,
        "do $$ begin execute format('alter database %I set default_transaction_read_only = on', \
         current_database()); end $$",
    )
    .await;
    store.close().await;
    let verify = PostgresSettings { migrations: Migrations::Verify, ..settings };
    let standby = connect(&verify).await;
    let known = standby.find(&f(1)).await.expect("reading continues");
    assert_eq!(known.map(|known| known.status()), Some(Status::Queued));
    let unknown = [standby.find(&f(2)).await.err(), standby.find_batch(&[f(1), f(2)]).await.err()];
    assert!(unknown.iter().all(|error| matches!(error, Some(StoreError::Unavailable(_)))), "{unknown:?}");
    let refused = standby.submit(&new_calculation(2, None)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = standby.ping().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

/// The sessions of a demoted server stay read-only; new ones, which reach the new primary, are not.
#[tokio::test]
async fn connections_that_refuse_writes_are_replaced_without_an_error_of_a_submission() {
    let settings = server::database().await;
    connect(&settings).await.close().await;
    let read_only = |setting| format!("alter database {} {setting} default_transaction_read_only", settings.database);
    let mut shell = shell(&settings).await;
    sqlx::raw_sql(AssertSqlSafe(read_only("set") + " = on")).execute(&mut shell).await.expect("demoted");
    let verify = PostgresSettings { migrations: Migrations::Verify, ..settings.clone() };
    let store = connect(&verify).await;
    let subjects: Vec<Subject> = (0..20).map(f).collect();
    join_all(subjects.iter().map(|_| store.count(CountedList::Numbers))).await;
    assert!(store.pool.connections().size() > 1, "several connections are open");
    sqlx::raw_sql(AssertSqlSafe(read_only("reset"))).execute(&mut shell).await.expect("promoted");

    for n in 0..20 {
        store.submit(&new_calculation(n, None)).await.expect("submitted over a new connection");
    }
}

#[tokio::test]
async fn a_statement_that_waits_too_long_is_cancelled_by_the_server_and_stores_nothing() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    let mut shell = shell(&settings).await;
    sqlx::raw_sql("begin; lock table calculations").execute(&mut shell).await.expect("locked");
    let started = std::time::Instant::now();
    let refused = store.submit(&new_calculation(1, None)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(started.elapsed() < DEADLINE, "the server was first");
    sqlx::raw_sql("commit").execute(&mut shell).await.expect("unlocked");
    assert_eq!(store.find(&f(1)).await.expect("reachable"), None, "nothing was stored");
}

#[tokio::test]
async fn damaged_rows_and_texts_are_computed_again() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    damage::a_damaged_row_is_computed_again(&store, async |sql| damage_row(&settings, sql).await).await;
    execute(&settings, "truncate calculations, asks, value_texts").await;
    damage::a_damaged_text_is_computed_again(&store, async |sql| damage_row(&settings, sql).await).await;
    execute(&settings, "truncate calculations, asks, value_texts").await;
    damage::a_damaged_row_of_another_subject_is_computed_again(&store, async |sql| damage_row(&settings, sql).await)
        .await;
    execute(&settings, "truncate calculations, asks, value_texts").await;
    damage::a_damaged_subject_is_corrected(&store, async |sql| damage_row(&settings, sql).await).await;
    execute(&settings, "truncate calculations, asks, value_texts").await;
    damage::a_lost_subject_is_set_aside(&store, async |sql| damage_row(&settings, sql).await).await;
}

#[tokio::test]
async fn rows_of_a_newer_version_are_left_alone() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    damage::unknown_subjects_are_left_alone(&store, async |sql| damage_row(&settings, sql).await).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_prolongs_no_lease() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    damage::a_clock_that_is_set_back_prolongs_no_lease(&store, async |sql| execute(&settings, sql).await).await;
}

#[tokio::test]
async fn many_processes_start_at_once_and_leave_newer_migrations_alone() {
    let settings = server::database().await;
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
        store.submit(&new_calculation(1, None)).await.expect("submitted");
    }
}

#[tokio::test]
async fn an_index_is_built_while_rows_are_written() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    store.submit(&new_calculation(1, None)).await.expect("submitted");
    // An index of this name whose build failed stands in for an interrupted one.
    let mut writer = shell(&settings).await;
    for sql in [
        "drop index calculations_texts, calculations_idx",
        "delete from _sqlx_migrations where version in (5, 6)",
        "insert into calculations (subject, status, lane, digits, asked_at, queued_at, unwithdrawable) \
         values ('F(2)', 'queued', 'long', 1, 1, 1, true)",
    ] {
        sqlx::raw_sql(sql).execute(&mut writer).await.expect("executed");
    }
    let failed = sqlx::raw_sql("create unique index concurrently calculations_texts on calculations (lane)");
    failed.execute(&mut writer).await.expect_err("two rows have this lane");

    sqlx::raw_sql("begin; update calculations set asked = 2").execute(&mut writer).await.expect("a long transaction");
    let migrating = tokio::spawn({
        let settings = settings.clone();
        async move { connect(&settings).await }
    });
    let building = "select count(*) from pg_stat_activity where datname = current_database() \
                    and wait_event_type = 'Lock' and query like '%index concurrently%'";
    while sqlx::query_scalar::<_, i64>(building).fetch_one(store.pool.connections()).await.expect("an answer") == 0 {
        assert!(!migrating.is_finished(), "it waits for the transaction");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    store.submit(&new_calculation(3, None)).await.expect("nothing blocks a submission");
    sqlx::raw_sql("commit").execute(&mut writer).await.expect("committed");
    migrating.await.expect("migrated");
    let built: i64 = sqlx::query_scalar(
        "select count(*) from pg_index where indisvalid and not indisunique \
         and indexrelid in ('calculations_texts'::regclass, 'calculations_idx'::regclass)",
    )
    .fetch_one(store.pool.connections())
    .await
    .expect("an answer");
    assert_eq!(built, 2);
}

#[tokio::test]
async fn verifying_refuses_missing_and_different_migrations() {
    let settings = server::database().await;
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
async fn pages_are_read_from_an_index() {
    let settings = server::database().await;
    let store = connect(&settings).await;
    execute(
        &settings,
        "insert into calculations (subject, idx, status, lane, digits, asked_at, queued_at, unwithdrawable, value_state, \
         read_at, size_bytes) select format('F(%s)', n), n, case when n % 100 = 0 then 'queued' else 'done' end, 'short', \
         1, n, n, true, 'object', n, 1 from generate_series(1, 30000) as n; analyze calculations",
    )
    .await;
    for (sql, index) in [
        (NEWEST, "Index Scan Backward using calculations_pkey"),
        (statements::UNFINISHED, "Index Scan using calculations_unfinished"),
    ] {
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("explain {sql}")))
            .bind(15_000_i64)
            .bind(50_i64)
            .fetch_all(store.pool.connections())
            .await
            .expect("explained");
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("Sort")), "{plan:#?}");
    }
}
