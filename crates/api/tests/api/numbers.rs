//! Facts about numbers: their parameters, limits and caching.

use axum::body::Body;
use http::{Request, StatusCode};

use crate::support::TestSystem;

fn ten_to_the(zeros: usize) -> String {
    format!("1{}", "0".repeat(zeros))
}

#[tokio::test]
async fn facts_about_a_number_create_nothing() {
    let system = TestSystem::start().await;
    let answer = system.get("/api/numbers/1000000?modulus=1000&first=5&last=7").await.expect(StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "public, max-age=3600");
    let facts = answer.json();
    assert_eq!(facts["digits"], "208988");
    assert_eq!((&facts["first_digits"], &facts["last_digits"]), (&"19532".into(), &"2546875".into()));
    assert_eq!(facts["scientific"], "1.9532821287077577316…e208987");
    assert_eq!((&facts["periods"][0]["period"], &facts["periods"][0]["entry_point"]), (&1500.into(), &750.into()));
    assert_eq!(facts["periods"][0]["residue"], 875);
    assert_eq!(facts["periods"][0]["factors"][1]["prime"], "5");
    assert_eq!((facts["value"].is_null(), &facts["primality"]), (true, &"composite".into()));
    assert_eq!((system.rows().await, system.jobs().await), (0, 0));
}

#[tokio::test]
async fn indexes_and_moduli_may_be_of_a_thousand_digits() {
    let system = TestSystem::start().await;
    let facts = system.get(&format!("/api/numbers/{}?modulus={}", ten_to_the(1_000), ten_to_the(50))).await;
    let facts = facts.expect(StatusCode::OK).json();
    // The last 50 digits are the residue modulo 10^50.
    let residue = facts["residues"][3]["residue"].as_str().expect("a residue");
    assert_eq!(format!("{residue:0>50}"), facts["last_digits"].as_str().expect("digits"));
    assert!(facts["periods"].as_array().expect("a list").is_empty());
    let ends = system.get("/api/numbers/1000000?first=1000&last=10000&modulus=7").await.expect(StatusCode::OK).json();
    assert_eq!(ends["first_digits"].as_str().map(str::len), Some(1_000));
    assert_eq!(ends["last_digits"].as_str().map(str::len), Some(10_000));
}

#[tokio::test]
async fn what_takes_too_long_is_refused_with_what_fits() {
    let system = TestSystem::start().await;
    for (path, field) in [
        (format!("/api/numbers/{}?last=10000", ten_to_the(1_000)), "last"),
        (format!("/api/numbers/{}?first=10000", ten_to_the(1_000)), "first"),
        (format!("/api/numbers/{}?modulus={}", ten_to_the(1_000), ten_to_the(2_000)), "modulus"),
    ] {
        let problem = system.get(&path).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert_eq!(problem["field"], field);
        let allowed = problem["allowed"].as_str().expect("what is allowed");
        let fits: usize = allowed.split_whitespace().rev().find_map(|word| word.parse().ok()).expect("a number");
        assert!((50..10_000).contains(&fits), "{allowed}");
        if field != "modulus" {
            let path = format!("/api/numbers/{}?{field}={fits}", ten_to_the(1_000));
            system.get(&path).await.expect(StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let system = TestSystem::start().await;
    for query in
        ["modulus=0", "modulus=x", "modulus=-1", "modulus=", "first=0", "first=10001", "last=1.5", "last=1&last=2"]
    {
        let answer = system.get(&format!("/api/numbers/12?{query}")).await;
        answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
    }
    for n in ["x", "007", "1e6", "-0", "+1", &ten_to_the(1_001)] {
        let answer = system.get(&format!("/api/numbers/{n}")).await.expect(StatusCode::UNPROCESSABLE_ENTITY).json();
        assert!(answer["allowed"].as_str().expect("what is allowed").ends_with("up to 1001 digits"), "{answer}");
    }
}

#[tokio::test]
async fn facts_that_are_known_are_not_sent_again() {
    let system = TestSystem::start().await;
    let first = system.get("/api/numbers/144").await.expect(StatusCode::OK);
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with("W/\""));
    let again = |etag: &str| {
        let request = Request::get("/api/numbers/144").header("if-none-match", etag).body(Body::empty());
        system.send(request.expect("a request"))
    };
    let answer = again(&etag).await.expect(StatusCode::NOT_MODIFIED);
    assert_eq!((answer.text.as_str(), answer.header("etag")), ("", etag.as_str()));
    again("\"other\"").await.expect(StatusCode::OK);
    assert_ne!(system.get("/api/numbers/145").await.header("etag"), etag);
}
