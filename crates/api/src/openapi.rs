//! `GET /api/openapi.json`: the api's own description, generated from the code.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use utoipa::OpenApi;

/// Everything the router serves.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Abaci",
        description = "A Fibonacci calculator: ask for F(n), watch it being computed, read its exact digits.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    paths(
        crate::submit::submit,
        crate::list::list,
        crate::calculation::calculation,
        crate::value::value,
        crate::withdraw::withdraw,
        crate::events::events,
        crate::number::number,
        crate::system::system,
        crate::original::all,
        crate::original::current,
        crate::original::submit,
        openapi,
        crate::docs::docs,
    ),
    components(schemas(wire::ProgressEvent)),
    tags(
        (name = "calculations", description = "Ask, look, read, withdraw"),
        (name = "numbers", description = "Facts about a number without computing it"),
        (name = "events", description = "Watch"),
        (name = "system", description = "How the system is"),
        (name = "original", description = "The routes of the calculator this one was made after"),
        (name = "description", description = "This description"),
    ),
)]
pub(crate) struct Description;

/// `GET /api/openapi.json` describes this API in OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "description",
    responses((status = 200, description = "The description", body = serde_json::Value))
)]
pub(crate) async fn openapi() -> Response {
    static WRITTEN: OnceLock<Bytes> = OnceLock::new();
    // A structure of texts can always be written as JSON.
    let written = WRITTEN.get_or_init(|| serde_json::to_vec(&Description::openapi()).unwrap_or_default().into());
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=300")], written.clone())
        .into_response()
}
