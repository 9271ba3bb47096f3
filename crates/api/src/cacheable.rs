//! JSON that is the same at every request, with an entity tag.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, IntoResponses};

use crate::calculations::{Precondition, check_preconditions};
use crate::error::ApiError;

/// The headers of a request for cacheable JSON.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct CacheableParams {
    /// Entity tags that the client has
    #[param(rename = "if-none-match")]
    if_none_match: Option<String>,
}

/// The responses to a request for cacheable JSON, besides the JSON.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) enum CacheableResponses {
    /// Not modified
    #[response(status = 304)]
    NotModified,
    /// The answer has none of the entity tags in `If-Match`
    #[response(status = 412, content_type = "application/problem+json")]
    PreconditionFailed(#[to_schema] wire::Problem),
    /// A wrong argument, or one that takes too long: the problem says what is answered at once
    #[response(status = 422, content_type = "application/problem+json")]
    Parameter(#[to_schema] wire::Problem),
}

/// Returns the body with a weak entity tag, or the response that the preconditions of the request lead to.
///
/// It may be cached for an hour: the limits of this system may change, or members be added.
pub(crate) fn respond(headers: &HeaderMap, body: &impl Serialize) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(body).map_err(|error| ApiError::Internal(error.into()))?;
    let digest = model::Sha256(Sha256::digest(&body).into()).to_string();
    let etag = format!("\"{}\"", &digest[..32]);
    let mut response = match check_preconditions(headers, &etag) {
        Precondition::Failed => return Err(ApiError::PreconditionFailed),
        Precondition::NotModified => StatusCode::NOT_MODIFIED.into_response(),
        Precondition::Passed => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    // Weak, as the body may be sent compressed.
    if let Ok(etag) = HeaderValue::from_str(&format!("W/{etag}")) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}
