//! Checks `Accept-Encoding` before a request is executed (RFC 9110, section 12.5.3).

use http::{HeaderMap, header};

/// Returns whether the client accepts an unencoded response or one in gzip, the only encodings that are sent.
///
/// Check it before a request has an effect: the compression middleware notices only at the response.
pub fn accepts_encoding(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut identity, mut gzip, mut any) = (None, None, None);
    for item in values.flat_map(|value| value.split(',')) {
        let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
        let quality = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q=")?.parse().ok());
        let accepted = Some(quality.unwrap_or(1.0_f32) > 0.0);
        match coding.trim().to_ascii_lowercase().as_str() {
            "identity" => identity = accepted,
            "gzip" | "x-gzip" => gzip = accepted,
            "*" => any = accepted,
            _ => {}
        }
    }
    identity.or(any).unwrap_or(true) || gzip.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn an_unencoded_response_is_acceptable_unless_the_client_excludes_it() {
        for (text, accepted) in [
            ("", true),
            ("gzip", true),
            ("br", true),
            ("br;q=1.0, *;q=0.1", true),
            ("identity;q=0, gzip", true),
            ("*;q=0, identity", true),
            ("*;q=0", false),
            ("identity;q=0", false),
            ("identity; q=0.000, br", false),
            ("gzip;q=0, *;q=0", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(text))]);
            assert_eq!(accepts_encoding(&headers), accepted, "{text}");
        }
        assert!(accepts_encoding(&HeaderMap::new()));
    }
}
