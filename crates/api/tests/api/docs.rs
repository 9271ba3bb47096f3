//! The description of the API.

use http::StatusCode;

use crate::support::TestSystem;

#[tokio::test]
async fn the_description_is_served_as_json_and_as_a_page() {
    let system = TestSystem::start().await;
    let description = system.get("/api/openapi.json").await.expect(StatusCode::OK).json();
    assert!(description["openapi"].as_str().expect("a version").starts_with("3."));
    assert!(description["components"]["schemas"]["Calculation"]["properties"]["sha256"].is_object());
    assert!(description["components"]["schemas"]["Problem"].is_object());
    let page = system.get("/api/docs").await.expect(StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text.contains("GET /api/calculations/{index}/value"));
    assert!(page.text.contains(r##"<a href="#get-calculations-index-value">"##));
    assert!(page.text.contains(r#"<section id="get-calculations-index-value">"#));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "nothing is loaded from elsewhere");
}
