//! Benchmarks of `abaci serve`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::http::{WAIT, get, post};
use crate::load::{self, CONNECTIONS};
use crate::process::Abaci;
use crate::rows;
use crate::samples::Samples;

/// Prints every measurement of the embedded mode.
pub async fn run(program: &Path, rows: u64, seconds: u64) {
    starts(program).await;
    let data = tempfile::tempdir().expect("a directory");
    let abaci = Arc::new(Abaci::start(program, data.path()).await);
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("resident memory, idle after start: {:.1} MB", abaci.resident_mb().0);

    warm(&abaci).await;
    println!(
        "POST, wait, value, short n new each time, idle, 1,000 samples: {}",
        latency(&abaci, 1_000_000).await.summary()
    );
    large_meanwhile(&abaci).await;
    let seconds = Duration::from_secs(seconds);
    let reads = load::rate(&abaci.address, seconds, || get("/api/calculations/25")).await;
    println!("reads of a known value: {reads:.0}/s ({CONNECTIONS} connections)");
    println!("durable submissions of new n: {:.0}/s ({CONNECTIONS} connections)", submissions(&abaci, seconds).await);
    drain(&abaci).await;
    ten_readers(&abaci).await;
    drop(abaci);
    if rows > 0 {
        listing(program, rows).await;
    }
}

async fn starts(program: &Path) {
    let mut samples = Samples::default();
    for _ in 0..10 {
        let data = tempfile::tempdir().expect("a directory");
        samples.push(Abaci::start(program, data.path()).await.ready_after);
    }
    println!("ready after start, empty data directory, 10 starts: {}", samples.summary());
}

async fn warm(abaci: &Abaci) {
    let mut connection = abaci.connect().await;
    for n in 0..200 {
        connection.call(&post(-1 - n, WAIT)).await.expect("a response");
    }
}

/// Measures the latency from submission to value, one at a time. Every index is new and small, so that its work stays
/// far below a millisecond.
async fn latency(abaci: &Abaci, from: i64) -> Samples {
    load::latencies(&abaci.address, (0..1_000).map(|n| post(20 + from % 7 + n, WAIT))).await
}

async fn large_meanwhile(abaci: &Abaci) {
    let mut connection = abaci.connect().await;
    let start = Instant::now();
    connection.call(&post(100_000_000, "")).await.expect("a response");
    let mut samples = Samples::default();
    let mut n = 2_000;
    // As many as fit while the long one runs, at most 1,000.
    while samples_below(n) && status(&mut connection, 100_000_000).await != "done" {
        let request = post(n, WAIT);
        n += 1;
        let start = Instant::now();
        connection.call(&request).await.expect("a response");
        samples.push(start.elapsed());
    }
    println!("the same while F(10^8) computes, {} samples: {}", n - 2_000, samples.summary());
    while status(&mut connection, 100_000_000).await != "done" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("F(10^8), from submission to done, with that load: {:.1} s", start.elapsed().as_secs_f64());
}

fn samples_below(n: i64) -> bool {
    n < 3_000
}

async fn status(connection: &mut crate::http::Connection, n: i64) -> String {
    let (_, body) = connection.call(&get(&format!("/api/calculations/{n}"))).await.expect("a response");
    let text = String::from_utf8_lossy(body);
    let rest = text.split_once("\"status\":\"").map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}

async fn submissions(abaci: &Abaci, seconds: Duration) -> f64 {
    let next = AtomicI64::new(3_000);
    load::rate(&abaci.address, seconds, move || post(next.fetch_add(1, Ordering::Relaxed), "")).await
}

/// Waits until nothing is queued, so that the next measurement is not affected.
async fn drain(abaci: &Abaci) {
    let start = Instant::now();
    let mut connection = abaci.connect().await;
    loop {
        let (_, body) = connection.call(&get("/api/system")).await.expect("a response");
        let text = String::from_utf8_lossy(body).into_owned();
        if text.matches("\"waiting\":0,\"claimed\":0").count() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("backlog of those submissions computed {:.1} s after the last", start.elapsed().as_secs_f64());
}

async fn ten_readers(abaci: &Arc<Abaci>) {
    let before = abaci.resident_mb().0;
    let highest = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..10)
        .map(|_| {
            let abaci = abaci.clone();
            tokio::spawn(async move {
                let mut connection = abaci.connect().await;
                let request = get("/api/calculations/100000000/value");
                connection.drain(&request, Duration::from_millis(20)).await.expect("the value")
            })
        })
        .collect();
    let watcher = {
        let (abaci, highest) = (abaci.clone(), highest.clone());
        tokio::spawn(async move {
            loop {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "megabytes, above zero")]
                highest.fetch_max(abaci.resident_mb().0 as u64, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
    };
    for reader in readers {
        let (status, length) = reader.await.expect("the reader works");
        assert_eq!((status, length), (200, 20_898_764));
    }
    watcher.abort();
    let highest = highest.load(Ordering::Relaxed);
    println!(
        "resident memory while ten clients read F(10^8) (20.9 MB): {before:.1} MB before, {highest} MB at the highest"
    );
    println!("resident memory at its highest since the start, F(10^8) computed: {:.1} MB", abaci.resident_mb().1);
}

async fn listing(program: &Path, rows: u64) {
    let data = tempfile::tempdir().expect("a directory");
    let start = Instant::now();
    let store = rows::open(data.path()).await;
    rows::fill(store.clone(), rows).await;
    drop(store);
    println!("a database of {rows} rows filled in {:.0} s", start.elapsed().as_secs_f64());
    let abaci = Abaci::start(program, data.path()).await;
    println!("ready after start on it: {:.0} ms", abaci.ready_after.as_secs_f64() * 1e3);
    let mut connection = abaci.connect().await;
    for (name, path) in [
        ("first page", "/api/calculations?limit=50".to_owned()),
        ("page from the middle", format!("/api/calculations?limit=50&after=c{}", rows / 2)),
        ("the largest", "/api/calculations?limit=50&show=largest".to_owned()),
        ("the largest from the middle", format!("/api/calculations?limit=50&show=largest&after=n{}", rows / 2)),
        ("queued and running", "/api/calculations?limit=50&show=unfinished".to_owned()),
        ("from an index on", format!("/api/calculations?limit=50&show=by-index&from={}", rows / 2)),
        ("thirty named ones", format!("/api/calculations?index={}", named(rows))),
        ("the HTML page", "/".to_owned()),
        ("the HTML page of the largest", "/?show=largest".to_owned()),
        ("the HTML page from an index on", format!("/?from={}", rows / 2)),
    ] {
        let request = get(&path);
        let mut samples = Samples::default();
        for _ in 0..200 {
            let start = Instant::now();
            let (status, _) = connection.call(&request).await.expect("a response");
            samples.push(start.elapsed());
            assert_eq!(status, 200, "{path}");
        }
        println!("{name} at {rows} rows: {}", samples.summary());
    }
}

/// Returns thirty indexes all over the history, as a browser has submitted them.
fn named(rows: u64) -> String {
    (0..30).map(|n| (n * rows / 30).to_string()).collect::<Vec<_>>().join(",")
}
