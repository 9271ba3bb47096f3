//! Who shares a transaction with whom.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::sqlite::SqlitePool;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;

/// Adds a row and tells how many were committed before: the same for all that share a transaction.
struct Add {
    outside: SqlitePool,
    /// Gets a permit when the writer has begun.
    begun: Arc<Semaphore>,
    /// Has a permit when the writer may go on.
    gate: Arc<Semaphore>,
}

#[async_trait]
impl Change for Add {
    type Answer = i64;

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<i64> {
        self.begun.add_permits(1);
        self.gate.acquire().await.expect("never closed").forget();
        sqlx::query("insert into marks default values").execute(&mut *desk.connection).await?;
        sqlx::query_scalar("select count(*) from marks").fetch_one(&self.outside).await
    }
}

struct Wrong;

#[async_trait]
impl Change for Wrong {
    type Answer = ();

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<()> {
        sqlx::query("insert into nowhere default values").execute(&mut *desk.connection).await.map(drop)
    }
}

/// Tells whether its transaction will wait for the disk.
struct Look {
    is_durable: bool,
}

#[async_trait]
impl Change for Look {
    type Answer = bool;

    fn is_durable(&self) -> bool {
        self.is_durable
    }

    async fn apply(&self, desk: &mut Desk<'_>) -> sqlx::Result<bool> {
        const FULL: i64 = 2;
        sqlx::query_scalar("pragma synchronous").fetch_one(&mut *desk.connection).await.map(|now: i64| now == FULL)
    }
}

struct Scene {
    _folder: tempfile::TempDir,
    writer: WriterHandle,
    outside: SqlitePool,
    begun: Arc<Semaphore>,
    gate: Arc<Semaphore>,
}

impl Scene {
    async fn set() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("marks.sqlite"))
            .create_if_missing(true)
            .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
        let outside = SqlitePool::connect_with(options.clone()).await.expect("connected");
        let tables = "create table marks (id integer primary key); create table calculations (status text)";
        sqlx::raw_sql(tables).execute(&outside).await.expect("created");
        let writer = WriterHandle::start(options, StoreLimits { max_queued: 1 }).await.expect("started");
        let [begun, gate] = [0, 0].map(|permits| Arc::new(Semaphore::new(permits)));
        Self { _folder: folder, writer, outside, begun, gate }
    }

    fn add(&self) -> Add {
        Add { outside: self.outside.clone(), begun: Arc::clone(&self.begun), gate: Arc::clone(&self.gate) }
    }

    /// Brings the writer into the middle of a transaction, where it stays until the gate opens.
    async fn occupy(&self) -> JoinHandle<Result<i64, StoreError>> {
        let (writer, add) = (self.writer.clone(), self.add());
        let first = tokio::spawn(async move { writer.change(add).await });
        self.begun.acquire().await.expect("never closed").forget();
        first
    }

    fn open(&self) {
        self.gate.add_permits(1_000);
    }

    async fn marks(&self) -> i64 {
        sqlx::query_scalar("select count(*) from marks").fetch_one(&self.outside).await.expect("counted")
    }
}

#[tokio::test]
async fn what_arrives_while_the_writer_is_busy_shares_the_next_transaction() {
    let scene = Scene::set().await;
    let first = scene.occupy().await;
    let mut rest = Box::pin(join_all((0..64).map(|_| scene.writer.change(scene.add()))));
    assert!((&mut rest).now_or_never().is_none(), "sent, not answered");
    scene.open();
    assert_eq!(first.await.expect("no panic").expect("committed"), 0);
    let seen: Vec<_> = rest.await.into_iter().map(|seen| seen.expect("committed")).collect();
    assert_eq!(seen, [1; 64], "each saw the first and none of the others");
    assert_eq!(scene.marks().await, 65);
}

#[tokio::test]
async fn a_transaction_waits_for_the_disk_if_one_of_its_changes_must() {
    let scene = Scene::set().await;
    for is_durable in [true, false, true] {
        assert_eq!(scene.writer.change(Look { is_durable }).await.expect("committed"), is_durable);
    }
    let first = scene.occupy().await;
    let mut both = Box::pin(join_all([true, false].map(|is_durable| scene.writer.change(Look { is_durable }))));
    assert!((&mut both).now_or_never().is_none(), "sent, not answered");
    scene.open();
    first.await.expect("no panic").expect("committed");
    for waits in both.await {
        assert!(waits.expect("committed"));
    }
}

#[tokio::test]
async fn a_wrong_change_spoils_none_that_shared_its_transaction() {
    let scene = Scene::set().await;
    let first = scene.occupy().await;
    let changes = async {
        tokio::join!(scene.writer.change(scene.add()), scene.writer.change(Wrong), scene.writer.change(scene.add()))
    };
    let mut changes = Box::pin(changes);
    assert!((&mut changes).now_or_never().is_none(), "sent, not answered");
    scene.open();
    first.await.expect("no panic").expect("committed");
    let (before, wrong, after) = changes.await;
    assert!(matches!(wrong, Err(StoreError::Corrupt(_))), "{wrong:?}");
    assert_eq!((before.expect("committed"), after.expect("committed")), (1, 2));
    assert_eq!(scene.marks().await, 3);
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_any_more_is_not_made() {
    let scene = Scene::set().await;
    let first = scene.occupy().await;
    assert!(scene.writer.change(scene.add()).now_or_never().is_none(), "sent, then given up");
    scene.open();
    first.await.expect("no panic").expect("committed");
    assert_eq!(scene.writer.change(scene.add()).await.expect("committed"), 1);
    assert_eq!(scene.marks().await, 2);
}

#[tokio::test]
async fn closing_waits_for_what_was_asked_before() {
    let scene = Scene::set().await;
    let first = scene.occupy().await;
    let mut second = Box::pin(scene.writer.change(scene.add()));
    assert!((&mut second).now_or_never().is_none(), "sent, not answered");
    let mut closing = Box::pin(scene.writer.close());
    assert!((&mut closing).now_or_never().is_none(), "asked, not closed");
    let late = scene.writer.change(scene.add());
    scene.open();
    closing.await;
    first.await.expect("no panic").expect("committed");
    second.await.expect("committed");
    assert!(matches!(late.await, Err(StoreError::Unavailable(_))));
    assert_eq!(scene.marks().await, 2);
}
