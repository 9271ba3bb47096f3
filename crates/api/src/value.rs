//! `GET /api/calculations/{index}/value`

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use model::{Calculation, Status};
use store::{ValueError, ValueReader};

use crate::admit::PathIndex;
use crate::ask;
use crate::error::ApiError;
use crate::query::Query;
use crate::state::ApiState;

/// `GET /api/calculations/{index}/value` gives the exact digits, with a leading `-` if the value is
/// negative, and without a newline.
#[utoipa::path(
    get,
    path = "/api/calculations/{index}/value",
    tag = "calculations",
    params(
        ("index" = String, Path, description = "The n of F(n)"),
        ("download" = Option<bool>, Query, description = "Given at all: offer to save the value as a file"),
        ("range" = Option<String>, Header, description = "One range of bytes; several are answered with the whole"),
        ("if-range" = Option<String>, Header, description = "The ETag for which the range is meant"),
        ("if-none-match" = Option<String>, Header, description = "ETags that are known"),
    ),
    responses(
        (status = 200, description = "The digits", body = String, content_type = "text/plain", headers(
            ("etag" = String, description = "The SHA-256 of the text"),
        )),
        (status = 206, description = "A range of the digits", body = String, content_type = "text/plain"),
        (status = 304, description = "Not changed; it never does"),
        (status = 404, description = "Never asked for", body = wire::Problem, content_type = "application/problem+json"),
        (status = 409, description = "The value cannot be read now; `calculation_status` tells why", body = wire::Problem, content_type = "application/problem+json"),
        (status = 416, description = "There are no such bytes", body = wire::Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not an index", body = wire::Problem, content_type = "application/problem+json"),
        (status = 503, description = "Values are out of reach", body = wire::Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn value(
    State(state): State<ApiState>,
    PathIndex(index): PathIndex,
    query: Query,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let calculation = state.find(index).await?.ok_or(ApiError::NeverAsked(index))?;
    let reader = open(&state, &calculation).await?;
    state.tally.read(&calculation.subject);

    let etag = format!("\"{}\"", reader.sha256);
    let mut response = if is_known(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match requested(&headers, &etag, reader.size_bytes) {
            Requested::Whole => whole(&state, &calculation, &reader, &method),
            Requested::Part(range) => part(&state, &calculation, &reader, &method, range),
            Requested::Nothing => return Err(ApiError::RangeNotSatisfiable { size_bytes: reader.size_bytes }),
        }
    };
    let answered = response.headers_mut();
    // The text of a subject never changes, so a copy of it is good for ever.
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answered.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    insert(answered, header::ETAG, &etag);
    if query.one("download")?.is_some() {
        let name = format!("attachment; filename=\"{}.txt\"", calculation.subject);
        insert(answered, header::CONTENT_DISPOSITION, &name);
    }
    Ok(response)
}

/// Opens the value, or tells why it cannot be read now.
async fn open(state: &ApiState, calculation: &Calculation) -> Result<ValueReader, ApiError> {
    match state.ports.values.open(calculation).await {
        Ok(Some(reader)) => Ok(reader),
        Ok(None) if calculation.status() == Status::Done => {
            // What the cache says may be older than an eviction.
            state.forget(&calculation.subject).await;
            Err(ApiError::ValueGone(calculation.status()))
        }
        Ok(None) => Err(ApiError::ValueNotReady(calculation.status())),
        Err(ValueError::Lost(queued)) => {
            state.forget(&calculation.subject).await;
            ask::recover(state, queued.as_deref()).await;
            Err(ApiError::ValueGone(queued.map_or(calculation.status(), |queued| queued.status())))
        }
        Err(error @ ValueError::Corrupt(_)) => Err(ApiError::Internal(error.into())),
        Err(error) => Err(ApiError::Unavailable(error.into())),
    }
}

fn whole(state: &ApiState, calculation: &Calculation, reader: &ValueReader, method: &Method) -> Response {
    let length = reader.size_bytes;
    let mut response = stream(state, calculation, reader, method, 0..length).into_response();
    describe(response.headers_mut(), length);
    response
}

fn part(
    state: &ApiState,
    calculation: &Calculation,
    reader: &ValueReader,
    method: &Method,
    range: Range<u64>,
) -> Response {
    let extent = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), reader.size_bytes);
    let length = range.end - range.start;
    let body = stream(state, calculation, reader, method, range);
    let mut response = (StatusCode::PARTIAL_CONTENT, body).into_response();
    describe(response.headers_mut(), length);
    insert(response.headers_mut(), header::CONTENT_RANGE, &extent);
    response
}

fn describe(headers: &mut HeaderMap, length: u64) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}

/// The bytes of a range, one block at a time, as fast as the reader takes them.
fn stream(
    state: &ApiState,
    calculation: &Calculation,
    reader: &ValueReader,
    method: &Method,
    range: Range<u64>,
) -> Body {
    if method == Method::HEAD {
        return Body::empty();
    }
    let (state, subject) = (state.clone(), calculation.subject.clone());
    Body::from_stream(reader.read(range).then(move |piece| {
        let (state, subject) = (state.clone(), subject.clone());
        async move {
            if let Err(ValueError::Lost(queued)) = &piece {
                // Too late for a status. The connection is cut before the stated length, and what was sent is right.
                state.forget(&subject).await;
                ask::recover(&state, queued.as_deref()).await;
            }
            piece
        }
    }))
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, text: &str) {
    // Every text put here is of printable ASCII, which a header can carry.
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = given.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[derive(Debug, PartialEq)]
enum Requested {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// What a `Range` header asks for. One that is not understood, asks for several ranges or is meant for
/// another text is as good as none (RFC 9110, 14.2).
fn requested(headers: &HeaderMap, etag: &str, size_bytes: u64) -> Requested {
    if headers.get(header::IF_RANGE).is_some_and(|tag| tag != etag) {
        return Requested::Whole;
    }
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| range.trim().strip_prefix("bytes=")?.split_once('-')) else {
        return Requested::Whole;
    };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().unwrap_or(u64::MAX));
    let (Some(from), Some(to)) = (number(first.trim()), number(last.trim())) else { return Requested::Whole };
    let range = match (first.trim().is_empty(), last.trim().is_empty()) {
        (true, true) => return Requested::Whole,
        (true, false) => size_bytes.saturating_sub(to)..size_bytes,
        (false, true) => from..size_bytes,
        (false, false) if from > to => return Requested::Whole,
        (false, false) => from..to.saturating_add(1).min(size_bytes),
    };
    if range.start < range.end { Requested::Part(range) } else { Requested::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &'static str) -> Requested {
        requested(&HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(text))]), "\"a\"", 100)
    }

    #[test]
    fn a_single_range_is_served() {
        assert_eq!(range("bytes=0-9"), Requested::Part(0..10));
        assert_eq!(range("bytes=90-"), Requested::Part(90..100));
        assert_eq!(range("bytes=-1"), Requested::Part(99..100));
        assert_eq!(range("bytes=-1000"), Requested::Part(0..100));
        assert_eq!(range("bytes=99-99999999999999999999999"), Requested::Part(99..100));
    }

    #[test]
    fn bytes_that_are_not_there_are_refused_and_odd_ranges_ignored() {
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(range(text), Requested::Nothing, "{text}");
        }
        for text in ["bytes=0-1,3-4", "bytes=-", "bytes=9-1", "bytes=a-b", "lines=1-2", "bytes=+1-2", ""] {
            assert_eq!(range(text), Requested::Whole, "{text}");
        }
    }

    #[test]
    fn a_range_meant_for_another_text_gets_the_whole() {
        let headers = |tag| {
            HeaderMap::from_iter([
                (header::RANGE, HeaderValue::from_static("bytes=0-9")),
                (header::IF_RANGE, HeaderValue::from_static(tag)),
            ])
        };
        assert_eq!(requested(&headers("\"a\""), "\"a\"", 100), Requested::Part(0..10));
        assert_eq!(requested(&headers("\"b\""), "\"a\"", 100), Requested::Whole);
        assert_eq!(requested(&headers("W/\"a\""), "\"a\"", 100), Requested::Whole);
    }

    #[test]
    fn a_known_tag_is_recognised_among_others() {
        let known =
            |tags| is_known(&HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(tags))]), "\"a\"");
        assert!(known("\"a\"") && known("\"b\", W/\"a\"") && known("*"));
        assert!(!known("\"b\"") && !known("a"));
    }
}
