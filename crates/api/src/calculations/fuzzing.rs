//! Fuzz target: ranges and conditions of a request for a value.

use http::{HeaderMap, HeaderValue, header};

use super::range::{RequestedRange, check_preconditions, requested_range};

#[test]
fn a_range_lies_within_the_value() {
    fuzz::run("ranges", include_str!("../../corpus/ranges.txt"), |input| {
        let Ok(value) = HeaderValue::from_bytes(input) else { return "no header value".to_owned() };
        let ranged = |size_bytes| {
            let headers = HeaderMap::from_iter([(header::RANGE, value.clone())]);
            let requested = requested_range(&headers, "\"a\"", size_bytes);
            if let RequestedRange::Part(range) = &requested {
                assert!(range.start < range.end && range.end <= size_bytes, "{input:?}: {range:?} of {size_bytes}");
                assert!(input.trim_ascii().starts_with(b"bytes="), "{input:?}");
            }
            assert!(size_bytes > 0 || !matches!(requested, RequestedRange::Part(_)));
            std::mem::discriminant(&requested)
        };
        let conditions = [header::IF_MATCH, header::IF_NONE_MATCH].map(|name| {
            let headers = HeaderMap::from_iter([(name, value.clone())]);
            check_preconditions(&headers, "\"a\"")
        });
        format!("{:?} {conditions:?}", [0, 1, 100, u64::MAX].map(ranged))
    });
}
