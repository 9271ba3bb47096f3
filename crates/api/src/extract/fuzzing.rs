//! Fuzz targets: bodies and queries.

use serde_json::Value;

use super::body::{FieldValue, Fields, parse_form, parse_json};
use super::form::decode_pairs;

const NAMES: [&str; 4] = ["index", "ask", "a", ""];

/// `serde_json`'s own reading of an object is the oracle, but for nesting beyond its limit and numbers that it rounds.
#[test]
fn a_json_body_is_read_as_one_object_or_refused() {
    fuzz::run("bodies", include_str!("../../corpus/bodies.txt"), |input| {
        let Ok(text) = std::str::from_utf8(input) else { return "not UTF-8".to_owned() };
        let (fields, value) = (parse_json(text), serde_json::from_str::<Value>(text));
        let (Ok(fields), Ok(value)) = (&fields, &value) else {
            let is_doubled = matches!(&value, Ok(Value::Object(_)));
            return format!("refused {} {is_doubled}", fields.is_err());
        };
        let members = value.as_object().expect("only objects are accepted");
        for name in NAMES {
            match (fields.get(name), members.get(name)) {
                (None, None) => {}
                (Some(FieldValue::Text(text)), Some(Value::String(expected))) => assert_eq!(text, expected),
                (Some(FieldValue::Json(json)), Some(expected)) => {
                    assert_eq!(serde_json::from_str::<Value>(json).ok().as_ref(), Some(expected));
                }
                (found, expected) => panic!("{name}: {found:?}, expected {expected:?}"),
            }
        }
        format!("{} members", members.len().min(8))
    });
}

#[test]
fn a_form_loses_nothing_or_is_refused() {
    fuzz::run("forms", include_str!("../../corpus/forms.txt"), |input| {
        let Ok(text) = std::str::from_utf8(input) else { return "not UTF-8".to_owned() };
        let Some(pairs) = decode_pairs(text) else {
            assert!(parse_form(text).is_err());
            return "refused".to_owned();
        };
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let again: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        assert_eq!(decode_pairs(&again.join("&")), Some(pairs.clone()));
        let fields: Option<Fields> = parse_form(text).ok();
        let mut names: Vec<_> = pairs.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let is_doubled = names.windows(2).any(|pair| pair[0] == pair[1]);
        assert_eq!(fields.is_none(), is_doubled, "{pairs:?}");
        format!("{} pairs, {is_doubled}", pairs.len().min(8))
    });
}
