//! The API error type and its conversion to an HTTP response.
//!
//! A problem document (RFC 9457) tells the caller what to do. Internal text is logged here, once, with the request id,
//! and never sent.

use std::borrow::Cow;
use std::time::Duration;

use answers::TooExpensive;
use axum::BoxError;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{AskToken, Index, Status, Subject};
use server::{CrossSiteError, ShareError};
use store::StoreError;
use wire::{Problem, ProblemKind, Shortened};

use crate::limits::range;

/// `Retry-After` when too many requests are in progress.
const SHARE_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// 422: no index in the request.
    #[error("no index")]
    IndexMissing,
    /// 422: not the canonical text of an integer.
    #[error("{given} is not an index")]
    IndexNotInteger { given: Shortened, meant: Option<Index>, allowed: String },
    /// 422: an integer beyond the limits.
    #[error("{given} is out of range")]
    IndexOutOfRange { given: Shortened, allowed: String },
    /// 422: no worker or no disk of this system can hold the value.
    #[error("{given} needs {needed_bytes} bytes, {allowed_bytes} are allowed")]
    TooLargeToFit { given: Subject, needed_bytes: u64, allowed_bytes: u64, max_index: u64 },
    /// 422: an invalid query parameter.
    #[error("invalid {field}")]
    Parameter { field: &'static str, given: Shortened, allowed: String },
    /// 422: a question that takes too long to be answered at once.
    #[error(transparent)]
    TooExpensive(#[from] TooExpensive),
    /// An error of one element or line of a batch; nothing was stored.
    #[error("{place}: {error}")]
    Place {
        place: String,
        #[source]
        error: Box<ApiError>,
    },
    /// 422: more indexes or more work than a batch may have; nothing was stored.
    #[error("a batch of {given}, {allowed} allowed")]
    BatchTooLarge { given: String, allowed: String },
    /// 416: the value has no such bytes.
    #[error("range beyond {size_bytes} bytes")]
    RangeNotSatisfiable { size_bytes: u64 },
    /// 413.
    #[error("body above {allowed_bytes} bytes")]
    BodyTooLarge { allowed_bytes: usize },
    /// 400: neither JSON nor a form, or ambiguous.
    #[error("malformed body: {reason}")]
    BodyMalformed { reason: &'static str },
    /// 408: the body did not arrive in time.
    #[error("body too slow")]
    BodyTooSlow,
    /// 415.
    #[error("unsupported media type")]
    MediaType { given: Option<Shortened> },
    /// 404: never submitted.
    #[error("{0} was never submitted")]
    NeverSubmitted(Subject),
    /// 404: no such path.
    #[error("no such path")]
    NoSuchPath,
    /// 405: the router adds `Allow`.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 409: the calculation has no value, or not yet.
    #[error("no value while {0}")]
    ValueNotReady(Status),
    /// 409: the value was evicted or lost; submitting the index computes it again.
    #[error("the value was evicted or lost")]
    ValueGone(Status),
    /// 409: finished, or too short to be withdrawn.
    #[error("cannot withdraw while {0}")]
    NotWithdrawable(Status),
    /// 403: no token, or not one of this calculation's.
    #[error("missing or wrong token")]
    Forbidden,
    /// 403: sent by a page of another site.
    #[error(transparent)]
    CrossSite(#[from] CrossSiteError),
    /// 429 with `Retry-After`.
    #[error("too much work requested")]
    TooManyRequests { retry_after: Duration },
    /// 429 or 503 with `Retry-After`: too many requests of a kind are in progress.
    #[error("too many {0} in progress: {1}")]
    ShareTaken(&'static str, #[source] ShareError),
    /// 503 with `Retry-After`: new work would wait longer than allowed; nothing was stored.
    #[error("too much work is queued")]
    BacklogFull { retry_after: Duration },
    /// 503 with `Retry-After`: the queue is at its limit; nothing was stored.
    #[error("the queue is full at {allowed}")]
    QueueFull { allowed: u64 },
    /// 503 with `Retry-After`: the disk is full; nothing was stored.
    #[error("the disk is full")]
    DiskFull(#[source] BoxError),
    /// 406: the client excludes every encoding that can be sent.
    #[error("no acceptable encoding")]
    NotAcceptable,
    /// 412: `If-Match` names another representation.
    #[error("precondition failed")]
    PreconditionFailed,
    /// 503 with `Retry-After`: the store did not confirm a submission. It may have been stored; then the token
    /// withdraws it.
    #[error("unconfirmed submission")]
    Unconfirmed {
        token: Option<AskToken>,
        #[source]
        source: BoxError,
    },
    /// 503 with `Retry-After`: the store did not answer.
    #[error("unavailable")]
    Unavailable(#[source] BoxError),
    /// 500: a bug. The response carries only the request id.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

/// The members of a problem besides its kind.
#[derive(Default)]
struct ProblemDetails {
    detail: Option<String>,
    field: Option<Cow<'static, str>>,
    given: Option<String>,
    allowed: Option<String>,
    subject: Option<String>,
    calculation_status: Option<Status>,
    retry_after: Option<Duration>,
}

impl ApiError {
    /// Returns the error with the element or line of a batch that it is about.
    pub(crate) fn at(self, place: String) -> Self {
        Self::Place { place, error: Box::new(self) }
    }

    fn kind(&self) -> (StatusCode, ProblemKind) {
        match self {
            Self::Place { error, .. } => error.kind(),
            Self::BatchTooLarge { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::BatchTooLarge),
            Self::IndexMissing => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::IndexMissing),
            Self::IndexNotInteger { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::IndexNotInteger),
            Self::IndexOutOfRange { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::IndexOutOfRange),
            Self::TooLargeToFit { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::TooLargeToFit),
            Self::Parameter { .. } | Self::TooExpensive(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::Parameter)
            }
            Self::RangeNotSatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, ProblemKind::Parameter),
            Self::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, ProblemKind::BodyTooLarge),
            Self::BodyMalformed { .. } => (StatusCode::BAD_REQUEST, ProblemKind::BodyMalformed),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, ProblemKind::BodyMalformed),
            Self::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, ProblemKind::MediaType),
            Self::NeverSubmitted(_) | Self::NoSuchPath => (StatusCode::NOT_FOUND, ProblemKind::NotFound),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, ProblemKind::MethodNotAllowed),
            Self::ValueNotReady(_) | Self::ValueGone(_) => (StatusCode::CONFLICT, ProblemKind::ValueNotReady),
            Self::NotWithdrawable(_) => (StatusCode::CONFLICT, ProblemKind::Conflict),
            Self::Forbidden => (StatusCode::FORBIDDEN, ProblemKind::Forbidden),
            Self::CrossSite(_) => (StatusCode::FORBIDDEN, ProblemKind::CrossSite),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemKind::TooManyRequests),
            Self::ShareTaken(_, ShareError::Address { .. }) => {
                (StatusCode::TOO_MANY_REQUESTS, ProblemKind::TooManyRequests)
            }
            Self::ShareTaken(_, ShareError::Total { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Unavailable)
            }
            Self::BacklogFull { .. } | Self::QueueFull { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::QueueFull)
            }
            Self::DiskFull(_) => (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::TooLargeToFit),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, ProblemKind::NotAcceptable),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, ProblemKind::PreconditionFailed),
            Self::Unconfirmed { .. } | Self::Unavailable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Unavailable)
            }
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, ProblemKind::Internal),
        }
    }

    fn details(&self) -> ProblemDetails {
        let mut problem = ProblemDetails::default();
        match self {
            Self::Place { place, error } => {
                problem = error.details();
                problem.field = Some(place.clone().into());
            }
            Self::BatchTooLarge { given, allowed } => {
                problem.detail = Some("Nothing was stored.".to_owned());
                problem.field = Some("indexes".into());
                problem.given = Some(given.clone());
                problem.allowed = Some(allowed.clone());
            }
            Self::IndexMissing => {
                problem.detail = Some("Give the n of F(n) in the field “index”.".to_owned());
                problem.field = Some("index".into());
            }
            Self::IndexNotInteger { given, meant, allowed } => {
                problem.detail = meant.map(|meant| format!("Did you mean {meant}?"));
                problem.field = Some("index".into());
                problem.given = Some(given.to_string());
                problem.allowed = Some(format!("a whole number in plain digits, {allowed}"));
            }
            Self::IndexOutOfRange { given, allowed } => {
                problem.field = Some("index".into());
                problem.given = Some(given.to_string());
                problem.allowed = Some(allowed.clone());
            }
            Self::TooLargeToFit { given, needed_bytes, allowed_bytes, max_index } => {
                problem.allowed = Some(range(*max_index));
                problem.detail =
                    Some(format!("It needs {needed_bytes} bytes; this system has {allowed_bytes} for one value."));
                problem.field = Some("index".into());
                problem.given = Some(given.argument());
            }
            Self::Parameter { field, given, allowed } => {
                problem.field = Some((*field).into());
                problem.given = Some(given.to_string());
                problem.allowed = Some(allowed.clone());
            }
            Self::TooExpensive(error) => {
                problem.detail = Some(error.detail());
                problem.field = Some(error.size.argument.into());
                problem.given = Some(error.given());
                problem.allowed = Some(error.allowed());
                problem.subject = error.calculation.as_ref().map(ToString::to_string);
            }
            Self::RangeNotSatisfiable { size_bytes } => {
                problem.field = Some("range".into());
                problem.allowed = Some(format!("within {size_bytes} bytes"));
            }
            Self::BodyTooLarge { allowed_bytes } => problem.allowed = Some(format!("up to {allowed_bytes} bytes")),
            Self::BodyMalformed { reason } => problem.detail = Some((*reason).to_owned()),
            Self::BodyTooSlow => problem.detail = Some("The body did not arrive in time.".to_owned()),
            Self::MediaType { given } => {
                problem.field = Some("content-type".into());
                problem.given = given.as_ref().map(ToString::to_string);
                problem.allowed = Some("application/json, application/x-www-form-urlencoded".to_owned());
            }
            Self::NeverSubmitted(subject) => problem.detail = Some(format!("{subject} was never submitted.")),
            Self::ValueNotReady(status) => problem.calculation_status = Some(*status),
            Self::ValueGone(status) => {
                problem.detail =
                    Some("The value is no longer stored. Submit the index to compute it again.".to_owned());
                problem.calculation_status = Some(*status);
            }
            Self::NotWithdrawable(status) => {
                problem.detail =
                    Some("Only work above half a second that is not finished can be withdrawn.".to_owned());
                problem.calculation_status = Some(*status);
            }
            Self::Forbidden => problem.field = Some("ask".into()),
            Self::CrossSite(error) => problem.detail = Some(error.to_string()),
            Self::TooManyRequests { retry_after } => {
                problem.detail =
                    Some("This address has asked for as much work as it may; nothing was stored.".to_owned());
                problem.retry_after = Some(*retry_after);
            }
            Self::ShareTaken(what, error) => {
                let (ShareError::Address { limit } | ShareError::Total { limit }) = error;
                problem.detail = Some(format!("Too many {what} in progress: {error}."));
                problem.allowed = Some(limit.to_string());
                problem.retry_after = Some(SHARE_RETRY_AFTER);
            }
            Self::BacklogFull { retry_after } => {
                problem.detail = Some("New work would have to wait too long; nothing was stored.".to_owned());
                problem.retry_after = Some(*retry_after);
            }
            Self::QueueFull { allowed } => {
                problem.detail = Some("Nothing was stored.".to_owned());
                problem.allowed = Some(allowed.to_string());
                problem.retry_after = Some(Duration::from_secs(5));
            }
            Self::DiskFull(_) => {
                problem.detail = Some("The disk is full; nothing was stored.".to_owned());
                problem.retry_after = Some(Duration::from_secs(60));
            }
            Self::Unconfirmed { .. } => {
                problem.detail = Some(
                    "The store did not confirm it: it may have been stored. Submitting it again is safe.".to_owned(),
                );
                problem.retry_after = Some(Duration::from_secs(1));
            }
            Self::NotAcceptable => {
                problem.field = Some("accept-encoding".into());
                problem.allowed = Some("identity, gzip".to_owned());
            }
            Self::Unavailable(_) => {
                problem.detail = Some("The store does not answer. Try again.".to_owned());
                problem.retry_after = Some(Duration::from_secs(1));
            }
            Self::PreconditionFailed | Self::NoSuchPath | Self::MethodNotAllowed | Self::Internal(_) => {}
        }
        problem
    }

    fn log(&self) {
        match self {
            Self::DiskFull(error) | Self::Unavailable(error) | Self::Unconfirmed { source: error, .. } => {
                tracing::warn!(error = with_sources(error), "a request failed: part of the system is unavailable");
            }
            Self::Place { error, .. } => error.log(),
            Self::Internal(error) => tracing::error!(error = with_sources(error), "a request failed: internal error"),
            _ => tracing::debug!(reason = %self, "a request was refused"),
        }
    }
}

fn with_sources(error: &BoxError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::QueueFull { allowed } => Self::QueueFull { allowed },
            StoreError::Full(source) => Self::DiskFull(source),
            StoreError::Corrupt(source) => Self::Internal(source),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let (status, kind) = self.kind();
        let details = self.details();
        let problem = Problem {
            detail: details.detail,
            field: details.field.map(Cow::into_owned),
            given: details.given,
            allowed: details.allowed,
            subject: details.subject,
            calculation_status: details.calculation_status.map(|status| status.as_str().to_owned()),
            request_id: server::current_request_id(),
            ..Problem::new(kind, status.as_u16())
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(retry_after) = details.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(retry_after)));
        }
        if let Self::Unconfirmed { token: Some(token), .. } = &self
            && let Ok(token) = HeaderValue::from_str(&token.to_string())
        {
            headers.insert(HeaderName::from_static(wire::ASK_HEADER), token);
        }
        if let Self::RangeNotSatisfiable { size_bytes } = self
            && let Ok(extent) = HeaderValue::from_str(&format!("bytes */{size_bytes}"))
        {
            headers.insert(header::CONTENT_RANGE, extent);
        }
        response
    }
}

/// Rounds up, so that a retry after this time is not too early.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}
