//! The path of a calculation, from its submission to its value.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::stack::Stack;
use crate::support::reference;

#[tokio::test]
async fn a_submitted_index_becomes_its_value() {
    let stack = Stack::any().await;
    for n in [0, 1, 2, 3, 4, 5, 10, 78, 79, 93, 300, 5_000, -1, -8, -79] {
        assert_eq!(stack.value_of(n).await, reference::fibonacci(n), "F({n})");
    }
}

#[tokio::test]
async fn a_long_value_is_served_whole() {
    let stack = Stack::any().await;
    let value = stack.value_of(1_000_000).await;
    assert_eq!(value.len(), 208_988);
    assert!(value == reference::fibonacci(1_000_000), "F(1000000) is wrong");
}

#[tokio::test]
async fn an_accepted_submission_returns_location_and_facts() {
    let stack = Stack::own(&[]).await;
    let response = stack.post(r#"{"index": 1000}"#).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    assert_eq!(response.headers()["location"], "/api/calculations/1000");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["subject"], "F(1000)");
    assert_eq!(body["index"], "1000");
    assert_eq!(body["digits"], 209);
    assert!(["queued", "running", "done"].contains(&body["status"].as_str().expect("a status")));
}

#[tokio::test]
async fn a_known_value_is_returned_at_once_computed_once_and_listed_once() {
    let stack = Stack::own(&[]).await;
    stack.value_of(40).await;
    for _ in 0..20 {
        let (status, body) = stack.submit(40).await;
        assert_eq!((status, &body["status"], &body["value"]), (StatusCode::OK, &json!("done"), &json!("102334155")));
        assert_eq!(stack.json("/api/values/current").await["40"], "102334155");
    }
    assert_eq!(stack.calculation(40).await["attempt"], 1);
    assert_eq!(stack.json("/api/values/all").await, json!([{"number": 40}]));
    assert_eq!(stack.stored_count().await, 1);
}

#[tokio::test]
async fn a_waiting_submission_returns_the_value() {
    let stack = Stack::own(&[]).await;
    let request = stack.http.post(format!("{}/api/calculations", stack.url)).header("prefer", "wait=99");
    let response = request.json(&json!({"index": "90"})).send().await.expect("a response");
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["preference-applied"], "wait=30");
    assert_eq!(response.json::<Value>().await.expect("JSON")["value"], "2880067194370816120");
}

#[tokio::test]
async fn a_thousand_submissions_at_once_are_one_calculation() {
    let stack = Stack::own(&[]).await;
    let submissions = (0..1000).map(|_| stack.submit(4_321));
    let responses = futures_util::future::join_all(submissions).await;
    assert!(responses.iter().all(|(status, _)| status.is_success()));
    stack.until(4_321, "done").await;
    assert_eq!(stack.stored_count().await, 1);
    assert_eq!(stack.read(4_321).await, reference::fibonacci(4_321));
}

#[tokio::test]
async fn a_form_is_accepted_like_json() {
    let stack = Stack::any().await;
    let request = stack.http.post(format!("{}/api/calculations", stack.url)).form(&[("index", "77")]);
    assert!(request.send().await.expect("a response").status().is_success());
    assert_eq!(stack.until(77, "done").await["value"], "5527939700884757");
}

#[tokio::test]
async fn reads_create_no_work() {
    let stack = Stack::own(&[]).await;
    for path in ["/api/calculations/7", "/api/calculations/7/value"] {
        assert_eq!(stack.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // The page of a small number shows the value without a calculation.
    assert_eq!(stack.get("/n/7").await.status(), StatusCode::OK);
    assert_eq!(stack.stored_count().await, 0);
}

#[tokio::test]
async fn long_work_does_not_delay_short_work() {
    let stack = Stack::own(&[]).await;
    for n in [900_000_000, 900_000_001, 900_000_002] {
        assert_eq!(stack.submit(n).await.0, StatusCode::ACCEPTED);
    }
    stack.until(900_000_000, "running").await;
    for n in 100..130 {
        stack.value_of(n).await;
    }
    // The long ones are still unfinished: the test does not depend on the speed of the machine.
    let unfinished = [900_000_000, 900_000_001, 900_000_002];
    let mut statuses = Vec::new();
    for n in unfinished {
        statuses.push(stack.calculation(n).await["status"].clone());
    }
    assert!(statuses.iter().any(|status| status == "queued" || status == "running"), "{statuses:?}");
}

#[tokio::test]
async fn long_work_can_be_cancelled_with_its_token_only() {
    let stack = Stack::own(&[]).await;
    let n = 900_000_000;
    let response = stack.post(json!({"index": n}).to_string()).await;
    let ask = response.headers()["abaci-ask"].to_str().expect("text").to_owned();
    stack.until(n, "running").await;

    let path = format!("{}/api/calculations/{n}", stack.url);
    let without = stack.http.delete(&path).send().await.expect("a response");
    assert_eq!(without.status(), StatusCode::FORBIDDEN);
    let wrong = stack.http.delete(&path).header("abaci-ask", "0".repeat(32)).send().await.expect("a response");
    assert_eq!(wrong.status(), StatusCode::FORBIDDEN);
    assert_eq!(stack.calculation(n).await["status"], "running");

    let right = stack.http.delete(&path).header("abaci-ask", &ask).send().await.expect("a response");
    assert_eq!(right.status(), StatusCode::OK);
    stack.until(n, "cancelled").await;
    let again = stack.http.delete(&path).header("abaci-ask", &ask).send().await.expect("a response");
    assert_eq!(again.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn the_list_is_paged_newest_first() {
    let stack = Stack::own(&[]).await;
    for n in 1..=7 {
        stack.submit(n).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/calculations?limit=3".to_owned();
    loop {
        let page = stack.json(&path).await;
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["index"].clone()));
        match page["next"].as_str() {
            Some(next) => path = format!("/api/calculations?limit=3&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1"]);
}
