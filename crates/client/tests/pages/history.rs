//! The record on the first page.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::browser::Browser;
use crate::fake_api::{FakeApi, cancelled, done, done_long, evicted, failed, other, queued, running};

#[tokio::test]
async fn every_status_has_its_row() {
    let rows = [done("1", "1"), done_long("2"), evicted("3"), failed("4"), cancelled("5"), queued("6"), running("7")];
    let browser = Browser::of(&Arc::new(FakeApi::knowing(rows))).await;
    let mut shown = String::new();
    for n in 1..=7 {
        let row = browser.get(&format!("/fragments/row/{n}")).await;
        browser.get("/").await.shows(&row.body);
        shown = shown + row.text().trim() + "\n";
    }
    insta::assert_snapshot!(shown, @r"
    F(1)1Done: 1 digit · 37 ms
    F(2)195328212870…838242546875Done: 208988 digits · 37 ms
    F(3)195328212870…838242546875Done: 208988 digits · evicted
    F(4)The workers that computed it stopped before the end, several times in a row.Failed
    F(5)Not computedCancelled
    F(6)Will have 208988 digitsWaiting for its turn
    F(7)43 % about 13 s leftComputing
    ");
}

#[tokio::test]
async fn an_empty_record_says_so() {
    let page = Browser::of(&Arc::new(FakeApi::default())).await.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    page.shows("Nothing yet.");
    page.shows("<title>Abaci</title>");
}

#[tokio::test]
async fn older_pages_follow_the_cursor_and_do_not_take_new_rows() {
    let api = Arc::new(FakeApi::knowing([done("1", "1")]).with_more("c12"));
    let browser = Browser::of(&api).await;
    let first = browser.get("/").await;
    first.shows(r#"href="/?after=c12""#);
    first.shows("data-newest");
    let second = browser.get("/?after=c12").await;
    second.shows(r#"data-fragment="/fragments/history?after=c12""#);
    second.hides("data-newest");
    assert_eq!(api.calls().pop().expect("a call").what, "GET /api/calculations?limit=30&after=c12");
    let fragment = browser.get("/fragments/history?after=c12").await;
    assert!(fragment.body.starts_with(r#"<div id="history""#), "{}", fragment.body);
    second.shows(&fragment.body);
}

#[tokio::test]
async fn the_history_has_other_lists_without_scripts() {
    let api = Arc::new(FakeApi::knowing([done("1", "1")]).with_more("n-8"));
    let browser = Browser::of(&api).await;
    let asked = || api.calls().pop().expect("a call").what;
    let all = browser.get("/").await;
    all.shows("12,345</span> in all");
    all.shows(r#"<a href="/?show=largest">Largest</a>"#);
    let largest = browser.get("/?show=largest&after=n5").await;
    assert_eq!(asked(), "GET /api/calculations?limit=30&show=largest&after=n5");
    largest.shows(r#"<a id="older" href="/?show=largest&amp;after=n-8">More →</a>"#);
    largest.shows(r#"data-fragment="/fragments/history?show=largest&amp;after=n5""#);
    largest.hides("data-newest");
    browser.get("/?show=unfinished").await.shows(r#"aria-current="page">Running"#);
    assert_eq!(asked(), "GET /api/calculations?limit=30&show=unfinished");
    let found = browser.get("/?from=10%5E3").await;
    found.shows(r#"value="1000""#);
    found.shows(r#"By index, from <a href="/n/1000">F(1000)</a> on."#);
    assert_eq!(asked(), "GET /api/calculations?limit=30&show=by-index&from=1000");
    assert_eq!(browser.get("/?from=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.get("/?show=oldest").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn other_subjects_have_a_list_and_are_found() {
    let long = |subject: &str, n: &str| other(subject, done_long(n));
    let rows = [
        other("L(-7)", done("-7", "-29")),
        long("U(3,-1,8)", "8"),
        long("L(-8)", "-8"),
        long("L(-9)", "-9"),
        long("T(3,9)", "9"),
        long("P(9)", "9"),
    ];
    let api = Arc::new(FakeApi::knowing(rows));
    let browser = Browser::of(&api).await;
    let list = browser.get("/?show=others").await;
    assert_eq!(api.calls().pop().expect("a call").what, "GET /api/calculations?limit=30&show=others");
    list.shows(r#"data-newest="others""#);
    let row = browser.get("/fragments/row/L(-7)").await;
    list.shows(&row.body);
    assert_eq!(row.text(), "L(−7)-29Done: 2 digits · 37 ms");
    assert!(row.body.contains(r#"href="/n/L(-7)""#), "{}", row.body);
    let row = browser.get("/fragments/row/U(3,-1,8)").await;
    assert_eq!(row.text(), "U(3,−1,8)Done: 208988 digits · 37 ms", "its sign is unknown");
    for (subject, shown) in
        [("L(-8)", "L(−8)1953"), ("L(-9)", "L(−9)−1953"), ("T(3,9)", "T(3,9)1953"), ("P(9)", "P(9)1953")]
    {
        let text = browser.get(&format!("/fragments/row/{subject}")).await.text();
        assert!(text.starts_with(shown), "{text}");
    }
    let found = browser.get("/?from=+L(1000)+").await;
    assert_eq!((found.status, found.heading("location")), (StatusCode::SEE_OTHER, Some("/n/L(1000)")));
    browser.get("/card?index=L(1000)").await.shows(r#"<a href="/n/L(1000)">L(1000)</a>"#);
}

#[tokio::test]
async fn a_browser_lists_what_it_submitted() {
    let api = Arc::new(FakeApi::knowing([done("1", "1"), other("G(2,1,5)", done("5", "15"))]));
    let browser = Browser::of(&api).await;
    browser.get("/?show=mine").await.shows("There is none.");
    let submitted = browser.post("/", "index=10%5E3").await;
    let cookie = submitted.heading("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.starts_with("mine=1000; Path=/; "), "{cookie}");
    let submitted = browser.post("/", "index=G(2,1,5)").await;
    assert!(submitted.heading("set-cookie").expect("a cookie").starts_with("mine=G(2_1_5); "));
    let browser = browser.with("cookie", "mine=1000.G(2_1_5).-8");
    browser.get("/?show=mine").await;
    assert_eq!(api.calls().pop().expect("a call").what, "GET /api/calculations?index=1000,-8&subject=G(2,1,5)");
}

#[tokio::test]
async fn a_cursor_that_is_none_is_404() {
    let browser = Browser::of(&Arc::new(FakeApi::default())).await;
    for path in ["/?after=a%26limit%3D1", "/?after=", "/fragments/history?after=%20"] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(browser.get("/?after=c1&after=c2").await.status, StatusCode::BAD_REQUEST);
}
