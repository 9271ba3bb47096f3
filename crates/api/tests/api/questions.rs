//! Questions that are answered at once.

use http::StatusCode;

use crate::support::TestSystem;

/// Paths and the whole answers to them.
const ANSWERS: &[(&str, &str)] = &[
    (
        "/api/sequences/lucas/100",
        r#"{"subject":"L(100)","index":"100","value":"792070839848372253127","modulus":null,"residue":null}"#,
    ),
    ("/api/sequences/lucas/-5", r#"{"subject":"L(-5)","index":"-5","value":"-11","modulus":null,"residue":null}"#),
    (
        "/api/sequences/u/10?p=3&q=-1",
        r#"{"subject":"U(3,-1,10)","index":"10","value":"42837","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/v/10?p=2&q=-1",
        r#"{"subject":"V(2,-1,10)","index":"10","value":"6726","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/u/-3?p=3&q=2&modulus=5",
        r#"{"subject":"U(3,2,-3)","index":"-3","value":null,"modulus":"5","residue":"1"}"#,
    ),
    (
        "/api/sequences/seeded/-5?a=3&b=4",
        r#"{"subject":"G(3,4,-5)","index":"-5","value":"-4","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/kbonacci/50?k=3",
        r#"{"subject":"T(3,50)","index":"50","value":"3122171529233","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/kbonacci/1000000000000000000038?k=64&modulus=2",
        r#"{"subject":"T(64,1000000000000000000038)","index":"1000000000000000000038","value":null,"modulus":"2","residue":"1"}"#,
    ),
    ("/api/polynomials/fibonacci/5", r#"{"subject":"F(5,x)","index":"5","coefficients":["1","0","3","0","1"]}"#),
    ("/api/polynomials/fibonacci/0", r#"{"subject":"F(0,x)","index":"0","coefficients":[]}"#),
    ("/api/polynomials/lucas/4", r#"{"subject":"L(4,x)","index":"4","coefficients":["2","0","4","0","1"]}"#),
];

/// Paths that are refused, and the argument that is wrong.
const REFUSED: &[(&str, &str)] = &[
    ("/api/sequences/perrin/5", "sequence"),
    ("/api/sequences/lucas/x", "n"),
    ("/api/sequences/lucas/-0", "n"),
    ("/api/sequences/lucas/007", "n"),
    ("/api/sequences/lucas/1e3", "n"),
    ("/api/sequences/lucas/10?modulus=0", "modulus"),
    ("/api/sequences/lucas/10?modulus=-7", "modulus"),
    ("/api/sequences/lucas/10?modulus=", "modulus"),
    ("/api/sequences/lucas/10?modulus=7&modulus=8", "modulus"),
    ("/api/sequences/u/10", "p"),
    ("/api/sequences/u/10?p=3", "q"),
    ("/api/sequences/u/10?p=3&q=%2B1", "q"),
    ("/api/sequences/u/-1?p=3&q=2", "n"),
    ("/api/sequences/u/-1?p=3&q=2&modulus=4", "n"),
    ("/api/sequences/seeded/1?a=1", "b"),
    ("/api/sequences/kbonacci/10", "k"),
    ("/api/sequences/kbonacci/10?k=1", "k"),
    ("/api/sequences/kbonacci/10?k=65", "k"),
    ("/api/polynomials/perrin/5", "family"),
    ("/api/polynomials/lucas/-1", "n"),
    ("/api/polynomials/lucas/2001", "n"),
];

/// Paths that are too expensive with that value of an argument, which stands for `{}`.
const TOO_EXPENSIVE: &[(&str, &str, &str)] = &[
    ("/api/sequences/lucas/{}", "1000000000000", "n"),
    ("/api/sequences/lucas/{}", "-1000000000000000000000000000000000000000000", "n"),
    ("/api/sequences/u/{}?p=1000000000&q=7", "1000000", "n"),
    ("/api/sequences/kbonacci/{}?k=64", "1000000", "n"),
];

#[tokio::test]
async fn questions_are_answered_and_nothing_is_created() {
    let system = TestSystem::start().await;
    for (path, expected) in ANSWERS {
        let answer = system.get(path).await.expect(StatusCode::OK);
        assert_eq!(answer.text, *expected, "{path}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        assert!(answer.header("etag").starts_with("W/\""));
    }
    assert_eq!((system.rows().await, system.jobs().await), (0, 0));
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_what_is_allowed() {
    let system = TestSystem::start().await;
    for (path, field) in REFUSED {
        let problem = system.get(path).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert_eq!(problem["field"], *field, "{path}");
        assert!(problem["allowed"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_refused_with_the_largest_argument_that_does_not() {
    let system = TestSystem::start().await;
    for (path, given, field) in TOO_EXPENSIVE {
        let answer = system.get(&path.replace("{}", given)).await;
        let problem = answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert_eq!(problem["field"], *field, "{path}");
        assert!(problem["detail"].as_str().expect("a detail").contains("of processor time"), "{path}");
        let allowed = problem["allowed"].as_str().expect("what is allowed");
        let largest = allowed.split_whitespace().rev().find(|word| word.parse::<u128>().is_ok()).expect("a number");
        let one_more = (largest.parse::<u128>().expect("a number") + 1).to_string();
        system.get(&path.replace("{}", largest)).await.expect(StatusCode::OK);
        system.get(&path.replace("{}", &one_more)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
}
