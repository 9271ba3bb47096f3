//! `abaci queue` with the distributed roles.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::role::{TestRole, abaci};
use crate::support::proxy::{LinkState, Proxy};
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

async fn submit(api: &TestRole, n: i64, address: &str) {
    let request = api.request(Method::POST, "/api/calculations").header("x-forwarded-for", address);
    let response = request.json(&json!({ "index": n.to_string() })).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::ACCEPTED);
}

/// Runs `abaci queue … --json` against a role.
fn queue(role: &TestRole, arguments: &[&str]) -> Value {
    let address = role.internal_address();
    let output = abaci(&[&["queue", "--internal-listen", address], arguments, &["--json"]].concat(), &Vec::new());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn count(role: &TestRole, filters: &[&str]) -> usize {
    queue(role, &[&["list"], filters].concat())["calculations"].as_array().expect("a list").len()
}

/// More than a page of work, so that reading and cancelling go on after the first. The database is so far away that a
/// statement for each calculation would take longer than a call may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_purges_the_queue_of_one_address() {
    let system = BackendSystem::start();
    let postgres = Proxy::start(system.postgres.port).await;
    let port = postgres.port.to_string();
    let settings = [("ABACI_TRUSTED_PROXIES", "127.0.0.1"), ("ABACI_RATE", "off"), ("PGPORT", &port)];
    let api = system.role("api", &settings);
    eventually("it is ready", async || api.is_ready().await.then_some(())).await;
    let body = json!({ "from": "1", "to": "600" });
    let batch = api.request(Method::POST, "/api/calculations/batch").header("x-forwarded-for", "192.0.2.7");
    let accepted = batch.json(&body).send().await.expect("a response");
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    for n in [700, 701] {
        submit(&api, n, "192.0.2.8").await;
    }
    assert_eq!((count(&api, &[]), count(&api, &["--submitter", "192.0.2.7"])), (602, 600));
    let submitters = queue(&api, &["submitters"]);
    assert_eq!(submitters["submitters"].as_array().map(Vec::len), Some(2), "{submitters}");

    postgres.set(LinkState::Delayed(Duration::from_millis(20)));
    let purged = queue(&api, &["purge", "--submitter", "192.0.2.7", "--force"]);
    postgres.set(LinkState::Normal);
    assert_eq!(purged["cancelled"].as_array().map(Vec::len), Some(600));
    assert_eq!(api.calculation(600).await["status"], "cancelled");

    // The worker finds the cancelled jobs in Redis, computes none of them, and takes the rest.
    let worker = system.role("worker", &[]);
    for n in [700, 701] {
        eventually("it is done", async || (api.calculation(n).await["status"] == "done").then_some(())).await;
    }
    assert_eq!(api.calculation(600).await["status"], "cancelled");
    assert_eq!(count(&worker, &[]), 0);
    api.value(600).await;
}
