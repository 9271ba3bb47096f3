//! Pages and API on one address.

use axum::Router;
use axum::extract::Request;
use tower::ServiceExt;

/// Routes `/api` and everything below it to the API, everything else to the pages; each has its own 404.
pub(crate) fn combine(api: Router, pages: Router) -> Router {
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
    async fn the_api_serves_its_path_and_the_pages_everything_else() {
        let service = |text: &'static str| Router::new().fallback(get(async move || text));
        let routes = combine(service("api"), service("pages"));
        for (path, expected) in
            [("/api", "api"), ("/api/calculations", "api"), ("/", "pages"), ("/apiary", "pages"), ("/n/api/", "pages")]
        {
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            let response = routes.clone().oneshot(request).await.expect("a response");
            let body = to_bytes(response.into_body(), 100).await.expect("text");
            assert_eq!(body, expected, "{path}");
        }
    }
}
