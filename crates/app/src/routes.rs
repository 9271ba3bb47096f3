//! Page and API on one address.

use axum::Router;
use axum::extract::Request;
use tower::ServiceExt;

/// `/api` and all below it by the API, everything else by the pages; each with its own way to say 404.
pub(crate) fn together(api: Router, pages: Router) -> Router {
    Router::new().fallback(async move |request: Request| {
        let path = request.uri().path();
        let router = if path == "/api" || path.starts_with("/api/") { api } else { pages };
        router.oneshot(request).await
    })
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn the_api_answers_below_its_path_and_the_pages_everywhere_else() {
        let answering = |text: &'static str| Router::new().fallback(get(async move || text));
        let routes = together(answering("api"), answering("pages"));
        for (path, who) in
            [("/api", "api"), ("/api/calculations", "api"), ("/", "pages"), ("/apiary", "pages"), ("/n/api/", "pages")]
        {
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            let answer = routes.clone().oneshot(request).await.expect("an answer");
            let body = to_bytes(answer.into_body(), 100).await.expect("text");
            assert_eq!(body, who, "{path}");
        }
    }
}
