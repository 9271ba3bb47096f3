//! Pages and API on one address.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use wire::{Problem, ProblemKind};

use crate::backends::DirectoryWatch;

/// Routes `/api` and everything below it to the API, everything else to the pages; each has its own 404.
pub(crate) fn combine(api: Router, pages: Router) -> Router {
    Router::new().fallback(async move |request: Request| {
        let path = request.uri().path();
        let router = if path == "/api" || path.starts_with("/api/") { api } else { pages };
        router.oneshot(request).await
    })
}

/// Refuses every request that changes something while the data directory is not the one that is open.
pub(crate) fn refuse_changes_without(directory: Arc<DirectoryWatch>, api: Router) -> Router {
    api.layer(from_fn(move |request: Request, next: Next| {
        let directory = directory.clone();
        async move {
            if request.method().is_safe() {
                return next.run(request).await;
            }
            if directory.check().is_err() {
                return directory_gone("Nothing was stored.");
            }
            let response = next.run(request).await;
            // It may have been removed meanwhile, and an accepted calculation would be lost with the process.
            match directory.check() {
                Err(_) if response.status().is_success() => directory_gone("The change may be lost."),
                _ => response,
            }
        }
    }))
}

fn directory_gone(detail: &str) -> Response {
    let (status, kind) = (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Unavailable);
    let problem = Problem {
        detail: Some(format!("The data directory is gone. {detail}")),
        request_id: server::current_request_id(),
        ..Problem::new(kind, status.as_u16())
    };
    let mut response = (status, axum::Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::RETRY_AFTER, HeaderValue::from(10));
    response
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
