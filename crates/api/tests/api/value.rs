//! Values: whole, in ranges, conditional, and missing.

use std::io::Read;
use std::sync::Arc;

use axum::body::Body;
use flate2::read::GzDecoder;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use store::{Store, StoredValue};

use crate::support::{TestResponse, TestSystem, subject};

async fn read(system: &TestSystem, n: i64, headers: &[(&str, &str)]) -> TestResponse {
    let mut request = Request::get(format!("/api/calculations/{n}/value"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    system.send(request.body(Body::empty()).expect("a request")).await
}

fn digits(n: i64) -> String {
    fibonacci::nth(n).expect("it fits").to_string()
}

#[tokio::test]
async fn a_value_is_read_exactly_whatever_its_size() {
    let system = TestSystem::start().await;
    // In the JSON, inline in the store, and as an object of more than one block.
    for n in [0, -8, 1_000, 50_000, -50_000, 6_000_000] {
        system.compute(n).await;
        let answer = read(&system, n, &[]).await.expect(StatusCode::OK);
        assert!(answer.text == digits(n), "F({n})");
        assert_eq!(answer.header("content-length"), answer.text.len().to_string());
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert!(!answer.headers.contains_key("content-disposition"));
        let calculation = system.get(&format!("/api/calculations/{n}")).await.json();
        assert_eq!(answer.header("etag"), calculation["sha256"].to_string());
    }
}

#[tokio::test]
async fn a_value_is_read_compressed() {
    let system = TestSystem::start().await;
    for n in [0, -8, 1_000, -50_000, 6_000_000] {
        system.compute(n).await;
        let address = format!("/api/calculations/{n}/value.gz");
        let answer = system.get(&address).await.expect(StatusCode::OK);
        let mut text = String::new();
        GzDecoder::new(&answer.body[..]).read_to_string(&mut text).expect("a valid stream");
        assert!(text == digits(n), "F({n})");
        assert_eq!(answer.header("content-type"), "application/gzip");
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"F({n}).txt.gz\""));
        let etag = answer.header("etag").to_owned();
        assert_ne!(etag, read(&system, n, &[]).await.header("etag"));
        let request = Request::get(&address).header("if-none-match", &etag).body(Body::empty()).expect("a request");
        assert_eq!(system.send(request).await.status, StatusCode::NOT_MODIFIED);
    }
    system.get("/api/calculations/7/value.gz").await.expect_problem(StatusCode::NOT_FOUND, "not-found");
}

#[tokio::test]
async fn ranges_give_the_bytes_they_name() {
    let system = TestSystem::start().await;
    system.compute(6_000_000).await;
    let whole = digits(6_000_000);
    let length = whole.len();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=1048570-1048590", 1_048_570, 1_048_591),
        ("bytes=-20", length - 20, length),
        ("bytes=1250000-", 1_250_000, length),
    ] {
        let answer = read(&system, 6_000_000, &[("range", range)]).await.expect(StatusCode::PARTIAL_CONTENT);
        assert!(answer.text == whole[from..to], "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{}/{length}", to - 1));
        assert_eq!(answer.header("content-length"), (to - from).to_string());
    }
    let answer = read(&system, 6_000_000, &[("range", "bytes=0-1,5-6")]).await.expect(StatusCode::OK);
    assert_eq!(answer.text.len(), length);
    let answer = read(&system, 6_000_000, &[("range", "bytes=99999999-")]).await;
    let answer = answer.expect_problem(StatusCode::RANGE_NOT_SATISFIABLE, "parameter");
    assert_eq!(answer.header("content-range"), format!("bytes */{length}"));
}

#[tokio::test]
async fn a_matching_etag_is_answered_304_and_another_with_the_value() {
    let system = TestSystem::start().await;
    system.compute(1_000).await;
    let etag = read(&system, 1_000, &[]).await.header("etag").to_owned();
    let answer = read(&system, 1_000, &[("if-none-match", &format!("\"x\", {etag}"))]).await;
    assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
    assert_eq!(answer.text, "");
    assert_eq!(answer.header("etag"), etag);
    read(&system, 1_000, &[("if-none-match", "\"x\"")]).await.expect(StatusCode::OK);
    let part = read(&system, 1_000, &[("range", "bytes=0-1"), ("if-range", &etag)]).await;
    assert_eq!(part.expect(StatusCode::PARTIAL_CONTENT).text, "43");
    let whole = read(&system, 1_000, &[("range", "bytes=0-1"), ("if-range", "\"x\"")]).await;
    assert_eq!(whole.expect(StatusCode::OK).text.len(), 209);
}

#[tokio::test]
async fn head_returns_the_length_without_a_body() {
    let system = TestSystem::start().await;
    system.compute(6_000_000).await;
    let request = Request::builder().method(Method::HEAD).uri("/api/calculations/6000000/value");
    let answer = system.send(request.body(Body::empty()).expect("a request")).await.expect(StatusCode::OK);
    assert_eq!(answer.text, "");
    assert_eq!(answer.header("content-length"), digits(6_000_000).len().to_string());
    assert_eq!(answer.header("accept-ranges"), "bytes");
}

#[tokio::test]
async fn a_download_is_named_after_its_subject() {
    let system = TestSystem::start().await;
    system.compute(1_000).await;
    let answer = system.get("/api/calculations/1000/value?download").await.expect(StatusCode::OK);
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"F(1000).txt\"");
}

#[tokio::test]
async fn a_value_that_is_not_ready_is_answered_with_the_status() {
    let system = TestSystem::start().await;
    let token = system.submit(900_000_000).await.header("abaci-ask").parse().expect("a token");
    let problem = read(&system, 900_000_000, &[]).await.expect_problem(StatusCode::CONFLICT, "value-not-ready");
    assert_eq!(problem.json()["calculation_status"], "queued");
    let now = model::Clock::now(&*system.clock);
    system.store.withdraw(&subject(900_000_000), &token, now).await.expect("the store answers");
    let problem = read(&system, 900_000_000, &[]).await.expect_problem(StatusCode::CONFLICT, "value-not-ready");
    assert_eq!(problem.json()["calculation_status"], "cancelled");
}

fn object(system: &TestSystem) -> std::path::PathBuf {
    let folder = system.directory.path().join("values/v1/F(6000000)");
    let mut files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "txt")).expect("an object")
}

#[tokio::test]
async fn an_evicted_value_is_not_served_and_is_computed_again_when_submitted() {
    let system = TestSystem::start().await;
    system.compute(6_000_000).await;
    let calculation = system.store.find(&subject(6_000_000)).await.expect("the store answers").expect("a row");
    let value = calculation.value().expect("a value");
    let evicted = StoredValue { subject: subject(6_000_000), sha256: value.sha256, size_bytes: value.size_bytes };
    system.store.mark_evicted(&evicted).await.expect("the store answers");
    system.ports.cache.remove(&subject(6_000_000)).await.expect("the cache answers");

    let problem = read(&system, 6_000_000, &[]).await.expect_problem(StatusCode::CONFLICT, "value-not-ready");
    assert_eq!(problem.json()["calculation_status"], "done");
    system.compute(6_000_000).await;
    assert!(read(&system, 6_000_000, &[]).await.expect(StatusCode::OK).text == digits(6_000_000));
}

#[tokio::test]
async fn a_missing_object_is_computed_again() {
    let system = TestSystem::start().await;
    system.compute(6_000_000).await;
    std::fs::remove_file(object(&system)).expect("a file to remove");
    let problem = read(&system, 6_000_000, &[]).await.expect_problem(StatusCode::CONFLICT, "value-not-ready");
    assert_eq!(problem.json()["calculation_status"], "queued");
    assert_eq!(system.jobs().await, 1);
    assert!(system.work_one().await);
    assert!(read(&system, 6_000_000, &[]).await.expect(StatusCode::OK).text == digits(6_000_000));
}

#[tokio::test]
async fn a_damaged_block_is_never_sent_and_the_value_is_computed_again() {
    let system = TestSystem::start().await;
    system.compute(6_000_000).await;
    let path = object(&system);
    let mut text = std::fs::read(&path).expect("a file");
    text[1_200_000] ^= 1;
    std::fs::write(&path, &text).expect("a file");
    let request = Request::get("/api/calculations/6000000/value").body(Body::empty()).expect("a request");
    let body = system.answer(request).await.into_body();
    assert!(body.collect().await.is_err(), "the body ends before its stated length");
    assert_eq!(system.jobs().await, 1);
    read(&system, 6_000_000, &[]).await.expect_problem(StatusCode::CONFLICT, "value-not-ready");
    // Computing it again must replace the damaged file.
    assert!(system.work_one().await);
    assert!(read(&system, 6_000_000, &[]).await.expect(StatusCode::OK).text == digits(6_000_000));
}

#[tokio::test]
async fn many_readers_of_a_large_value_hold_one_block_each() {
    let system = Arc::new(TestSystem::start().await);
    system.compute(20_000_000).await;
    let readers: Vec<_> = (0..10)
        .map(|_| {
            let system = Arc::clone(&system);
            tokio::spawn(async move {
                let request = Request::get("/api/calculations/20000000/value").body(Body::empty()).expect("a request");
                let mut body = system.answer(request).await.into_body();
                let (mut length, mut largest) = (0, 0);
                while let Some(frame) = body.frame().await {
                    let piece = frame.expect("a frame").into_data().expect("data");
                    length += piece.len();
                    largest = largest.max(piece.len());
                }
                (length, largest)
            })
        })
        .collect();
    for reader in readers {
        let (length, largest) = reader.await.expect("no panic");
        assert_eq!(length, 4_179_753);
        assert!(largest <= 1 << 20, "{largest}");
    }
}

#[tokio::test]
async fn an_address_has_a_share_of_the_readers_of_long_values() {
    let config = api::ApiConfig { value_readers: (8, 2), ..api::ApiConfig::default() };
    let system = TestSystem::with_config(config).await;
    system.compute(1_000_000).await;
    let open = async |range: &str| {
        let request = Request::get("/api/calculations/1000000/value").header("range", range);
        system.answer(request.body(Body::empty()).expect("a request")).await
    };
    let held = [open("bytes=0-").await, open("bytes=0-0").await];
    let refused = read(&system, 1_000_000, &[]).await;
    refused.expect_problem(StatusCode::TOO_MANY_REQUESTS, "too-many-requests");
    drop(held);
    read(&system, 1_000_000, &[]).await.expect(StatusCode::OK);
}
