//! kill -9 under a stream of submissions: whatever was acknowledged is there, and right.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::oracle;
use crate::stack::{Stack, eventually};

/// How many kills: `ABACI_TEST_KILLS`, or few enough for every run of the tests.
fn kills() -> u32 {
    std::env::var("ABACI_TEST_KILLS").map_or(5, |text| text.parse().expect("a number of kills"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_loses_nothing_that_was_accepted() {
    let mut stack = Stack::own(&[]).await;
    let ledger = Arc::new(Ledger::default());
    let mut recoveries = Vec::new();
    for round in 0..kills() {
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> =
            (0..8).map(|_| tokio::spawn(submit_until(stack.url.clone(), ledger.clone(), stop.clone()))).collect();
        // The moment of the kill moves through everything that goes on in a second.
        tokio::time::sleep(Duration::from_millis(150 + u64::from(round * 137 % 850))).await;
        stack.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.expect("the client ended");
        }
        let killed = Instant::now();
        stack.restart();
        let probe = ledger.next.fetch_add(1, Ordering::Relaxed);
        ledger.acknowledged.lock().expect("not poisoned").insert(probe);
        stack.value_of(probe).await;
        recoveries.push(killed.elapsed());
    }

    let acknowledged = ledger.acknowledged.lock().expect("not poisoned").clone();
    assert!(acknowledged.len() > 100, "the stream was a stream");
    let mut wrong = 0;
    for &n in &acknowledged {
        let calculation = eventually("every accepted index is done", async || {
            let response = stack.get(&format!("/api/calculations/{n}")).await;
            assert_eq!(response.status(), StatusCode::OK, "F({n}) was accepted and is lost");
            let calculation: serde_json::Value = response.json().await.expect("JSON");
            (calculation["status"] == "done").then_some(calculation)
        })
        .await;
        let value = oracle::fibonacci(n);
        wrong += usize::from(calculation["value"] != json!(value) && stack.read(n).await != value);
    }
    recoveries.sort();
    println!(
        "kills {}, accepted {}, lost 0, wrong {wrong}; from kill to a new value: median {:?}, worst {:?}",
        recoveries.len(),
        acknowledged.len(),
        recoveries[recoveries.len() / 2],
        recoveries[recoveries.len() - 1],
    );
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn a_long_computation_resumes_within_seconds_of_the_restart() {
    let mut stack = Stack::own(&[]).await;
    let n = 900_000_000;
    stack.submit(n).await;
    stack.until(n, "running").await;
    stack.kill();
    stack.restart();
    let restarted = Instant::now();
    let again = eventually("it runs again", async || {
        let calculation = stack.calculation(n).await;
        (calculation["status"] == "running").then_some(calculation)
    })
    .await;
    println!("running again {:?} after the restart", restarted.elapsed());
    assert_eq!(again["attempt"], 2);
}

#[tokio::test]
async fn asked_to_stop_it_hands_its_work_back_and_ends_well() {
    let mut stack = Stack::own(&[]).await;
    let n = 900_000_000;
    stack.submit(n).await;
    stack.until(n, "running").await;
    let status = stack.terminate();
    assert!(status.success(), "{status}");
    stack.restart();
    stack.until(n, "running").await;
}

/// What clients were promised.
struct Ledger {
    acknowledged: Mutex<BTreeSet<i64>>,
    next: AtomicI64,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { acknowledged: Mutex::default(), next: AtomicI64::new(1_000) }
    }
}

/// Submits new indexes one after the other and notes every 2xx; ends when the system is gone.

#[tokio::test]
async fn work_that_the_process_dies_of_at_every_start_fails_with_a_reason_and_keeps_nobody_waiting() {
    let mut stack = Stack::own(&[]).await;
    // Too short for a lease, and long enough to be caught at it.
    let n = 60_000_000;
    let (status, said) = stack.submit(n).await;
    assert_eq!((status, said["ask"].is_null()), (StatusCode::ACCEPTED, true), "{said}");
    stack.kill();
    for _ in 0..5 {
        stack.restart();
        // In the record by now, it takes a lease, and says that it runs.
        stack.until(n, "running").await;
        stack.kill();
    }
    stack.restart();
    let calculation = stack.until(n, "failed").await;
    assert_eq!(calculation["failure"]["reason"], "workers-lost", "{calculation}");
    assert_eq!(stack.value_of(1_000).await, oracle::fibonacci(1_000));
}

async fn submit_until(url: String, ledger: Arc<Ledger>, stop: Arc<AtomicBool>) {
    let http = crate::http::client().build().expect("an HTTP client");
    while !stop.load(Ordering::Relaxed) {
        let n = ledger.next.fetch_add(1, Ordering::Relaxed);
        let request = http.post(format!("{url}/api/calculations")).json(&json!({"index": n.to_string()}));
        let Ok(response) = request.send().await else { return };
        if response.status().is_success() {
            ledger.acknowledged.lock().expect("not poisoned").insert(n);
        } else {
            panic!("F({n}) was refused with {}", response.status());
        }
    }
}
