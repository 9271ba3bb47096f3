//! Strict reading of request bodies: JSON or a form, one meaning or none.
//!
//! A member is kept as the text that was sent, so that an index is never rounded by a float.

use std::borrow::Cow;
use std::fmt;

use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use server::BodyTooSlow;
use wire::Shortened;

use crate::error::ApiError;

/// A body that is too large is read on for so long, so that its sender hears why it was refused: most
/// listen only when they have said everything.
const PATIENT_BYTES: usize = 4 << 20;

/// Brackets in brackets in brackets: no request of ours needs more.
const MAX_DEPTH: usize = 16;

/// The members of a body, each at most once.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fields(Vec<(String, Given)>);

/// A member as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// A text, unescaped: a JSON string or a form field.
    Text(String),
    /// The raw text of any other JSON value.
    Json(String),
}

impl Fields {
    /// The member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, given)| given)
    }

    fn insert(&mut self, name: String, given: Given) -> Result<(), Twice> {
        if self.get(&name).is_some() {
            return Err(Twice);
        }
        self.0.push((name, given));
        Ok(())
    }
}

/// A name that stands twice in a body: which one is meant cannot be told.
struct Twice;

/// Reads the members of a request's body.
///
/// # Errors
/// `MediaType` for anything but JSON and forms, `BodyTooLarge`, `BodyTooSlow`, `BodyMalformed`.
pub(crate) async fn read(request: Request, allowed_bytes: usize) -> Result<Fields, ApiError> {
    let form = Form::of(request.headers())?;
    let text = read_text(request.into_body(), allowed_bytes).await?;
    match form {
        Form::Json => read_json(&text),
        Form::UrlEncoded => read_form(&text),
    }
}

/// As [`read`], but no body is no members.
pub(crate) async fn read_optional(request: Request, allowed_bytes: usize) -> Result<Fields, ApiError> {
    if request.headers().contains_key(header::CONTENT_TYPE) {
        return read(request, allowed_bytes).await;
    }
    Ok(Fields::default())
}

enum Form {
    Json,
    UrlEncoded,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let given = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let refused = || ApiError::MediaType { given: given.as_deref().map(Shortened::new) };
        if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(refused());
        }
        let mut parts = given.as_deref().ok_or_else(refused)?.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let utf8 = parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
        match media_type.as_str() {
            "application/json" if utf8 => Ok(Self::Json),
            "application/x-www-form-urlencoded" if utf8 => Ok(Self::UrlEncoded),
            _ => Err(refused()),
        }
    }
}

async fn read_text(mut body: Body, allowed_bytes: usize) -> Result<String, ApiError> {
    let mut text = Vec::new();
    let mut size_bytes = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(bytes) = frame.into_data() else { continue };
        size_bytes += bytes.len();
        if size_bytes <= allowed_bytes {
            text.extend_from_slice(&bytes);
        } else if size_bytes > PATIENT_BYTES {
            break;
        }
    }
    if size_bytes > allowed_bytes {
        return Err(ApiError::BodyTooLarge { allowed_bytes });
    }
    String::from_utf8(text).map_err(|_| ApiError::BodyMalformed { reason: "The body is not UTF-8." })
}

fn broken(error: &axum::Error) -> ApiError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<BodyTooSlow>() {
            return ApiError::BodyTooSlow;
        }
        cause = error.source();
    }
    ApiError::BodyMalformed { reason: "The body ended before it was complete." }
}

fn read_json(text: &str) -> Result<Fields, ApiError> {
    let malformed = |reason| ApiError::BodyMalformed { reason };
    if is_too_deep(text) {
        return Err(malformed("The body is nested too deeply."));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(Members).and_then(|members| json.end().map(|()| members));
    let members = members.map_err(|_| malformed("The body is not one JSON object."))?;
    let mut fields = Fields::default();
    for (name, raw) in members {
        let raw = raw.get();
        let given = if raw.starts_with('"') {
            let text = serde_json::from_str(raw).map_err(|_| malformed("A string in the body cannot be read."))?;
            Given::Text(text)
        } else {
            Given::Json(raw.to_owned())
        };
        fields.insert(name.into_owned(), given).map_err(|Twice| malformed("A name stands twice in the body."))?;
    }
    Ok(fields)
}

/// The members of an object in order, values unread, names that stand twice kept twice.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry::<String, &RawValue>()? {
            members.push((Cow::Owned(member.0), member.1));
        }
        Ok(members)
    }
}

/// Brackets are counted before anything recurses into them.
fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn read_form(text: &str) -> Result<Fields, ApiError> {
    let mut fields = Fields::default();
    for (name, value) in pairs(text).ok_or(ApiError::BodyMalformed { reason: "The form cannot be decoded." })? {
        fields
            .insert(name, Given::Text(value))
            .map_err(|Twice| ApiError::BodyMalformed { reason: "A name stands twice in the form." })?;
    }
    Ok(fields)
}

/// The names and values of a form or of an address's query; `None` if it cannot be decoded without loss.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let decoded = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((percent_decoded(name)?, percent_decoded(value)?))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(decoded).collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Option<Given> {
        read_json(text).ok().and_then(|fields| fields.get("index").cloned())
    }

    #[test]
    fn members_keep_the_text_they_were_sent_with() {
        assert_eq!(json(r#"{"index":"7"}"#), Some(Given::Text("7".into())));
        assert_eq!(json(r#"{"index":"\u0037"}"#), Some(Given::Text("7".into())));
        for raw in
            ["7", "1e3", "1.0", "9223372036854775807", "18446744073709551617", "true", "null", "[7]", r#"{"a":1}"#]
        {
            assert_eq!(json(&format!(r#"{{"x":[1,"]"], "index": {raw} }}"#)), Some(Given::Json(raw.into())), "{raw}");
        }
    }

    #[test]
    fn a_body_with_two_meanings_or_none_is_refused() {
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
            assert!(read_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_before_it_is_followed() {
        assert!(read_json(&format!(r#"{{"a":{}1{},"index":7}}"#, "[".repeat(9_000), "]".repeat(9_000))).is_err());
        assert_eq!(json(r#"{"a":"[[[[[[[[[[[[[[[[[[[[\"[[[[[[","index":7}"#), Some(Given::Json("7".into())));
    }

    #[test]
    fn forms_are_decoded_without_loss_or_not_at_all() {
        let index = |text| read_form(text).ok().and_then(|fields| fields.get("index").cloned());
        assert_eq!(index("a=b&index=%2D7&"), Some(Given::Text("-7".into())));
        assert_eq!(index("index=+7+"), Some(Given::Text(" 7 ".into())));
        assert_eq!(index("index"), Some(Given::Text(String::new())));
        for text in ["index=%", "index=%4", "index=%zz", "index=%ff", "index=1&index=1", "index=1&%69ndex=2"] {
            assert!(read_form(text).is_err(), "{text}");
        }
    }
}
