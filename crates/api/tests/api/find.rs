//! `GET /api/calculations/{index}/value/find` and `digits`.

use api::ApiConfig;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::TestSystem;

async fn find(system: &TestSystem, n: i64, query: &str) -> Value {
    let found = system.get(&format!("/api/calculations/{n}/value/find?{query}")).await.expect(StatusCode::OK);
    assert_eq!(found.header("cache-control"), "public, max-age=86400");
    found.json()
}

#[tokio::test]
async fn every_occurrence_is_found_in_its_order() {
    let system = TestSystem::start().await;
    // In the JSON, inline in the store, and as an object of more than one block, negative too.
    for (n, digits) in [(1_000, "8"), (-1_000, "434"), (50_000, "777"), (-6_000_000, "1234567")] {
        system.compute(n).await;
        let value = fibonacci::nth(n).expect("it fits").to_string();
        let value = value.trim_start_matches('-').as_bytes();
        let expected: Vec<u64> = (1..)
            .zip(value.windows(digits.len()))
            .filter(|(_, w)| *w == digits.as_bytes())
            .map(|(place, _)| place)
            .collect();
        let (mut places, mut from) = (Vec::new(), Some(1));
        while let Some(place) = from {
            let found = find(&system, n, &format!("digits={digits}&from={place}")).await;
            assert_eq!((&found["from"], &found["count"]), (&json!(place), &json!(value.len())));
            places.extend(found["position"].as_u64());
            from = found["next"].as_u64();
        }
        assert!(!places.is_empty() && places == expected, "F({n}): {places:?} instead of {expected:?}");
    }
}

#[tokio::test]
async fn a_request_reads_a_part_of_a_long_value_and_says_where_to_go_on() {
    let config = ApiConfig { rate: Some(60.0), ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    system.compute(41_000_000).await;
    let value = fibonacci::nth(41_000_000).expect("it fits").to_string();
    let end = 8 << 20;
    // These lie across the end of the first part.
    let digits = &value[end - 5..end + 7];
    let found = find(&system, 41_000_000, &format!("digits={digits}")).await;
    assert_eq!((&found["position"], &found["to"], &found["next"]), (&Value::Null, &json!(end), &json!(end - 10)));
    let found = find(&system, 41_000_000, &format!("digits={digits}&from={}", found["next"])).await;
    assert_eq!((&found["position"], &found["to"]), (&json!(end - 4), &json!(end + 7)));

    let (mut counts, mut sum, mut from) = ([0; 10], 0, Some(1));
    while let Some(place) = from {
        let path = format!("/api/calculations/41000000/value/digits?from={place}");
        let counted = system.get(&path).await.expect(StatusCode::OK).json();
        assert_eq!((&counted["from"], &counted["digital_root"]), (&json!(place), &Value::Null));
        let part = counted["counts"].as_array().expect("counts");
        counts.iter_mut().zip(part).for_each(|(count, part)| *count += part.as_u64().expect("a count"));
        sum += counted["sum"].as_u64().expect("a sum");
        from = counted["next"].as_u64();
    }
    let mut expected = fibonacci::DigitStatistics::default();
    expected.push(value.as_bytes());
    assert_eq!((counts, sum), (expected.counts(), expected.sum()));
}

#[tokio::test]
async fn what_cannot_be_searched_says_why() {
    let system = TestSystem::start().await;
    let path = |query: &str| format!("/api/calculations/1000/value/find{query}");
    system.get(&path("?digits=1")).await.expect_problem(StatusCode::NOT_FOUND, "not-found");
    system.submit(900_000_000).await;
    for part in ["find?digits=1", "digits"] {
        let pending = system.get(&format!("/api/calculations/900000000/value/{part}")).await;
        pending.expect_problem(StatusCode::CONFLICT, "value-not-ready");
    }
    system.compute(1_000).await;
    let long = format!("?digits={}", "1".repeat(1_001));
    for (query, field, allowed) in [
        ("", "digits", "1 to 1000 digits"),
        ("?digits=", "digits", "1 to 1000 digits"),
        ("?digits=1e3", "digits", "1 to 1000 digits"),
        ("?digits=-1", "digits", "1 to 1000 digits"),
        (&long, "digits", "1 to 1000 digits"),
        ("?digits=1&digits=2", "digits", "once"),
        ("?digits=1&from=0", "from", "1 to 209"),
        ("?digits=1&from=210", "from", "1 to 209"),
        ("?digits=1&from=%2B1", "from", "1 to 209"),
        ("?digits=1&from=99999999999999999999", "from", "1 to 209"),
    ] {
        let problem = system.get(&path(query)).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
        let problem = problem.json();
        assert_eq!((&problem["field"], &problem["allowed"]), (&json!(field), &json!(allowed)), "{query}");
    }
}

#[tokio::test]
async fn a_search_of_a_long_value_counts_as_work_of_its_address() {
    let system = TestSystem::with_config(ApiConfig { rate: Some(0.01), ..ApiConfig::default() }).await;
    system.compute(400_000).await;
    let path = "/api/calculations/400000/value/find?digits=1";
    let mut accepted = 0;
    let refused = loop {
        let answer = system.get(path).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 1_000, "never refused");
    };
    refused.expect_problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests");
}
