//! Byte ranges and the `ETag` of a value, which never changes (RFC 9110, sections 13 and 14).

use std::ops::Range;

use http::{HeaderMap, HeaderName, header};

use crate::error::ApiError;

/// The part of a value that a request asks for.
#[derive(Debug, PartialEq)]
pub(super) enum RequestedRange {
    Whole,
    Part(Range<u64>),
    NotSatisfiable,
}

/// The result of a request's preconditions.
#[derive(Debug, PartialEq)]
pub(crate) enum Precondition {
    Passed,
    /// 304.
    NotModified,
    /// 412.
    Failed,
}

/// Checks `If-Match` (strong comparison), then `If-None-Match` (weak comparison), as RFC 9110, section 13.2.2,
/// orders. Preconditions with dates are ignored, because a value has no modification date.
pub(crate) fn check_preconditions(headers: &HeaderMap, etag: &str) -> Precondition {
    let tags = |name: HeaderName| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    if headers.contains_key(header::IF_MATCH) && !tags(header::IF_MATCH).any(|tag| tag == "*" || tag == etag) {
        return Precondition::Failed;
    }
    let is_known = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    if tags(header::IF_NONE_MATCH).any(is_known) { Precondition::NotModified } else { Precondition::Passed }
}

/// Checks the conditions of a request that changes something. What it changes has no entity tag, so `If-Match` holds
/// with `*` only, and `If-None-Match` always but with `*` (RFC 9110, sections 13.1.1 and 13.1.2).
///
/// # Errors
/// `PreconditionFailed`.
pub(super) fn check_change(headers: &HeaderMap) -> Result<(), ApiError> {
    let has_any = |name: HeaderName| {
        let mut values = headers.get_all(name).into_iter();
        values.any(|value| value.as_bytes().trim_ascii() == b"*")
    };
    let is_other = headers.contains_key(header::IF_MATCH) && !has_any(header::IF_MATCH);
    if is_other || has_any(header::IF_NONE_MATCH) { Err(ApiError::PreconditionFailed) } else { Ok(()) }
}

/// Returns the range that a request asks for.
///
/// A malformed range, several ranges and a range of another representation are ignored (RFC 9110, section 14.2).
pub(super) fn requested_range(headers: &HeaderMap, etag: &str, size_bytes: u64) -> RequestedRange {
    if headers.get(header::IF_RANGE).is_some_and(|tag| tag != etag) {
        return RequestedRange::Whole;
    }
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let Some((first, last)) = range.and_then(|range| range.trim().strip_prefix("bytes=")?.split_once('-')) else {
        return RequestedRange::Whole;
    };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().unwrap_or(u64::MAX));
    let (first, last) = (first.trim(), last.trim());
    let (Some(from), Some(to)) = (number(first), number(last)) else { return RequestedRange::Whole };
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return RequestedRange::Whole,
        (true, false) => size_bytes.saturating_sub(to)..size_bytes,
        (false, true) => from..size_bytes,
        (false, false) if from > to => return RequestedRange::Whole,
        (false, false) => from..to.saturating_add(1).min(size_bytes),
    };
    if range.start < range.end { RequestedRange::Part(range) } else { RequestedRange::NotSatisfiable }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn preconditions_are_checked_in_the_order_of_the_standard() {
        use Precondition::{Failed, NotModified, Passed};
        let (if_match, if_none_match) = (header::IF_MATCH, header::IF_NONE_MATCH);
        let cases: [(&[(&HeaderName, &'static str)], Precondition); 11] = [
            (&[], Passed),
            (&[(&if_match, "\"a\"")], Passed),
            (&[(&if_match, "\"b\", \"a\"")], Passed),
            (&[(&if_match, "*")], Passed),
            (&[(&if_match, "\"b\"")], Failed),
            (&[(&if_match, "W/\"a\"")], Failed),
            (&[(&if_none_match, "\"b\"")], Passed),
            (&[(&if_none_match, "\"b\", W/\"a\"")], NotModified),
            (&[(&if_none_match, "*")], NotModified),
            (&[(&if_match, "\"a\""), (&if_none_match, "\"a\"")], NotModified),
            (&[(&if_match, "\"b\""), (&if_none_match, "\"a\"")], Failed),
        ];
        for (headers, expected) in cases {
            let map = headers.iter().map(|(name, value)| ((*name).clone(), HeaderValue::from_static(value)));
            assert_eq!(check_preconditions(&map.collect(), "\"a\""), expected, "{headers:?}");
        }
    }

    #[test]
    fn one_satisfiable_range_is_served_and_others_are_refused_or_ignored() {
        use RequestedRange::{NotSatisfiable, Part, Whole};
        for (text, expected) in [
            ("bytes=0-9", Part(0..10)),
            ("bytes=90-", Part(90..100)),
            ("bytes=-1", Part(99..100)),
            ("bytes=-1000", Part(0..100)),
            ("bytes=99-99999999999999999999999", Part(99..100)),
            ("bytes=100-", NotSatisfiable),
            ("bytes=100-200", NotSatisfiable),
            ("bytes=-0", NotSatisfiable),
            ("bytes=0-1,3-4", Whole),
            ("bytes=-", Whole),
            ("bytes=9-1", Whole),
            ("bytes=a-b", Whole),
            ("lines=1-2", Whole),
            ("bytes=+1-2", Whole),
            ("", Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(text))]);
            assert_eq!(requested_range(&headers, "\"a\"", 100), expected, "{text}");
        }
    }
}
