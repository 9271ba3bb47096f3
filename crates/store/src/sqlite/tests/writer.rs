//! Which operations share a transaction.

use std::any::Any;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::join_all;
use sqlx::sqlite::SqlitePool;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::operations::Operation;
use crate::sql::Statements;
use crate::sqlite::statements::SqliteStatements;
use crate::sqlite::writer::AnyOperation;

/// Adds a request count and returns how many were committed before: the same for all that share a transaction.
struct Add {
    outside: SqlitePool,
    /// Gets a permit when the writer has begun.
    begun: Arc<Semaphore>,
    /// Has a permit when the writer may continue.
    gate: Arc<Semaphore>,
}

impl Operation for Add {
    type Answer = i64;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<i64> {
        self.begun.add_permits(1);
        self.gate.acquire().await.expect("never closed").forget();
        statements.add_requests(&[(f(1), 1)]).await?;
        marks(&self.outside).await
    }
}

struct Invalid;

impl Operation for Invalid {
    type Answer = ();

    async fn run<S: Statements>(&self, _statements: &mut S) -> sqlx::Result<()> {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Returns whether its transaction will wait for the disk.
struct IsSynchronous {
    is_durable: bool,
}

#[async_trait]
impl AnyOperation for IsSynchronous {
    fn is_durable(&self) -> bool {
        self.is_durable
    }

    async fn run(&self, statements: &mut SqliteStatements<'_>) -> sqlx::Result<Box<dyn Any + Send>> {
        const FULL: i64 = 2;
        let now: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(&mut *statements.connection).await?;
        Ok(Box::new(now == FULL))
    }
}

async fn marks(pool: &SqlitePool) -> sqlx::Result<i64> {
    sqlx::query_scalar("select asked from calculations").fetch_one(pool).await
}

struct Fixture {
    _folder: TempDir,
    writer: WriterHandle,
    outside: SqlitePool,
    begun: Arc<Semaphore>,
    gate: Arc<Semaphore>,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = open(&folder).await;
        submit(&store, 1).await.expect("submitted");
        let [begun, gate] = [0, 0].map(|permits| Arc::new(Semaphore::new(permits)));
        Self { _folder: folder, writer: store.writer, outside: store.queries.0, begun, gate }
    }

    fn add(&self) -> Add {
        Add { outside: self.outside.clone(), begun: Arc::clone(&self.begun), gate: Arc::clone(&self.gate) }
    }

    /// Brings the writer into the middle of a transaction, where it stays until the gate opens.
    async fn occupy(&self) -> JoinHandle<Result<i64, StoreError>> {
        let (writer, add) = (self.writer.clone(), self.add());
        let first = tokio::spawn(async move { writer.write(add).await });
        self.begun.acquire().await.expect("never closed").forget();
        first
    }

    fn open_gate(&self) {
        self.gate.add_permits(1_000);
    }

    async fn is_synchronous(&self, is_durable: bool) -> bool {
        let answer = self.writer.execute(Box::new(IsSynchronous { is_durable })).await.expect("committed");
        *answer.downcast().expect("a boolean")
    }

    async fn marks(&self) -> i64 {
        marks(&self.outside).await.expect("counted")
    }
}

#[tokio::test]
async fn operations_that_arrive_while_the_writer_is_busy_share_a_transaction() {
    let fixture = Fixture::new().await;
    let first = fixture.occupy().await;
    let mut rest = Box::pin(join_all((0..64).map(|_| fixture.writer.write(fixture.add()))));
    assert!((&mut rest).now_or_never().is_none(), "sent, not answered");
    fixture.open_gate();
    assert_eq!(first.await.expect("no panic").expect("committed"), 1);
    let seen: Vec<_> = rest.await.into_iter().map(|seen| seen.expect("committed")).collect();
    assert_eq!(seen, [2; 64], "each saw the first and none of the others");
    assert_eq!(fixture.marks().await, 66);
}

#[tokio::test]
async fn a_transaction_waits_for_the_disk_if_one_of_its_operations_must() {
    let fixture = Fixture::new().await;
    for is_durable in [true, false, true] {
        assert_eq!(fixture.is_synchronous(is_durable).await, is_durable);
    }
    let first = fixture.occupy().await;
    let mut both = Box::pin(join_all([true, false].map(|is_durable| fixture.is_synchronous(is_durable))));
    assert!((&mut both).now_or_never().is_none(), "sent, not answered");
    fixture.open_gate();
    first.await.expect("no panic").expect("committed");
    assert_eq!(both.await, [true, true]);
}

#[tokio::test]
async fn an_invalid_operation_fails_none_that_shared_its_transaction() {
    let fixture = Fixture::new().await;
    let first = fixture.occupy().await;
    let changes = async {
        tokio::join!(
            fixture.writer.write(fixture.add()),
            fixture.writer.write(Invalid),
            fixture.writer.write(fixture.add())
        )
    };
    let mut changes = Box::pin(changes);
    assert!((&mut changes).now_or_never().is_none(), "sent, not answered");
    fixture.open_gate();
    first.await.expect("no panic").expect("committed");
    let (before, wrong, after) = changes.await;
    assert!(matches!(wrong, Err(StoreError::Corrupt(_))), "{wrong:?}");
    assert_eq!((before.expect("committed"), after.expect("committed")), (2, 3));
    assert_eq!(fixture.marks().await, 4);
}

#[tokio::test]
async fn an_abandoned_operation_is_not_executed() {
    let fixture = Fixture::new().await;
    let first = fixture.occupy().await;
    assert!(fixture.writer.write(fixture.add()).now_or_never().is_none(), "sent, then dropped");
    fixture.open_gate();
    first.await.expect("no panic").expect("committed");
    assert_eq!(fixture.writer.write(fixture.add()).await.expect("committed"), 2);
    assert_eq!(fixture.marks().await, 3);
}

#[tokio::test]
async fn closing_waits_for_earlier_operations() {
    let fixture = Fixture::new().await;
    let first = fixture.occupy().await;
    let mut second = Box::pin(fixture.writer.write(fixture.add()));
    assert!((&mut second).now_or_never().is_none(), "sent, not answered");
    let mut closing = Box::pin(fixture.writer.close());
    assert!((&mut closing).now_or_never().is_none(), "requested, not closed");
    let late = fixture.writer.write(fixture.add());
    fixture.open_gate();
    closing.await;
    first.await.expect("no panic").expect("committed");
    second.await.expect("committed");
    assert!(matches!(late.await, Err(StoreError::Unavailable(_))));
    assert_eq!(fixture.marks().await, 3);
}
