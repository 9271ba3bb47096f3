//! The description of the API.

use http::StatusCode;
use wire::ProblemKind;

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
    assert!(page.text.contains("<h2>GET /api/calculations/{index}/value</h2>"));
    assert!(page.text.contains(r##"<a href="#get-calculations-index-value">"##));
    assert!(page.text.contains(r#"<section id="get-calculations-index-value">"#));
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "nothing is loaded from elsewhere");
    assert!(page.text.contains("<pre class=\"command\">curl localhost:3050/api/calculations/1000/value</pre>"));
}

#[tokio::test]
async fn every_problem_names_a_page_that_explains_it() {
    let system = TestSystem::start().await;
    let problem = system.get("/api/calculations/999").await.expect(StatusCode::NOT_FOUND).json();
    let page = system.get(problem["help"].as_str().expect("an address")).await.expect(StatusCode::OK);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for part in ["<h1>Not found</h1>", "What it means", "When it happens", "What to do", "Example"] {
        assert!(page.text.contains(part), "{part}");
    }
    let list = system.get("/api/problems").await.expect(StatusCode::OK);
    for kind in ProblemKind::ALL {
        let address = format!("/api/problems/{}", kind.name());
        assert!(list.text.contains(&format!("href=\"{address}\"")));
        let page = system.get(&address).await.expect(StatusCode::OK);
        assert!(page.text.contains(kind.title()));
    }
    let whole = system.get("/api/problems/urn:abaci:problem:not-found").await.expect(StatusCode::OK);
    assert_eq!(whole.text, page.text);
    system.get("/api/problems/nonsense").await.expect(StatusCode::NOT_FOUND);
}
