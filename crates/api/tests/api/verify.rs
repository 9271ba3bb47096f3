//! `POST /api/verify`.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::Value;

use crate::support::{TestResponse, TestSystem};

async fn verify(system: &TestSystem, index: &str, text: impl Into<Body>) -> TestResponse {
    system.send(Request::post(format!("/api/verify?index={index}")).body(text.into()).expect("a request")).await
}

#[tokio::test]
async fn a_text_is_compared_with_f_of_n_and_nothing_is_created() {
    let system = TestSystem::start().await;
    for (index, text, right) in [
        ("12", "144", true),
        ("12", "144\n", true),
        ("-12", "-144", true),
        ("0", "0", true),
        ("12", "145", false),
        ("12", "0144", false),
        ("12", "-144", false),
        ("-12", "144", false),
        ("12", "144\n\n", false),
        ("12", "", false),
    ] {
        let found = verify(&system, index, text).await.expect(StatusCode::OK).json();
        assert_eq!(found["right"], right, "F({index}) = {text:?}: {found}");
        assert_eq!(found["residues"].as_array().map(Vec::len), Some(3));
        assert_eq!(found["first_difference_at"], Value::Null);
    }
    assert_eq!((system.rows().await, system.jobs().await), (0, 0));
}

#[tokio::test]
async fn a_wrong_text_is_told_where_it_differs_from_the_stored_value() {
    let system = TestSystem::start().await;
    // Both are stored: the longer one in pieces, as an object.
    for n in [1_000, 400_000] {
        system.compute(n).await;
        let value = fibonacci::nth(n).expect("it fits").to_string();
        let index = n.to_string();
        let found = verify(&system, &index, value.clone() + "\n").await.expect(StatusCode::OK).json();
        assert_eq!((&found["right"], &found["first_difference_at"]), (&true.into(), &Value::Null));
        for place in [0, 100, value.len() - 1] {
            let mut wrong = value.clone().into_bytes();
            wrong[place] = if wrong[place] == b'9' { b'8' } else { b'9' };
            let found = verify(&system, &index, wrong).await.expect(StatusCode::OK).json();
            assert_eq!((&found["right"], &found["first_difference_at"]), (&false.into(), &(place + 1).into()));
        }
        for (wrong, position) in [
            (value[..value.len() - 1].to_owned(), value.len()),
            (value.clone() + "0", value.len() + 1),
            (value.clone() + "\n\n", value.len() + 1),
            (String::new(), 1),
        ] {
            let found = verify(&system, &index, wrong).await.expect(StatusCode::OK).json();
            assert_eq!((&found["right"], &found["first_difference_at"]), (&false.into(), &position.into()));
        }
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_verified_says_why() {
    let system = TestSystem::start().await;
    let request = |path: &str| Request::post(path).body(Body::from("144")).expect("a request");
    for path in ["/api/verify", "/api/verify?index="] {
        system.send(request(path)).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "index-missing");
    }
    for index in ["x", "012", "1e3", "1.0"] {
        verify(&system, index, "1").await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "index-not-integer");
    }
    let encoded = Request::post("/api/verify?index=12").header("content-encoding", "gzip").body(Body::from("144"));
    let encoded = system.send(encoded.expect("a request")).await;
    let problem = encoded.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
    assert_eq!((&problem["field"], &problem["given"]), (&"content-encoding".into(), &"gzip".into()));
}

#[tokio::test]
async fn the_index_may_have_a_thousand_digits() {
    let system = TestSystem::start().await;
    let found = verify(&system, &format!("1{}", "0".repeat(1_000)), "875").await.expect(StatusCode::OK).json();
    assert_eq!(found["right"], false);
    assert!(found["last_digits"]["expected"].as_str().expect("digits").ends_with("875"));
}
