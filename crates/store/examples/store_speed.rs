//! Measures the store: `cargo run --release -p store --example store_speed -- WHERE [ROWS]`.
//!
//! WHERE is a folder on the disk that is to be measured, or, with `--features postgres`, the port of a
//! server on this machine that lets `postgres` in without a password. Times durable acceptances and leases,
//! fills the store with ROWS finished calculations, and times pages of it. Deletes nothing.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use model::{CalculationId, Index, Lane, Progress, Subject, Timestamp, WorkerId};
use store::{
    CompletedValue, LeaseResult, ListOrder, NewCalculation, Placement, SqliteStore, Store, StoreLimits, digest,
};

const NOON: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().ok_or("name a folder, or the port of a PostgreSQL server")?;
    let rows: i64 = arguments.next().as_deref().unwrap_or("1000000").parse()?;
    let limits = StoreLimits { max_queued: u64::MAX };
    let store = open(&place, limits).await?;
    let mut out = std::io::stdout();

    let first_free =
        store.list(ListOrder::Newest { before: None }, 1).await?.first().map_or(1, |newest| newest.id.0 + 1);
    for callers in [1, 8, 64] {
        let from = 1_000_000_000 + first_free * 10 + i64::from(callers) * 1_000_000_000;
        let accepted = calls(&store, from, callers, Duration::from_secs(3), submit).await?;
        writeln!(out, "{callers:>3} callers: {accepted:>8.0} durable acceptances/s")?;
    }
    for n in 0..8 {
        submit(Arc::clone(&store), n).await?;
    }
    let renewed = calls(&store, 0, 8, Duration::from_secs(2), renew).await?;
    writeln!(out, "  8 callers: {renewed:>8.0} takings and renewals of leases/s")?;

    let started = Instant::now();
    fill(&store, first_free, rows).await?;
    writeln!(out, "{rows} rows accepted and recorded in {:.1?}", started.elapsed())?;
    let newest = store.list(ListOrder::Newest { before: None }, 1).await?.first().map_or(0, |newest| newest.id.0);
    for before in [None, Some(newest / 2), Some(60)] {
        for limit in [50, 200] {
            let page = median(100, || async {
                store.list(ListOrder::Newest { before: before.map(CalculationId) }, limit).await.map(drop)
            })
            .await?;
            writeln!(out, "page of {limit} before {before:?} of {newest}: {page:.0?}")?;
        }
    }
    let find = median(100, || async { store.find(&Subject::from(Index::new(first_free))).await.map(drop) }).await?;
    let sweep = median(100, || async { store.unfinished(None, 200).await.map(drop) }).await?;
    let backlog = median(20, || async { store.backlog().await.map(drop) }).await?;
    writeln!(out, "find {find:.0?}, page of the sweep {sweep:.0?}, backlog {backlog:.0?}")?;
    Ok(())
}

async fn open(place: &str, limits: StoreLimits) -> Result<Arc<dyn Store>, Box<dyn Error>> {
    #[cfg(feature = "postgres")]
    if let Ok(port) = place.parse() {
        let settings = store::PostgresSettings {
            host: "127.0.0.1".into(),
            port,
            username: "postgres".into(),
            password: None,
            database: "postgres".into(),
            tls: store::TlsMode::Prefer,
            root_certificate: None,
            connections: 8,
            migrations: store::Migrations::Apply,
        };
        return Ok(Arc::new(store::PostgresStore::connect(&settings, limits).await?));
    }
    Ok(Arc::new(SqliteStore::open(&Path::new(place).join("record.sqlite"), limits).await?))
}

async fn calls<F>(
    store: &Arc<dyn Store>,
    from: i64,
    callers: u32,
    duration: Duration,
    call: fn(Arc<dyn Store>, i64) -> F,
) -> Result<f64, Box<dyn Error>>
where
    F: Future<Output = Result<(), store::StoreError>> + Send + 'static,
{
    let started = Instant::now();
    let callers = (0..i64::from(callers)).map(|caller| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            let mut made = 0;
            while started.elapsed() < duration {
                call(Arc::clone(&store), from + caller * 1_000_000 + made).await?;
                made += 1;
            }
            Ok::<_, store::StoreError>(made)
        })
    });
    let mut made = 0;
    for caller in callers.collect::<Vec<_>>() {
        made += caller.await??;
    }
    Ok(made as f64 / started.elapsed().as_secs_f64())
}

async fn submit(store: Arc<dyn Store>, n: i64) -> Result<(), store::StoreError> {
    let subject = Subject::from(Index::new(n));
    let acceptance = NewCalculation {
        subject,
        digits: 200,
        lane: Lane::Short,
        ask: None,
        submitter: None,
        traceparent: None,
        now: NOON,
    };
    store.submit(&acceptance).await.map(drop)
}

async fn record(store: Arc<dyn Store>, n: i64) -> Result<(), store::StoreError> {
    let text = format!("{n:0200}");
    let digested = digest(&text);
    let recorded = CompletedValue {
        subject: Subject::from(Index::new(n)),
        sha256: digested.sha256,
        first_digits: text[..20].to_owned(),
        last_digits: text[180..].to_owned(),
        digits: 200,
        size_bytes: 200,
        placement: Placement::Inline(text),
        started_at: NOON,
        finished_at: NOON,
        compute_ms: 1,
    };
    store.complete(&recorded).await.map(drop)
}

async fn renew(store: Arc<dyn Store>, n: i64) -> Result<(), store::StoreError> {
    let (subject, worker) = (Subject::from(Index::new(n / 1_000_000)), WorkerId("worker-1".into()));
    if let LeaseResult::Leased(lease, _) = store.lease(&subject, &worker, Duration::from_millis(1), NOON).await? {
        store.renew(&lease, Progress::default()).await?;
    }
    Ok(())
}

async fn fill(store: &Arc<dyn Store>, from: i64, rows: i64) -> Result<(), store::StoreError> {
    let mut filled = stream::iter(from..from + rows)
        .map(|n| {
            let store = Arc::clone(store);
            async move {
                submit(Arc::clone(&store), n).await?;
                record(store, n).await
            }
        })
        .buffer_unordered(512);
    while let Some(row) = filled.next().await {
        row?;
    }
    Ok(())
}

async fn median<F>(times: usize, call: impl Fn() -> F) -> Result<Duration, store::StoreError>
where
    F: Future<Output = Result<(), store::StoreError>>,
{
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let started = Instant::now();
        call().await?;
        taken.push(started.elapsed());
    }
    taken.sort();
    Ok(taken.get(times / 2).copied().unwrap_or_default())
}
