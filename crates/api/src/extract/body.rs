//! Strict parsing of request bodies, JSON or form: rejects duplicate names.
//!
//! A member keeps the text it was sent as, so that no float ever rounds an index.

use std::collections::HashMap;
use std::fmt;

use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;
use server::BodyTooSlow;
use wire::Shortened;

use super::form::decode_pairs;
use crate::error::ApiError;

/// Bytes of an oversized body that are read, so that its sender can read the 413: most clients read a response only
/// after they have written everything.
const DRAINED_BYTES: usize = 4 << 20;

/// The members of a body, each at most once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fields(HashMap<String, FieldValue>);

/// A member as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldValue {
    /// A JSON string, unescaped, or a form field.
    Text(String),
    /// The raw text of any other JSON value.
    Json(String),
}

impl FieldValue {
    pub(crate) fn text(&self) -> &str {
        let (Self::Text(text) | Self::Json(text)) = self;
        text
    }
}

impl Fields {
    /// Returns the member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&FieldValue> {
        self.0.get(name)
    }

    /// Returns whether the name was new.
    fn insert(&mut self, name: String, value: FieldValue) -> bool {
        self.0.insert(name, value).is_none()
    }
}

/// Reads the members of a request's body.
///
/// # Errors
/// `MediaType` for anything but JSON and forms, `BodyTooLarge`, `BodyTooSlow`, `BodyMalformed`.
pub(crate) async fn read_fields(request: Request, allowed_bytes: usize) -> Result<Fields, ApiError> {
    let format = BodyFormat::from_headers(request.headers())?;
    let text = read_text(request.into_body(), allowed_bytes).await?;
    match format {
        BodyFormat::Json => parse_json(&text),
        BodyFormat::Form => parse_form(&text),
    }
}

/// As [`read_fields`], but a request without a body has no members.
pub(crate) async fn read_optional_fields(request: Request, allowed_bytes: usize) -> Result<Fields, ApiError> {
    if request.headers().contains_key(header::CONTENT_TYPE) {
        return read_fields(request, allowed_bytes).await;
    }
    Ok(Fields::default())
}

/// Reads a body of UTF-8 text whose media type was checked.
///
/// # Errors
/// `MediaType` for a compressed body, `BodyTooLarge`, `BodyTooSlow`, `BodyMalformed`.
pub(crate) async fn read_lines(request: Request, allowed_bytes: usize) -> Result<String, ApiError> {
    if let Some(encoding) = encoded(request.headers()) {
        return Err(ApiError::MediaType { given: Some(encoding) });
    }
    read_text(request.into_body(), allowed_bytes).await
}

/// Returns the encoding of a body that is not sent as it is.
fn encoded(headers: &HeaderMap) -> Option<Shortened> {
    let encoding = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity")?;
    Some(Shortened::new(&String::from_utf8_lossy(encoding.as_bytes())))
}

enum BodyFormat {
    Json,
    Form,
}

impl BodyFormat {
    fn from_headers(headers: &HeaderMap) -> Result<Self, ApiError> {
        let given = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let refused = || ApiError::MediaType { given: given.as_deref().map(Shortened::new) };
        if encoded(headers).is_some() {
            return Err(refused());
        }
        let mut parts = given.as_deref().ok_or_else(refused)?.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
        match media_type.as_str() {
            "application/json" if is_utf8 => Ok(Self::Json),
            "application/x-www-form-urlencoded" if is_utf8 => Ok(Self::Form),
            _ => Err(refused()),
        }
    }
}

async fn read_text(mut body: Body, allowed_bytes: usize) -> Result<String, ApiError> {
    let mut text = Vec::new();
    let mut size_bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| read_error(&error))?;
        let Ok(bytes) = frame.into_data() else { continue };
        size_bytes += bytes.len();
        if size_bytes <= allowed_bytes {
            text.extend_from_slice(&bytes);
        } else if size_bytes > DRAINED_BYTES {
            break;
        }
    }
    if size_bytes > allowed_bytes {
        return Err(ApiError::BodyTooLarge { allowed_bytes });
    }
    String::from_utf8(text).map_err(|_| malformed("The body is not UTF-8."))
}

/// Returns the error for a body that cannot be read to its end.
pub(crate) fn read_error(error: &axum::Error) -> ApiError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<BodyTooSlow>() {
            return ApiError::BodyTooSlow;
        }
        source = error.source();
    }
    malformed("The body ended before it was complete.")
}

const fn malformed(reason: &'static str) -> ApiError {
    ApiError::BodyMalformed { reason }
}

/// Reads the members of a JSON object.
///
/// # Errors
/// `BodyMalformed`.
pub(crate) fn parse_json(text: &str) -> Result<Fields, ApiError> {
    // `RawValue` is scanned without recursion, so deep nesting is harmless.
    serde_json::from_str(text).map_err(|_| malformed("Expected one JSON object in which no name stands twice."))
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, raw)) = map.next_entry::<String, &RawValue>()? {
            let value = match raw.get() {
                text if text.starts_with('"') => {
                    FieldValue::Text(serde_json::from_str(text).map_err(A::Error::custom)?)
                }
                json => FieldValue::Json(json.to_owned()),
            };
            if !fields.insert(name, value) {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(fields)
    }
}

pub(super) fn parse_form(text: &str) -> Result<Fields, ApiError> {
    let mut fields = Fields::default();
    for (name, value) in decode_pairs(text).ok_or(malformed("The form is not percent-encoded UTF-8."))? {
        if !fields.insert(name, FieldValue::Text(value)) {
            return Err(malformed("A name stands twice in the form."));
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<FieldValue> {
        parse_json(text).ok().and_then(|fields| fields.get("index").cloned())
    }

    #[test]
    fn members_keep_the_text_they_were_sent_as() {
        assert_eq!(json(r#"{"index":"7"}"#), Some(FieldValue::Text("7".into())));
        assert_eq!(json(r#"{"index":"\u0037"}"#), Some(FieldValue::Text("7".into())));
        assert_eq!(json(r#"{"a":"[[[[[[[[[[[[[[[[[[[[\"[[[[[[","index":7}"#), Some(FieldValue::Json("7".into())));
        let deep = format!("{}1{}", "[".repeat(9_000), "]".repeat(9_000));
        assert_eq!(json(&format!(r#"{{"index":{deep}}}"#)), Some(FieldValue::Json(deep)));
        for raw in
            ["7", "1e3", "1.0", "9223372036854775807", "18446744073709551617", "true", "null", "[7]", r#"{"a":1}"#]
        {
            let body = format!(r#"{{"x":[1,"]"], "index": {raw} }}"#);
            assert_eq!(json(&body), Some(FieldValue::Json(raw.into())), "{raw}");
        }
    }

    #[test]
    fn a_body_that_is_not_one_unambiguous_object_is_refused() {
        for text in [
            "",
            "{",
            "7",
            "[7]",
            "null",
            r#"{"index":7,"index":8}"#,
            r#"{"index":7,"\u0069ndex":7}"#,
            r#"{"index":7}{"index":8}"#,
            r#"{"index":7} x"#,
            r#"{"index":07}"#,
            r#"{"index":+7}"#,
            r#"{"index":"\ud800"}"#,
            r#"{"index":NaN}"#,
            "\u{feff}{\"index\":7}",
            "{'index':7}",
        ] {
            assert!(parse_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn forms_are_decoded_without_loss_or_refused() {
        let index = |text| parse_form(text).ok().and_then(|fields| fields.get("index").cloned());
        assert_eq!(index("a=b&index=%2D7&"), Some(FieldValue::Text("-7".into())));
        assert_eq!(index("index=+7+"), Some(FieldValue::Text(" 7 ".into())));
        assert_eq!(index("index"), Some(FieldValue::Text(String::new())));
        for text in ["index=%", "index=%4", "index=%zz", "index=%ff", "index=1&index=1", "index=1&%69ndex=2"] {
            assert!(parse_form(text).is_err(), "{text}");
        }
    }
}
