//! Everything that is not a success: one enum, one place where it becomes an answer.
//!
//! What the caller can act on is sent as a problem document (RFC 9457). Internal text is logged here,
//! once, under the request's id, and never sent.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::{Index, Status};
use server::CrossSiteError;
use store::StoreError;
use wire::{Problem, ProblemKind, Shortened};

/// The cause below, kept for the log and never sent out.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a request is not answered with a success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// 422: no index in the request.
    #[error("no index")]
    IndexMissing,
    /// 422: not the canonical spelling of an integer.
    #[error("{given} is not an index")]
    IndexNotInteger { given: Shortened, meant: Option<Index>, max_index: u64 },
    /// 422: an integer beyond the limits.
    #[error("{given} is out of range")]
    IndexOutOfRange { given: Shortened, max_index: u64 },
    /// 422: no worker or no disk of this system could hold the value.
    #[error("{needed_bytes} bytes are needed, {allowed_bytes} allowed")]
    TooLargeToFit { given: Index, needed_bytes: u64, allowed_bytes: u64 },
    /// 422: a parameter that cannot be served.
    #[error("{field} is wrong")]
    Parameter { field: &'static str, given: Shortened, allowed: String },
    /// 416: the value has no such bytes.
    #[error("beyond {size_bytes} bytes")]
    RangeNotSatisfiable { size_bytes: u64 },
    /// 413.
    #[error("body above {allowed_bytes} bytes")]
    BodyTooLarge { allowed_bytes: usize },
    /// 400: neither JSON nor a form, or both meanings at once.
    #[error("body malformed: {reason}")]
    BodyMalformed { reason: &'static str },
    /// 408: the body did not arrive in time.
    #[error("body too slow")]
    BodyTooSlow,
    /// 415.
    #[error("media type")]
    MediaType { given: Option<Shortened> },
    /// 404: never asked for.
    #[error("F({0}) was never asked for")]
    NeverAsked(Index),
    /// 404: no such path.
    #[error("no such path")]
    NoSuchPath,
    /// 405: the router adds `Allow`.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// 409: the value cannot be read now.
    #[error("the value is not ready: {0}")]
    ValueNotReady(Status),
    /// 409: the value made room for others, or was lost; asking again computes it again.
    #[error("the value is gone until it is asked for again")]
    ValueGone(Status),
    /// 409: finished, or too cheap to be withdrawn.
    #[error("cannot be withdrawn: {0}")]
    NotWithdrawable(Status),
    /// 403: no token, or not one of this calculation's.
    #[error("not this calculation's token")]
    Forbidden,
    /// 403: sent by a page of another site.
    #[error(transparent)]
    CrossSite(#[from] CrossSiteError),
    /// 429 with `Retry-After`.
    #[error("too much work asked for")]
    TooManyRequests { retry_after: Duration },
    /// 503 with `Retry-After`: as much waits as may; nothing was stored.
    #[error("the queue is full at {allowed}")]
    QueueFull { allowed: u64 },
    /// 503 with `Retry-After`: the disk is full; nothing was stored.
    #[error("no room is left")]
    NoRoom(#[source] BoxError),
    /// 503 with `Retry-After`: the record is out of reach; nothing was stored.
    #[error("out of reach")]
    Unavailable(#[source] BoxError),
    /// 500: a bug. The body carries only the request's id.
    #[error("a bug")]
    Internal(#[source] BoxError),
}

/// What is known of an occurrence besides its kind.
#[derive(Default)]
struct Facts {
    detail: Option<String>,
    field: Option<&'static str>,
    given: Option<String>,
    allowed: Option<String>,
    calculation_status: Option<Status>,
    retry_after: Option<Duration>,
}

impl ApiError {
    const fn kind(&self) -> (StatusCode, ProblemKind) {
        match self {
            Self::IndexMissing => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::IndexMissing),
            Self::IndexNotInteger { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::IndexNotInteger),
            Self::IndexOutOfRange { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::IndexOutOfRange),
            Self::TooLargeToFit { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::TooLargeToFit),
            Self::Parameter { .. } => (StatusCode::UNPROCESSABLE_ENTITY, ProblemKind::Parameter),
            Self::RangeNotSatisfiable { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, ProblemKind::Parameter),
            Self::BodyTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, ProblemKind::BodyTooLarge),
            Self::BodyMalformed { .. } => (StatusCode::BAD_REQUEST, ProblemKind::BodyMalformed),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, ProblemKind::BodyMalformed),
            Self::MediaType { .. } => (StatusCode::UNSUPPORTED_MEDIA_TYPE, ProblemKind::MediaType),
            Self::NeverAsked(_) | Self::NoSuchPath => (StatusCode::NOT_FOUND, ProblemKind::NotFound),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, ProblemKind::MethodNotAllowed),
            Self::ValueNotReady(_) | Self::ValueGone(_) => (StatusCode::CONFLICT, ProblemKind::ValueNotReady),
            Self::NotWithdrawable(_) => (StatusCode::CONFLICT, ProblemKind::Conflict),
            Self::Forbidden => (StatusCode::FORBIDDEN, ProblemKind::Forbidden),
            Self::CrossSite(_) => (StatusCode::FORBIDDEN, ProblemKind::CrossSite),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, ProblemKind::TooManyRequests),
            Self::QueueFull { .. } => (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::QueueFull),
            Self::NoRoom(_) => (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::TooLargeToFit),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, ProblemKind::Unavailable),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, ProblemKind::Internal),
        }
    }

    fn facts(&self) -> Facts {
        let facts = Facts::default();
        let said = |detail: &str| Some(detail.to_owned());
        match self {
            Self::IndexMissing => {
                Facts { detail: said("Give the n of F(n) in the field “index”."), field: Some("index"), ..facts }
            }
            Self::IndexNotInteger { given, meant, max_index } => Facts {
                detail: meant.map(|meant| format!("Did you mean {meant}?")),
                field: Some("index"),
                given: Some(given.to_string()),
                allowed: Some(format!("a whole number in plain digits, {}", range(*max_index))),
                ..facts
            },
            Self::IndexOutOfRange { given, max_index } => Facts {
                field: Some("index"),
                given: Some(given.to_string()),
                allowed: Some(range(*max_index)),
                ..facts
            },
            Self::TooLargeToFit { given, needed_bytes, allowed_bytes } => Facts {
                detail: Some(format!("It needs {needed_bytes} bytes; this system has {allowed_bytes} for one value.")),
                field: Some("index"),
                given: Some(given.to_string()),
                ..facts
            },
            Self::Parameter { field, given, allowed } => {
                Facts { field: Some(field), given: Some(given.to_string()), allowed: Some(allowed.clone()), ..facts }
            }
            Self::RangeNotSatisfiable { size_bytes } => {
                Facts { field: Some("range"), allowed: Some(format!("within {size_bytes} bytes")), ..facts }
            }
            Self::BodyTooLarge { allowed_bytes } => {
                Facts { allowed: Some(format!("up to {allowed_bytes} bytes")), ..facts }
            }
            Self::BodyMalformed { reason } => Facts { detail: said(reason), ..facts },
            Self::BodyTooSlow => Facts { detail: said("The body did not arrive in time."), ..facts },
            Self::MediaType { given } => Facts {
                field: Some("content-type"),
                given: given.as_ref().map(ToString::to_string),
                allowed: said("application/json, application/x-www-form-urlencoded"),
                ..facts
            },
            Self::NeverAsked(index) => Facts { detail: Some(format!("F({index}) was never asked for.")), ..facts },
            Self::ValueNotReady(status) => Facts { calculation_status: Some(*status), ..facts },
            Self::ValueGone(status) => Facts {
                detail: said("The value is no longer kept. Ask again and it is computed again."),
                calculation_status: Some(*status),
                ..facts
            },
            Self::NotWithdrawable(status) => Facts {
                detail: said("Only dear work that is not finished can be withdrawn."),
                calculation_status: Some(*status),
                ..facts
            },
            Self::CrossSite(error) => Facts { detail: said(&error.to_string()), ..facts },
            Self::Forbidden => Facts { field: Some("ask"), ..facts },
            Self::TooManyRequests { retry_after } => Facts { retry_after: Some(*retry_after), ..facts },
            Self::QueueFull { allowed } => Facts {
                detail: said("Nothing was stored."),
                allowed: Some(allowed.to_string()),
                retry_after: Some(Duration::from_secs(5)),
                ..facts
            },
            Self::NoRoom(_) => Facts {
                detail: said("No room is left; nothing was stored."),
                retry_after: Some(Duration::from_secs(60)),
                ..facts
            },
            Self::Unavailable(_) => {
                Facts { detail: said("Nothing was stored."), retry_after: Some(Duration::from_secs(1)), ..facts }
            }
            Self::NoSuchPath | Self::MethodNotAllowed | Self::Internal(_) => facts,
        }
    }

    fn log(&self) {
        let cause = |cause: &BoxError| {
            let mut text = cause.to_string();
            let mut below = cause.source();
            while let Some(error) = below {
                text.push_str(": ");
                text.push_str(&error.to_string());
                below = error.source();
            }
            text
        };
        match self {
            Self::NoRoom(error) | Self::Unavailable(error) => {
                tracing::warn!(error = cause(error), "a request found a part of the system unavailable");
            }
            Self::Internal(error) => tracing::error!(error = cause(error), "a request failed by a bug"),
            _ => tracing::debug!(reason = %self, "a request was refused"),
        }
    }
}

fn range(max_index: u64) -> String {
    format!("-{max_index} to {max_index}")
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(source) => Self::Unavailable(source),
            StoreError::QueueFull { allowed } => Self::QueueFull { allowed },
            StoreError::Full(source) => Self::NoRoom(source),
            StoreError::Corrupt(source) => Self::Internal(source),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let (status, kind) = self.kind();
        let facts = self.facts();
        let problem = Problem {
            kind,
            title: kind.title().to_owned(),
            status: status.as_u16(),
            detail: facts.detail,
            field: facts.field.map(str::to_owned),
            given: facts.given,
            allowed: facts.allowed,
            calculation_status: facts.calculation_status.map(|status| status.as_str().to_owned()),
            request_id: server::current_request_id(),
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(retry_after) = facts.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(retry_after)));
        }
        if let Self::RangeNotSatisfiable { size_bytes } = self
            && let Ok(extent) = HeaderValue::from_str(&format!("bytes */{size_bytes}"))
        {
            headers.insert(header::CONTENT_RANGE, extent);
        }
        response
    }
}

/// Rounded up: whoever comes back after it comes late enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)).max(1)
}
