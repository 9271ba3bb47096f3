//! SQLite keeps the contract, and what only a file can do: be copied, damaged and reopened.

mod flips;
mod plans;
mod writer;

use std::fs;
use std::sync::Arc;

use model::{Index, Lane, Progress, Status, Subject, Timestamp, WorkerId};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::*;
use crate::contract::fixtures::inline;
use crate::contract::{LIMITS, damage};
use crate::{LeaseResult, RenewResult, Store};

async fn fresh() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    (folder, Arc::new(store))
}

mod contract {
    crate::store_keeps_the_contract!(super::fresh);
}

const FILE: &str = "store.sqlite";
const NOON: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join(FILE), LIMITS).await.expect("opened")
}

/// Copies what a new process would find if this one were killed now.
fn killed(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for suffix in ["", "-wal"] {
        let name = format!("{FILE}{suffix}");
        fs::copy(folder.path().join(&name), copy.path().join(&name)).expect("copied");
    }
    copy
}

/// Executes SQL as a person with a shell would.
async fn execute(folder: &TempDir, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.path().join(FILE));
    let mut shell = options.connect().await.expect("connected");
    sqlx::raw_sql(sql).execute(&mut shell).await.expect("executed");
    shell.close().await.expect("closed");
}

/// Changes the row as damage does: the trigger that keeps its checksum does not see it.
async fn damage_row(folder: &TempDir, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.path().join(FILE));
    let mut shell = options.connect().await.expect("connected");
    let trigger = "select sql from sqlite_schema where name = 'calculations_updated'";
    let trigger: String = sqlx::query_scalar(trigger).fetch_one(&mut shell).await.expect("a trigger");
    let script = AssertSqlSafe(format!("begin; drop trigger calculations_updated; {sql}; {trigger}; commit"));
    sqlx::raw_sql(script).execute(&mut shell).await.expect("executed");
    shell.close().await.expect("closed");
}

fn f(n: i64) -> Subject {
    Subject::from(Index::new(n))
}

fn new_calculation(subject: Subject) -> NewCalculation {
    NewCalculation { subject, digits: 3, lane: Lane::Long, ask: None, submitter: None, traceparent: None, now: NOON }
}

async fn submit(store: &SqliteStore, n: i64) -> Result<SubmitResult, StoreError> {
    store.submit(&new_calculation(f(n))).await
}

async fn lease(store: &SqliteStore, n: i64) -> LeaseResult {
    let length = Duration::from_secs(10);
    store.lease(&f(n), &WorkerId("worker-1".into()), length, NOON).await.expect("reachable")
}

#[tokio::test]
async fn accepted_calculations_survive_a_killed_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    for n in 0..40 {
        submit(&store, n).await.expect("submitted");
    }
    let copy = killed(&folder);
    let reopened = open(&copy).await;
    for n in 0..40 {
        let row = reopened.find(&f(n)).await.expect("reachable").expect("submitted before");
        assert_eq!(row.status(), Status::Queued);
    }
    for n in 40..64 {
        submit(&reopened, n).await.expect("these fit exactly");
    }
    let refused = submit(&reopened, 64).await;
    assert!(matches!(refused, Err(StoreError::QueueFull { allowed: 64 })), "{refused:?}");
}

#[tokio::test]
async fn a_lease_of_a_dead_process_is_void_and_counts_as_lost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    for n in [1, 2] {
        submit(&store, n).await.expect("submitted");
    }
    let LeaseResult::Leased(stale, _) = lease(&store, 1).await else { panic!("not leased") };

    let copy = killed(&folder);
    let reopened = open(&copy).await;
    assert!(matches!(lease(&reopened, 1).await, LeaseResult::Held { .. }));
    assert_eq!(reopened.void_leases().await.expect("reachable"), 1);
    assert_eq!(reopened.void_leases().await.expect("reachable"), 0);
    assert_eq!(reopened.unfinished(None, 10).await.expect("reachable").len(), 2);
    let LeaseResult::Leased(taken, _) = lease(&reopened, 1).await else { panic!("not leased") };
    assert_eq!((taken.length, taken.attempt), (2 * stale.length, 2));
    assert!(taken.fence > stale.fence);
    assert_eq!(reopened.renew(&stale, Progress::default()).await.expect("reachable"), RenewResult::Lost);
}

#[tokio::test]
async fn work_that_kills_its_process_five_times_fails() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    submit(&store, 1).await.expect("submitted");
    for _ in 0..5 {
        assert!(matches!(lease(&store, 1).await, LeaseResult::Leased(..)));
        store.void_leases().await.expect("reachable");
    }
    assert!(matches!(lease(&store, 1).await, LeaseResult::Poisoned(row) if row.status() == Status::Failed));
}

#[tokio::test]
async fn a_closed_store_keeps_its_rows_and_refuses_calls() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    submit(&store, 1).await.expect("submitted");
    store.close().await;
    assert!(!folder.path().join(format!("{FILE}-wal")).exists(), "one file is left, which can be copied");
    let refused = submit(&store, 2).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    let refused = store.find(&f(1)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    store.close().await;
    assert!(open(&folder).await.find(&f(1)).await.expect("reachable").is_some());
}

#[tokio::test]
async fn a_locked_file_is_unavailable_until_it_is_unlocked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    let options = SqliteConnectOptions::new().filename(folder.path().join(FILE));
    let mut other = options.connect().await.expect("connected");
    let lock = other.begin_with("begin immediate").await.expect("locked");
    let refused = submit(&store, 1).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.find(&f(1)).await.expect("reading continues"), None);
    lock.rollback().await.expect("unlocked");
    assert!(matches!(submit(&store, 1).await, Ok(SubmitResult::Queued(_))));
}

#[tokio::test]
async fn a_full_disk_stores_nothing_and_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    open(&folder).await.close().await;
    let options = SqliteConnectOptions::new().filename(folder.path().join(FILE)).pragma("max_page_count", "40");
    let queue_limit = QueueLimit::exclusive(StoreLimits { max_queued: 1_000_000 });
    let writer = WriterHandle::start(options, queue_limit).await.expect("started");
    let store = SqliteStore { writer, ..open(&folder).await };
    let mut inserted = 0;
    let refused = loop {
        match submit(&store, inserted).await {
            Ok(_) => inserted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
    assert_eq!(store.find(&f(inserted)).await.expect("reachable"), None);
    assert!(store.find(&f(inserted - 1)).await.expect("reachable").is_some());
    assert!(
        matches!(submit(&store, 0).await, Ok(SubmitResult::Pending(_))),
        "a submission that needs no space is answered"
    );
}

#[tokio::test]
async fn damaged_rows_and_texts_are_computed_again() {
    let (folder, store) = fresh().await;
    damage::a_damaged_row_is_computed_again(&*store, async |sql| damage_row(&folder, sql).await).await;
    let (folder, store) = fresh().await;
    damage::a_damaged_text_is_computed_again(&*store, async |sql| damage_row(&folder, sql).await).await;
    let (folder, store) = fresh().await;
    damage::a_damaged_row_of_another_subject_is_computed_again(&*store, async |sql| damage_row(&folder, sql).await)
        .await;
    let (folder, store) = fresh().await;
    damage::a_damaged_subject_is_corrected(&*store, async |sql| damage_row(&folder, sql).await).await;
    let (folder, store) = fresh().await;
    damage::a_lost_subject_is_set_aside(&*store, async |sql| damage_row(&folder, sql).await).await;
}

#[tokio::test]
async fn rows_of_a_newer_version_are_left_alone() {
    let (folder, store) = fresh().await;
    damage::unknown_subjects_are_left_alone(&*store, async |sql| damage_row(&folder, sql).await).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_prolongs_no_lease() {
    let (folder, store) = fresh().await;
    damage::a_clock_that_is_set_back_prolongs_no_lease(&*store, async |sql| execute(&folder, sql).await).await;
}

#[tokio::test]
async fn a_file_that_is_removed_or_replaced_takes_no_writes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    submit(&store, 1).await.expect("submitted");
    store.ping().await.expect("healthy");
    let (path, other) = (folder.path().join(FILE), folder.path().join("renamed"));
    fs::rename(&path, &other).expect("renamed");
    for replaced in [false, true] {
        if replaced {
            fs::copy(&other, &path).expect("replaced");
        }
        for refused in [submit(&store, 2).await.err(), store.ping().await.err()] {
            assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
        }
    }
    fs::rename(&other, &path).expect("renamed back");
    submit(&store, 2).await.expect("submitted");
}

/// A failed calculation has no text that could be counted or evicted.
#[tokio::test]
async fn the_text_of_a_contradiction_is_deleted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    submit(&store, 11).await.expect("submitted");
    let texts = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from value_texts")
            .fetch_one(&store.queries.0)
            .await
            .expect("read")
    };
    let subject = Subject::from(Index::new(11));
    store.complete(&inline(&subject, &"8".repeat(2_000))).await.expect("reachable");
    assert_eq!(texts().await, 1);
    store.complete(&inline(&subject, &"9".repeat(2_000))).await.expect("reachable");
    assert_eq!(store.find(&subject).await.expect("reachable").map(|row| row.status()), Some(Status::Failed));
    assert_eq!(texts().await, 0);
}

#[tokio::test]
async fn an_older_version_starts_after_migrations_of_a_newer_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    open(&folder).await.close().await;
    execute(
        &folder,
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (9999, 'of the future', true, x'00', 1); alter table calculations add column mood text",
    )
    .await;
    let store = open(&folder).await;
    assert!(matches!(submit(&store, 1).await, Ok(SubmitResult::Queued(_))));
}

#[tokio::test]
async fn a_file_that_is_not_a_store_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join(FILE), "Dear diary, ".repeat(1_000)).expect("written");
    let refused = SqliteStore::open(&folder.path().join(FILE), LIMITS).await.err();
    assert!(matches!(refused, Some(StoreError::Corrupt(_))), "{refused:?}");
    let refused = SqliteStore::open(&folder.path().join("no/such/folder"), LIMITS).await.err();
    assert!(matches!(refused, Some(StoreError::Unavailable(_))), "{refused:?}");
}
