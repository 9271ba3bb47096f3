//! `GET /api/calculations` in its orders.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::TestSystem;

async fn list(system: &TestSystem, query: &str) -> Value {
    system.get(&format!("/api/calculations?{query}")).await.expect(StatusCode::OK).json()
}

fn indexes(list: &Value) -> Vec<&str> {
    list["items"].as_array().expect("a list").iter().map(|item| item["index"].as_str().expect("a text")).collect()
}

/// Reads all pages of two.
async fn all(system: &TestSystem, query: &str) -> Vec<String> {
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = list(system, &format!("{query}&limit=2{after}")).await;
        seen.extend(indexes(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { return seen };
        after = format!("&after={next}");
    }
}

#[tokio::test]
async fn calculations_are_listed_in_every_order_and_counted() {
    let system = TestSystem::start().await;
    for n in [100, -300, 7, 300, 20] {
        system.compute(n).await;
    }
    system.submit(200_000_000).await;
    system.submit(100_000_000).await;
    assert_eq!(all(&system, "show=newest").await, ["100000000", "200000000", "20", "300", "7", "-300", "100"]);
    assert_eq!(all(&system, "show=unfinished").await, ["100000000", "200000000"]);
    assert_eq!(all(&system, "show=largest").await, ["200000000", "100000000", "300", "-300", "100", "20", "7"]);
    assert_eq!(all(&system, "show=by-index").await, ["-300", "7", "20", "100", "300", "100000000", "200000000"]);
    assert_eq!(all(&system, "show=by-index&from=20").await, ["20", "100", "300", "100000000", "200000000"]);
    let named = list(&system, "index=20,7,5,-300").await;
    assert_eq!(indexes(&named), ["20", "7", "-300"]);
    for (query, total) in [
        ("", 7),
        ("show=largest&limit=1", 7),
        ("show=unfinished", 2),
        ("show=by-index", 7),
        ("show=by-index&from=20", 5),
        ("show=by-index&from=20&after=n100&limit=1", 5),
        ("show=by-index&from=20&after=n300", 5),
    ] {
        assert_eq!(list(&system, query).await["total"], json!(total), "{query}");
    }
    assert_eq!((&named["total"], &named["next"]), (&json!(3), &Value::Null));
}

#[tokio::test]
async fn an_order_that_does_not_exist_says_which_do() {
    let system = TestSystem::start().await;
    let many = format!("index={}", vec!["1"; 51].join(","));
    for (query, kind, field) in [
        ("show=oldest", "parameter", "show"),
        ("show=largest&after=c5", "parameter", "after"),
        ("show=newest&after=n5", "parameter", "after"),
        ("from=5", "parameter", "from"),
        ("show=by-index&from=x", "index-not-integer", "from"),
        ("index=1,x", "index-not-integer", "index"),
        ("index=1&show=largest", "parameter", "show"),
        (&many, "parameter", "index"),
        ("subject=L(x)", "parameter", "subject"),
        ("subject=L(1)&after=c5", "parameter", "after"),
    ] {
        let answer = system.get(&format!("/api/calculations?{query}")).await;
        let problem = answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, kind).json();
        assert_eq!(problem["field"], field, "{query}");
    }
}
