//! kill -9 under load: everything accepted is stored, and right.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use num_bigint::BigInt;
use reqwest::StatusCode;
use serde_json::json;

use crate::stack::{Stack, eventually};
use crate::support::reference;

/// Returns the number of kills: `ABACI_TEST_KILLS`, or a few.
fn kills() -> u32 {
    std::env::var("ABACI_TEST_KILLS").map_or(5, |text| text.parse().expect("a number of kills"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_loses_nothing_that_was_accepted() {
    let mut stack = Stack::own(&[]).await;
    let ledger = Arc::new(AcceptedIndexes::default());
    let mut recoveries = Vec::new();
    for round in 0..kills() {
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> =
            (0..8).map(|_| tokio::spawn(submit_until(stack.url.clone(), ledger.clone(), stop.clone()))).collect();
        // The kill happens at a different moment of the second each time.
        tokio::time::sleep(Duration::from_millis(150 + u64::from(round * 137 % 850))).await;
        stack.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.expect("the client works");
        }
        let killed = Instant::now();
        stack.restart();
        let probe = ledger.next.fetch_add(1, Ordering::Relaxed);
        ledger.accepted.lock().expect("not poisoned").insert(probe);
        stack.value_of(probe).await;
        recoveries.push(killed.elapsed());
    }

    let accepted = ledger.accepted.lock().expect("not poisoned").clone();
    assert!(accepted.len() > 100, "there was load");
    let mut wrong = 0;
    for &n in &accepted {
        let calculation = eventually("every accepted index is done", async || {
            let response = stack.get(&format!("/api/calculations/{n}")).await;
            assert_eq!(response.status(), StatusCode::OK, "F({n}) was accepted and is missing");
            let calculation: serde_json::Value = response.json().await.expect("JSON");
            (calculation["status"] == "done").then_some(calculation)
        })
        .await;
        let value = reference::fibonacci(n);
        wrong += usize::from(calculation["value"] != json!(value) && stack.read(n).await != value);
    }
    recoveries.sort();
    println!(
        "kills {}, accepted {}, lost 0, wrong {wrong}; from kill to a new value: median {:?}, worst {:?}",
        recoveries.len(),
        accepted.len(),
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
async fn sigterm_hands_running_work_back_and_exits_with_0() {
    let mut stack = Stack::own(&[]).await;
    let n = 900_000_000;
    stack.submit(n).await;
    stack.until(n, "running").await;
    let status = stack.terminate();
    assert!(status.success(), "{status}");
    stack.restart();
    stack.until(n, "running").await;
}

/// The accepted indexes.
pub(crate) struct AcceptedIndexes {
    pub(crate) accepted: Mutex<BTreeSet<i64>>,
    pub(crate) next: AtomicI64,
}

impl Default for AcceptedIndexes {
    fn default() -> Self {
        Self { accepted: Mutex::default(), next: AtomicI64::new(1_000) }
    }
}

#[tokio::test]
async fn a_job_that_kills_the_process_at_every_start_fails_and_blocks_nothing() {
    let mut stack = Stack::own(&[]).await;
    // Too short for a lease, long enough to be killed while it runs.
    let n = 60_000_000;
    let (status, body) = stack.submit(n).await;
    assert_eq!((status, body["ask"].is_null()), (StatusCode::ACCEPTED, true), "{body}");
    stack.kill();
    for _ in 0..5 {
        stack.restart();
        // After a restart it takes a lease, and its status is `running`.
        stack.until(n, "running").await;
        stack.kill();
    }
    stack.restart();
    let calculation = stack.until(n, "failed").await;
    assert_eq!(calculation["failure"]["reason"], "workers-lost", "{calculation}");
    assert_eq!(stack.value_of(1_000).await, reference::fibonacci(1_000));
}

/// Submits new indexes one after the other and records every 2xx; ends when the system is gone.
pub(crate) async fn submit_until(url: String, ledger: Arc<AcceptedIndexes>, stop: Arc<AtomicBool>) {
    let http = crate::support::http::client().build().expect("an HTTP client");
    while !stop.load(Ordering::Relaxed) {
        let n = ledger.next.fetch_add(1, Ordering::Relaxed);
        let request = http.post(format!("{url}/api/calculations")).json(&json!({"index": n.to_string()}));
        let Ok(response) = request.send().await else { return };
        if response.status().is_success() {
            ledger.accepted.lock().expect("not poisoned").insert(n);
        } else {
            panic!("F({n}) was refused with {}", response.status());
        }
    }
}

#[tokio::test]
async fn kill_9_loses_no_other_subject() {
    let mut stack = Stack::own(&[]).await;
    // The first takes seconds, so that the kill finds it running.
    let long = "L(900000000)";
    let subjects = [long, "L(1000)", "U(3,-1,200)", "V(2,-1,-10)", "G(3,4,-5)", "T(3,50)", "P(1000)", "A(1000)"];
    let body = json!({ "subjects": subjects }).to_string();
    let batch = stack.http.post(format!("{}/api/calculations/batch", stack.url));
    let batch = batch.header("content-type", "application/json").body(body).send().await.expect("a response");
    assert_eq!(batch.status(), StatusCode::ACCEPTED);
    let until = async |stack: &Stack, subject: &str, status: &str| {
        eventually(&format!("{subject} is {status}"), async || {
            let calculation = stack.json(&format!("/api/calculations/{subject}")).await;
            (calculation["status"] == status).then_some(calculation)
        })
        .await
    };
    until(&stack, long, "running").await;
    stack.kill();
    stack.restart();
    assert_eq!(until(&stack, long, "running").await["attempt"], 2);
    for (subject, value) in [
        ("V(2,-1,-10)", "6726"),
        ("G(3,4,-5)", "-4"),
        ("T(3,50)", "3122171529233"),
        ("P(1000)", "1500"),
        ("A(1000)", "750"),
    ] {
        assert_eq!(until(&stack, subject, "done").await["value"], value, "{subject}");
    }
    // L(n)² = 5F(n)² + 4 for even n.
    let lucas = until(&stack, "L(1000)", "done").await;
    let number = |text: &str| text.parse::<BigInt>().expect("digits");
    let (lucas, fibonacci) = (number(lucas["value"].as_str().expect("text")), number(&reference::fibonacci(1_000)));
    assert_eq!(&lucas * &lucas, &fibonacci * &fibonacci * 5 + 4);
    until(&stack, "U(3,-1,200)", "done").await;
}
