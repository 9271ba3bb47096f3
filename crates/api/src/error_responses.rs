//! The error responses that several operations have in common, for the description of the API.
//!
//! Nothing returns these types: handlers return [`ApiError`](crate::error::ApiError).

use utoipa::IntoResponses;
use wire::Problem;

/// Errors of a request with a body, of any type.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(crate) enum BodyErrors {
    /// The body is malformed or incomplete
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// Sent by a page of another site
    #[response(status = 403, content_type = "application/problem+json")]
    CrossSite(Problem),
    /// The body did not arrive in time
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
}

/// Errors of a request with fields, as JSON or a form, besides [`BodyErrors`].
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(crate) enum FieldErrors {
    /// The body is too large
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is neither JSON nor a form
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
}

/// Errors of a request for one calculation.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(crate) enum CalculationErrors {
    /// Never submitted
    #[response(status = 404, content_type = "application/problem+json")]
    NeverSubmitted(Problem),
    /// Neither an index nor a subject
    #[response(status = 422, content_type = "application/problem+json")]
    NotAnIndex(Problem),
}

/// Errors of a request that only reads the store.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(crate) enum StoreErrors {
    /// The store does not answer; see `Retry-After`
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
