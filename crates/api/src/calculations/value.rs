//! `GET /api/calculations/{index}/value`

use std::io;
use std::net::IpAddr;
use std::ops::Range;

use async_compression::Level;
use async_compression::tokio::bufread::GzipEncoder;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use model::{Calculation, Status, Subject, Value};
use server::Share;
use store::{ValueError, ValueReader};
use tokio_util::io::{ReaderStream, StreamReader};

use super::range::{Precondition, RequestedRange, check_preconditions, requested_range};
use super::submission::recover_lost_value;
use super::submit::insert;
use crate::error::ApiError;
use crate::error_responses::CalculationErrors;
use crate::extract::QueryParams;
use crate::limits::{ClientIp, PathSubject, SubjectParam};
use crate::state::ApiState;

/// The digits of a subject never change.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Compressed bytes sent at a time: compressing them takes about a millisecond, in which nothing else runs on the thread.
const COMPRESSED_BYTES: usize = 16 << 10;

/// `GET /api/calculations/{index}/value` returns the exact digits, with a leading `-` if the value is negative, and
/// without a newline.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}/value",
    tag = "calculations",
    params(
        SubjectParam,
        ("download" = Option<String>, Query, description = "If present: offer to save the value as a file"),
        ("range" = Option<String>, Header, description = "One range of bytes; several are answered with the whole value"),
        ("if-range" = Option<String>, Header, description = "The ETag that the range belongs to"),
        ("if-match" = Option<String>, Header, description = "ETags of which the value must have one"),
        ("if-none-match" = Option<String>, Header, description = "ETags that the client has"),
    ),
    responses(
        (status = 200, description = "The digits", body = String, content_type = "text/plain", headers(
            ("etag" = String, description = "The SHA-256 of the text"),
        )),
        (status = 206, description = "A range of the digits", body = String, content_type = "text/plain"),
        (status = 304, description = "Not modified"),
        CalculationErrors,
        (status = 409, description = "There is no value now; `calculation_status` says why", body = wire::Problem, content_type = "application/problem+json"),
        (status = 412, description = "The value has none of the ETags in `If-Match`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 416, description = "The value has no such bytes", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "This address reads too many long values at a time; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The value cannot be read at the moment; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn value(
    State(state): State<ApiState>,
    PathSubject(subject): PathSubject,
    ClientIp(address): ClientIp,
    query: QueryParams,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let is_download = query.one("download")?.is_some();
    let calculation = state.find(&subject).await?.ok_or(ApiError::NeverSubmitted(subject))?;
    let share = take_share(&state, &calculation, address, &method)?;
    let reader = open(&state, &calculation).await?;
    state.usage.add_read(&calculation.subject);

    let etag = format!("\"{}\"", reader.sha256);
    let size_bytes = reader.size_bytes;
    let mut response = match check_preconditions(&headers, &etag) {
        Precondition::Failed => return Err(ApiError::PreconditionFailed),
        Precondition::NotModified => StatusCode::NOT_MODIFIED.into_response(),
        Precondition::Passed => {
            // Ranges are defined for GET only.
            let requested = if method == Method::GET {
                requested_range(&headers, &etag, size_bytes)
            } else {
                RequestedRange::Whole
            };
            let (status, range) = match requested {
                RequestedRange::Whole => (StatusCode::OK, 0..size_bytes),
                RequestedRange::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
                RequestedRange::NotSatisfiable => return Err(ApiError::RangeNotSatisfiable { size_bytes }),
            };
            let body = if method == Method::HEAD {
                Body::empty()
            } else {
                Body::from_stream(blocks(&state, &calculation, &reader, range.clone(), share))
            };
            let mut response = (status, body).into_response();
            let head = response.headers_mut();
            head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            head.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            if status == StatusCode::PARTIAL_CONTENT {
                let extent = format!("bytes {}-{}/{size_bytes}", range.start, range.end.saturating_sub(1));
                insert(head, header::CONTENT_RANGE, &extent);
            }
            response
        }
    };
    let head = response.headers_mut();
    head.insert(header::CACHE_CONTROL, IMMUTABLE);
    head.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    insert(head, header::ETAG, &etag);
    if is_download {
        let disposition = format!("attachment; filename=\"{}.txt\"", calculation.subject);
        insert(head, header::CONTENT_DISPOSITION, &disposition);
    }
    Ok(response)
}

/// `GET /api/calculations/{index}/value.gz` returns the same, compressed to about half. It has no ranges.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}/value.gz",
    tag = "calculations",
    params(
        SubjectParam,
        ("if-match" = Option<String>, Header, description = "ETags of which the value must have one"),
        ("if-none-match" = Option<String>, Header, description = "ETags that the client has"),
    ),
    responses(
        (status = 200, description = "The digits as gzip", body = Vec<u8>, content_type = "application/gzip", headers(
            ("etag" = String, description = "The SHA-256 of the digits, and `.gz`"),
        )),
        (status = 304, description = "Not modified"),
        CalculationErrors,
        (status = 409, description = "There is no value now; `calculation_status` says why", body = wire::Problem, content_type = "application/problem+json"),
        (status = 412, description = "The value has none of the ETags in `If-Match`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 429, description = "This address reads too many long values at a time; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "The value cannot be read at the moment; see `Retry-After`", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn compressed_value(
    State(state): State<ApiState>,
    PathSubject(subject): PathSubject,
    ClientIp(address): ClientIp,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let calculation = state.find(&subject).await?.ok_or(ApiError::NeverSubmitted(subject))?;
    let share = take_share(&state, &calculation, address, &method)?;
    let reader = open(&state, &calculation).await?;
    state.usage.add_read(&calculation.subject);
    let etag = format!("\"{}.gz\"", reader.sha256);
    let mut response = match check_preconditions(&headers, &etag) {
        Precondition::Failed => return Err(ApiError::PreconditionFailed),
        Precondition::NotModified => StatusCode::NOT_MODIFIED.into_response(),
        Precondition::Passed if method == Method::HEAD => Body::empty().into_response(),
        Precondition::Passed => {
            let blocks = blocks(&state, &calculation, &reader, 0..reader.size_bytes, share);
            let digits = StreamReader::new(Box::pin(blocks.map_err(io::Error::other)));
            // Digits repeat nothing, so looking for more repetitions saves nothing.
            let compressed = GzipEncoder::with_quality(digits, Level::Fastest);
            Body::from_stream(ReaderStream::with_capacity(compressed, COMPRESSED_BYTES)).into_response()
        }
    };
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    head.insert(header::CACHE_CONTROL, IMMUTABLE);
    insert(head, header::ETAG, &etag);
    insert(head, header::CONTENT_DISPOSITION, &format!("attachment; filename=\"{}.txt.gz\"", calculation.subject));
    Ok(response)
}

/// Takes the share of an address for a long value that is sent.
fn take_share(
    state: &ApiState,
    calculation: &Calculation,
    address: IpAddr,
    method: &Method,
) -> Result<Option<Share>, ApiError> {
    let is_long = calculation.digits > Value::INLINE_BYTES;
    if is_long && method == Method::GET { Ok(Some(state.open_value(address)?)) } else { Ok(None) }
}

/// Opens the value, or says why it cannot be read.
pub(super) async fn open(state: &ApiState, calculation: &Calculation) -> Result<ValueReader, ApiError> {
    match state.ports.values.open(calculation).await {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) if calculation.status() == Status::Done => {
            // The cached calculation may be older than an eviction.
            state.cache_remove(&calculation.subject).await;
            Err(ApiError::ValueGone(calculation.status()))
        }
        Ok(None) => Err(ApiError::ValueNotReady(calculation.status())),
        Err(error) => Err(unreadable(state, calculation, error).await),
    }
}

/// Returns why a value cannot be read. A lost one is computed again.
pub(super) async fn unreadable(state: &ApiState, calculation: &Calculation, error: ValueError) -> ApiError {
    match error {
        ValueError::Lost(queued) => {
            recover(state, &calculation.subject, queued.as_deref()).await;
            ApiError::ValueGone(queued.map_or(calculation.status(), |queued| queued.status()))
        }
        ValueError::Corrupt(_) => ApiError::Internal(error.into()),
        ValueError::Unavailable(_) | ValueError::Full(_) => ApiError::Unavailable(error.into()),
    }
}

/// Reads a range block by block, as fast as the client takes it.
fn blocks(
    state: &ApiState,
    calculation: &Calculation,
    reader: &ValueReader,
    range: Range<u64>,
    share: Option<Share>,
) -> impl Stream<Item = Result<Bytes, ValueError>> + use<> {
    let (state, subject) = (state.clone(), calculation.subject.clone());
    reader.read(range).then(move |block| {
        // The share is taken until the stream is dropped.
        let _share = &share;
        let (state, subject) = (state.clone(), subject.clone());
        async move {
            if let Err(ValueError::Lost(queued)) = &block {
                // The status is already sent. The connection is closed before the stated length; what was sent is
                // right.
                recover(&state, &subject, queued.as_deref()).await;
            }
            block
        }
    })
}

async fn recover(state: &ApiState, subject: &Subject, queued: Option<&Calculation>) {
    state.cache_remove(subject).await;
    recover_lost_value(state, queued).await;
}
