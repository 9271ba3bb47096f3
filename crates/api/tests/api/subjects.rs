//! Calculations of other subjects than F(n).

use api::ApiConfig;
use http::{Request, StatusCode};
use http_body_util::BodyExt;

use crate::events::started;
use crate::support::{TestSystem, form, json};

fn submission(subject: &str) -> Request<axum::body::Body> {
    json("/api/calculations", format!(r#"{{"subject":"{subject}"}}"#))
}

#[tokio::test]
async fn a_submitted_subject_becomes_a_value_at_its_own_address() {
    let system = TestSystem::start().await;
    for (subject, value) in [
        ("L(100)", "792070839848372253127"),
        ("U(3,-1,10)", "42837"),
        ("V(2,-1,10)", "6726"),
        ("G(3,4,-5)", "-4"),
        ("T(3,50)", "3122171529233"),
        ("P(1000)", "1500"),
        ("A(1000)", "750"),
        ("Phi(9)", "1618033988"),
    ] {
        let path = format!("/api/calculations/{subject}");
        system.get(&path).await.expect_problem(StatusCode::NOT_FOUND, "not-found");
        let answer = system.send(submission(subject)).await.expect(StatusCode::ACCEPTED);
        assert_eq!(answer.header("location"), path);
        assert_eq!(answer.json()["subject"], subject);
        assert!(system.work_one().await);
        let known = system.send(form("/api/calculations", format!("subject={subject}"))).await.expect(StatusCode::OK);
        assert_eq!(known.json()["value"], value);
        assert_eq!(known.json()["links"]["self"], path);
        assert_eq!(known.json()["links"]["page"], format!("/n/{subject}"));
        assert_eq!(system.get(&path).await.expect(StatusCode::OK).json()["status"], "done");
        assert_eq!(system.get(&format!("{path}/value")).await.expect(StatusCode::OK).text, value);
        let digits = &value[value.len() - 1..];
        let found = system.get(&format!("{path}/value/find?digits={digits}")).await.expect(StatusCode::OK);
        assert_eq!(found.json()["subject"], subject);
        let counted = system.get(&format!("{path}/value/digits")).await.expect(StatusCode::OK).json();
        assert_eq!(counted["subject"], subject);
        let sum: u32 = value.chars().filter_map(|digit| digit.to_digit(10)).sum();
        assert_eq!(counted["sum"], sum);
    }
    let lucas = system.get("/api/calculations/L(100)").await.json();
    assert_eq!(lucas["index"], "100");
    let residues = lucas["residues"].as_array().expect("residues");
    assert_eq!(residues.len(), 3);
    // 792070839848372253127 modulo 2^61 − 1
    assert_eq!(residues[0]["residue"], "1166687688075227934");
}

#[tokio::test]
async fn a_fibonacci_number_is_the_same_by_index_and_by_subject() {
    let system = TestSystem::start().await;
    let answer = system.send(submission("F(-8)")).await.expect(StatusCode::ACCEPTED);
    assert_eq!(answer.header("location"), "/api/calculations/-8");
    assert!(system.work_one().await);
    system.submit(-8).await.expect(StatusCode::OK);
    assert_eq!(system.get("/api/calculations/F(-8)/value").await.text, "-21");
    assert_eq!(system.rows().await, 1);
}

#[tokio::test]
async fn other_subjects_are_listed_apart_except_while_they_are_unfinished() {
    let system = TestSystem::start().await;
    system.submit(5).await.expect(StatusCode::ACCEPTED);
    for subject in ["L(5)", "U(3,-1,5)", "G(2,1,5)"] {
        system.send(submission(subject)).await.expect(StatusCode::ACCEPTED);
    }
    let subjects = async |query: &str| {
        let list = system.get(&format!("/api/calculations{query}")).await.expect(StatusCode::OK).json();
        let items = list["items"].as_array().expect("items").iter().map(|item| item["subject"].to_string());
        (items.collect::<Vec<_>>().join(" "), list["next"].as_str().unwrap_or_default().to_owned())
    };
    for query in ["", "?show=largest", "?show=by-index", "?index=5", "?subject=F(5)"] {
        assert_eq!(subjects(query).await.0, r#""F(5)""#, "{query}");
    }
    assert_eq!(subjects("?index=5,6&subject=U(3,-1,5)&subject=L(6)").await.0, r#""U(3,-1,5)" "F(5)""#);
    let (first, next) = subjects("?show=others&limit=2").await;
    assert_eq!(first, r#""G(2,1,5)" "U(3,-1,5)""#);
    assert_eq!(subjects(&format!("?show=others&limit=2&after={next}")).await.0, r#""L(5)""#);
    let unfinished = subjects("?show=unfinished").await.0;
    assert_eq!(unfinished, r#""G(2,1,5)" "U(3,-1,5)" "L(5)" "F(5)""#);
    for (show, total) in [("newest", 1), ("others", 3), ("unfinished", 4)] {
        assert_eq!(system.get(&format!("/api/calculations?show={show}")).await.json()["total"], total, "{show}");
    }
    assert_eq!(system.get("/api/values/all").await.text, r#"[{"number":5}]"#);
}

#[tokio::test]
async fn what_is_not_a_subject_within_the_limits_is_refused() {
    let config = ApiConfig { max_index: 1_000, ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    for text in ["", "5", "L", "L(05)", "L(5) ", "T(65,5)", "P(0)", "U(3,5)", "U(3,2,-5)", "G(9223372036854775808,1,5)"]
    {
        let problem = system.send(submission(text)).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
        assert_eq!(problem.json()["field"], "subject", "{text}");
        assert!(problem.json()["allowed"].is_string(), "{text}");
    }
    let large = system.send(submission("L(1001)")).await;
    let large = large.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "index-out-of-range");
    assert_eq!((&large.json()["given"], &large.json()["allowed"]), (&"1001".into(), &"-1000 to 1000".into()));
    let large = system.send(submission("P(340282366920938463463374607431768211456)")).await;
    let large = large.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
    assert_eq!(large.json()["allowed"], "a modulus from 1 to 340282366920938463463374607431768211455 in plain digits");
    let both = system.post_json(r#"{"index":"5","subject":"L(5)"}"#).await;
    both.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
    for path in ["L(05)", "X(5)", "U(3,2,-5)/value"] {
        let problem = system.get(&format!("/api/calculations/{path}")).await;
        problem.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
    }
    assert_eq!(system.jobs().await, 0);
}

#[tokio::test]
async fn a_question_that_is_too_expensive_names_the_calculation_that_answers_it() {
    let system = TestSystem::start().await;
    for (path, subject) in [
        ("/api/sequences/lucas/100000000", "L(100000000)"),
        ("/api/sequences/u/-90000000?p=3&q=-1", "U(3,-1,-90000000)"),
        ("/api/sequences/seeded/100000000?a=2&b=1", "G(2,1,100000000)"),
        ("/api/sequences/kbonacci/100000000?k=3", "T(3,100000000)"),
        ("/api/phi?places=100000000", "Phi(100000000)"),
        ("/api/ratios/500000005?places=100000000", "Phi(100000000)"),
        ("/api/digits/100000000", "F(100000000)"),
        ("/api/moduli/340282366920938463463374607431768211455", "P(340282366920938463463374607431768211455)"),
    ] {
        let refused = system.get(path).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert_eq!(refused["subject"], subject);
        assert!(refused["detail"].as_str().expect("a detail").contains(subject), "{refused}");
        system.send(submission(subject)).await.expect(StatusCode::ACCEPTED);
    }
    // What has no calculation, or one beyond the limits of the service, names none.
    for path in [
        "/api/ratios/500000004?places=100000000",
        "/api/sequences/lucas/1000000001",
        "/api/divisors/340282366920938463463374607431768211455",
    ] {
        assert!(system.get(path).await.expect(StatusCode::UNPROCESSABLE_ENTITY).json()["subject"].is_null(), "{path}");
    }
}

#[tokio::test]
async fn a_subject_that_fits_no_worker_is_refused_with_the_largest_index_that_does() {
    let config = ApiConfig { worker_memory_bytes: Some(1 << 20), ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    let refused = system.send(submission("U(1000,-1,100000000)")).await;
    let refused = refused.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "too-large-to-fit").json();
    let allowed = refused["allowed"].as_str().expect("allowed").rsplit(' ').next().expect("a number").to_owned();
    let fitting = format!("U(1000,-1,{allowed})");
    system.send(submission(&fitting)).await.expect(StatusCode::ACCEPTED);
}

#[tokio::test]
async fn long_work_is_withdrawn_with_its_token() {
    let system = TestSystem::start().await;
    let answer = system.send(submission("L(900000000)")).await.expect(StatusCode::ACCEPTED);
    let request = |token: &str| {
        let request = Request::delete("/api/calculations/L(900000000)").header("abaci-ask", token);
        request.body(axum::body::Body::empty()).expect("a request")
    };
    system.send(request(&"0".repeat(32))).await.expect_problem(StatusCode::FORBIDDEN, "forbidden");
    let cancelled = system.send(request(answer.header("abaci-ask"))).await.expect(StatusCode::OK);
    assert_eq!(cancelled.json()["status"], "cancelled");
}

#[tokio::test]
async fn only_streams_that_name_other_subjects_receive_their_events() {
    let system = started().await;
    let stream = async |query: &str| {
        let request = Request::get(format!("/api/events{query}")).body(axum::body::Body::empty()).expect("a request");
        let mut body = system.answer(request).await.into_body();
        // The position, before which nothing is missed.
        body.frame().await.expect("a frame").expect("no error");
        body
    };
    let (mut all, mut named) = (stream("").await, stream("?subject=L(5)&subject=U(3,-1,5)&index=7").await);
    for subject in ["L(5)", "G(2,1,5)", "F(6)", "U(3,-1,5)"] {
        system.send(submission(subject)).await.expect(StatusCode::ACCEPTED);
    }
    let next = async |body: &mut axum::body::Body| {
        let frame = body.frame().await.expect("a frame").expect("no error").into_data().expect("data");
        String::from_utf8(frame.into()).expect("text")
    };
    assert!(next(&mut all).await.contains(r#""subject":"F(6)""#));
    assert!(next(&mut named).await.contains(r#""subject":"L(5)""#));
    assert!(next(&mut named).await.contains(r#""subject":"U(3,-1,5)""#));
    system.get("/api/events?subject=L(05)").await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter");
}

#[tokio::test]
async fn what_a_calculation_would_take_is_known_before_it_is_submitted() {
    let config = ApiConfig { max_index: 1_000_000, ..ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    for (subject, name, digits) in
        [("1000", "F(1000)", 209), ("L(1000000)", "L(1000000)", 208_988), ("Phi(1000)", "Phi(1000)", 1_001)]
    {
        let estimate = system.get(&format!("/api/estimates/{subject}")).await.expect(StatusCode::OK).json();
        assert_eq!((&estimate["subject"], &estimate["digits"]), (&name.into(), &digits.into()));
        assert!(estimate["estimated_ms"].is_u64() && estimate["estimated_memory_bytes"].is_u64(), "{estimate}");
    }
    for (subject, kind) in [("L(1000001)", "index-out-of-range"), ("L(x)", "parameter")] {
        let refused = system.get(&format!("/api/estimates/{subject}")).await;
        refused.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, kind);
    }
    assert_eq!(system.rows().await, 0);
}
