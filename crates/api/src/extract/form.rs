//! Decoding of `name=value&…`, in forms and queries.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Decodes the names and values of a form or a query; `None` if that would lose anything.
///
/// `form_urlencoded` is not strict: it replaces invalid UTF-8 and keeps malformed escapes.
pub(super) fn decode_pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_escape =
        |at: usize| matches!(bytes.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if text.match_indices('%').any(|(at, _)| !is_escape(at)) {
        return None;
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}
