//! The defects of the reference system, each impossible here. D4, D5, D10 and D15 are tested in `path.rs`, D14 and
//! D16 in `inputs.rs`.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::stack::Stack;
use crate::support::reference;

#[tokio::test]
async fn d1_a_new_database_serves_the_first_page() {
    let stack = Stack::own(&[]).await;
    for path in ["/", "/api/calculations", "/api/values/all", "/api/values/current"] {
        assert_eq!(stack.get(path).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn d2_d3_d8_work_of_a_killed_process_is_completed_by_the_next() {
    let mut stack = Stack::own(&[]).await;
    let n = 1_000_000_000;
    assert_eq!(stack.submit(n).await.0, StatusCode::ACCEPTED);
    stack.until(n, "running").await;
    stack.submit(12).await;
    stack.kill();
    stack.restart();
    assert_eq!(stack.until(12, "done").await["value"], "144");
    let calculation = stack.until(n, "done").await;
    assert_eq!(calculation["digits"], 208_987_640);
}

#[tokio::test]
async fn d12_a_backlog_is_visible() {
    let stack = Stack::own(&[]).await;
    for n in 0..4 {
        stack.submit(900_000_000 + n).await;
    }
    let waits = |system: &Value| {
        let lanes = system["lanes"].as_array().expect("lanes").iter();
        lanes.filter(|lane| lane["lane"] == "long").any(|lane| lane["waiting"].as_u64() >= Some(1))
    };
    crate::stack::eventually("the backlog is shown", async || {
        let system = stack.json("/api/system").await;
        (waits(&system) && !system["workers"].as_array().expect("workers").is_empty()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn d13_an_accepted_submission_is_on_disk() {
    let mut stack = Stack::own(&[]).await;
    let submissions = (0..300).map(|n| stack.submit(n * 7));
    let responses = futures_util::future::join_all(submissions).await;
    // Killed right after the last response.
    stack.kill();
    assert!(responses.iter().all(|(status, _)| status.is_success()));
    stack.restart();
    assert_eq!(stack.stored_count().await, 300);
    for n in 0..300 {
        assert_eq!(stack.until(n * 7, "done").await["value"], json!(reference::fibonacci(n * 7)));
    }
}

#[tokio::test]
async fn an_incomplete_request_is_closed_and_blocks_nothing() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stack = Stack::own(&[("ABACI_HEADER_TIMEOUT_MS", "500")]).await;
    let address = stack.url.strip_prefix("http://").expect("an address");
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut connection = tokio::net::TcpStream::connect(address).await.expect("a connection");
        connection.write_all(b"POST /api/calculations HTTP/1.1\r\nhost: x\r\nx-slow: ").await.expect("sent");
        slow.push(connection);
    }
    assert_eq!(stack.value_of(30).await, "832040");
    for mut connection in slow {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(20), connection.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the server keeps an incomplete request");
    }
}

#[tokio::test]
async fn the_routes_of_the_reference_system_work() {
    let stack = Stack::own(&[]).await;
    let post = |index: &'static str| {
        stack.http.post(format!("{}/api/values", stack.url)).json(&json!({ "index": index })).send()
    };
    let accepted = post("7").await.expect("a response");
    assert_eq!(accepted.status(), StatusCode::OK);
    assert_eq!(accepted.json::<Value>().await.expect("JSON"), json!({"working": true}));
    stack.until(7, "done").await;
    assert_eq!(stack.json("/api/values/all").await, json!([{"number": 7}]));
    assert_eq!(stack.json("/api/values/current").await, json!({"7": "13"}));
    let too_high = post("1000000001").await.expect("a response");
    assert_eq!(too_high.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(too_high.text().await.expect("text"), "Index too high");
}
