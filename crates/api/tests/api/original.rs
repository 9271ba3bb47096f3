//! The routes that the page of the original calculator works on.

use http::StatusCode;

use crate::support::{TestSystem, form, json};

#[tokio::test]
async fn the_original_page_gets_what_it_expects() {
    let system = TestSystem::start().await;
    for n in [7, 1] {
        let answer = system.send(json("/api/values", format!(r#"{{"index":"{n}"}}"#))).await;
        assert_eq!(answer.expect(StatusCode::OK).text, r#"{"working":true}"#);
    }
    assert!(system.work_one().await);
    assert_eq!(system.get("/api/values/all").await.text, r#"[{"number":1},{"number":7}]"#);
    let current = system.get("/api/values/current").await.expect(StatusCode::OK);
    assert_eq!(current.text, r#"{"1":"Nothing yet!","7":"13"}"#);
    assert!(!current.headers.contains_key("abaci-complete"));
    assert_eq!(system.send(json("/api/values", r#"{"index":7}"#)).await.text, r#"{"working":true}"#);
    assert_eq!(system.rows().await, 2);
}

#[tokio::test]
async fn an_empty_store_is_an_empty_response() {
    let system = TestSystem::start().await;
    assert_eq!(system.get("/api/values/all").await.text, "[]");
    assert_eq!(system.get("/api/values/current").await.text, "{}");
}

#[tokio::test]
async fn too_high_an_index_is_refused_with_the_original_text() {
    let system = TestSystem::start().await;
    for index in ["1000000001", "99999999999999999999"] {
        let answer = system.send(form("/api/values", format!("index={index}"))).await;
        assert_eq!(answer.expect(StatusCode::UNPROCESSABLE_ENTITY).text, "Index too high");
    }
    for index in ["\"\"", "\"abc\"", "null", "[5,6]", "\"1e1\""] {
        let answer = system.send(json("/api/values", format!(r#"{{"index":{index}}}"#))).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{index}");
    }
    assert_eq!(system.rows().await, 0);
}

#[tokio::test]
async fn values_above_a_thousand_digits_are_left_out_with_a_header() {
    let system = TestSystem::start().await;
    // The last with a thousand digits and the first with more.
    system.compute(4_786).await;
    let current = system.get("/api/values/current").await;
    assert_eq!(current.json()["4786"].as_str().map(str::len), Some(1_000));
    assert!(!current.headers.contains_key("abaci-complete"));
    system.compute(4_787).await;
    let current = system.get("/api/values/current").await;
    assert_eq!(current.header("abaci-complete"), "false");
    assert_eq!(current.json().as_object().map(serde_json::Map::len), Some(1));
}
