//! The description of the API: `/api/openapi.json` for programs; `/api/docs` and `/api/problems` for people.

mod examples;
mod operations;
mod page;
mod problems;
mod words;

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use utoipa::openapi::OpenApi;
use wire::{Problem, ProblemKind};

use self::examples::ANY_HOST;
use crate::error::ApiError;

/// The pages take the style and the face of the other pages.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The two documents about all operations, rendered once.
#[derive(Clone)]
pub(crate) struct Documents {
    json: Bytes,
    html: Arc<str>,
}

impl Documents {
    pub(crate) fn render(description: &OpenApi) -> Self {
        // A structure of texts can always be written as JSON.
        let mut value = serde_json::to_value(description).unwrap_or_default();
        remove_null_from_headers(&mut value);
        Self { json: value.to_string().into(), html: operations::render(&value).into_string().into() }
    }
}

/// Removes `null` from the types of optional header parameters. utoipa adds it, but a header is there or not.
fn remove_null_from_headers(description: &mut Value) {
    let paths = description["paths"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut);
    let operations = paths.filter_map(Value::as_object_mut).flat_map(serde_json::Map::values_mut);
    let parameters = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut()).flatten();
    for parameter in parameters.filter(|parameter| parameter["in"] == "header") {
        if let Some(types) = parameter["schema"]["type"].as_array_mut() {
            types.retain(|kind| kind != "null");
        }
    }
}

/// `GET /api/openapi.json` returns the description of this API in OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "description",
    responses((status = 200, description = "The description", body = serde_json::Value))
)]
pub(crate) async fn openapi(Extension(documents): Extension<Documents>) -> Response {
    document("application/json", documents.json)
}

/// `GET /api/docs` returns the description of this API as a page, with commands that call this server.
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "description",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn docs(Extension(documents): Extension<Documents>, headers: HeaderMap) -> Response {
    html(&documents.html, &headers)
}

/// `GET /api/problems` returns a page that lists the kinds of problems.
#[utoipa::path(
    get,
    path = "/api/problems",
    tag = "description",
    responses((status = 200, description = "The page", body = String, content_type = "text/html"))
)]
pub(crate) async fn problems(headers: HeaderMap) -> Response {
    html(&problems::list().into_string(), &headers)
}

/// `GET /api/problems/{kind}` returns a page about one kind of problem: what it means, when it happens, what to do. Also
/// at the whole `type`, as in `/api/problems/urn:abaci:problem:not-found`.
#[utoipa::path(
    get,
    path = "/api/problems/{kind}",
    tag = "description",
    params(("kind" = String, Path, description = "The `type` of the problem, or its last part")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such kind", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn problem(Path(kind): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let kind = ProblemKind::from_name(&kind).ok_or(ApiError::NoSuchPath)?;
    Ok(html(&problems::page_of(kind).into_string(), &headers))
}

/// Returns a page with the host of the request in its commands.
fn html(page: &str, headers: &HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // Letters that stand in no host must not get into the page.
    let host = host.filter(|host| host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b)));
    let mut response = document("text/html; charset=utf-8", page.replace(ANY_HOST, host.unwrap_or(ANY_HOST)).into());
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

fn document(content_type: &'static str, body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=300")], body).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_optional_header_is_not_null() {
        let parameter = |place: &str| json!({"in": place, "schema": {"type": ["string", "null"]}});
        let mut description =
            json!({"paths": {"/a": {"get": {"parameters": [parameter("header"), parameter("query")]}}}});
        remove_null_from_headers(&mut description);
        let types = ["0", "1"].map(|at| description.pointer(&format!("/paths/~1a/get/parameters/{at}/schema/type")));
        assert_eq!(types, [Some(&json!(["string"])), Some(&json!(["string", "null"]))]);
    }
}
