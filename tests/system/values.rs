//! Reading values: ranges, validators, restarts, damage and eviction.

use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use sha2::{Digest, Sha256};

use crate::stack::Stack;
use crate::support::reference;

#[tokio::test]
async fn a_value_has_its_hash_as_etag_and_supports_ranges() {
    let stack = Stack::any().await;
    let n = 600_000;
    let whole = stack.value_of(n).await;
    let path = format!("/api/calculations/{n}/value");
    let response = stack.get(&path).await;
    let etag = response.headers()["etag"].to_str().expect("text").to_owned();
    let sha256 = Sha256::digest(whole.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(etag, format!("\"{sha256}\""));
    assert_eq!(response.headers()["accept-ranges"], "bytes");
    assert!(response.headers()["cache-control"].to_str().expect("text").contains("immutable"));
    assert_eq!(stack.calculation(n).await["sha256"], sha256);

    let part = |range: &'static str| {
        let request = stack.http.get(format!("{}{path}", stack.url)).header("range", range);
        async { request.send().await.expect("a response") }
    };
    for (range, expected) in
        [("bytes=0-9", &whole[..10]), ("bytes=-7", &whole[whole.len() - 7..]), ("bytes=100000-", &whole[100_000..])]
    {
        let response = part(range).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(response.text().await.expect("text"), expected, "{range}");
    }
    assert_eq!(part("bytes=9999999-").await.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let unchanged = stack.http.get(format!("{}{path}", stack.url)).header("if-none-match", &etag);
    assert_eq!(unchanged.send().await.expect("a response").status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_long_value_is_the_same_after_a_restart() {
    let mut stack = Stack::own(&[]).await;
    let value = stack.value_of(400_000).await;
    assert_eq!(value.len(), 83_595);
    assert!(stack.terminate().success());
    stack.restart();
    assert!(stack.read(400_000).await == value);
}

#[tokio::test]
async fn an_unfinished_value_is_a_problem_with_the_status() {
    let stack = Stack::own(&[]).await;
    stack.submit(900_000_000).await;
    let response = stack.get("/api/calculations/900000000/value").await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let problem: serde_json::Value = response.json().await.expect("JSON");
    assert_eq!(problem["type"], "urn:abaci:problem:value-not-ready");
    assert!(["queued", "running"].contains(&problem["calculation_status"].as_str().expect("a status")));
}

#[tokio::test]
async fn a_damaged_value_is_never_served_and_is_computed_again() {
    let stack = Stack::own(&[]).await;
    let n = 500_000;
    let whole = stack.value_of(n).await;
    let file = find(stack.directory(), ".txt").expect("a stored value");
    let mut bytes = std::fs::read(&file).expect("readable");
    bytes[50_000] ^= 1;
    std::fs::write(&file, bytes).expect("writable");

    let repaired = crate::stack::eventually("the value is computed again", async || {
        let response = stack.get(&format!("/api/calculations/{n}/value")).await;
        match response.status() {
            StatusCode::OK => response.text().await.ok(),
            _ => None,
        }
    })
    .await;
    assert!(repaired == whole, "a damaged value was served");
}

#[tokio::test]
async fn an_evicted_value_is_computed_again_and_is_the_same() {
    let stack = Stack::own(&[("ABACI_STORE_BYTES", "400000")]).await;
    for n in [500_000, 510_000, 520_000, 530_000, 540_000] {
        stack.value_of(n).await;
    }
    let page = stack.json("/api/calculations").await;
    let items = page["items"].as_array().expect("items");
    let stored: u64 =
        items.iter().filter(|item| item["value_state"] == "object").filter_map(|item| item["digits"].as_u64()).sum();
    assert!(stored <= 400_000, "{stored} bytes are stored");
    for item in items {
        let n: i64 = item["index"].as_str().and_then(|index| index.parse().ok()).expect("an index");
        assert_eq!(
            stack.calculation(n).await["value_state"],
            item["value_state"],
            "the list and the calculation agree"
        );
    }
    let before = items.iter().find(|item| item["value_state"] == "evicted").expect("some were evicted");
    assert_eq!(before["status"], "done");

    let n: i64 = before["index"].as_str().and_then(|index| index.parse().ok()).expect("an index");
    let unread = stack.get(&format!("/api/calculations/{n}/value")).await;
    assert_eq!(unread.status(), StatusCode::CONFLICT, "reads create no work");
    assert!(stack.value_of(n).await == reference::fibonacci(n));
    assert_eq!(before["sha256"], stack.calculation(n).await["sha256"]);
}

/// Returns the first file below a directory whose name has this ending.
fn find(directory: &Path, ending: &str) -> Option<PathBuf> {
    std::fs::read_dir(directory).expect("readable").find_map(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() { find(&path, ending) } else { path.to_string_lossy().ends_with(ending).then_some(path) }
    })
}
