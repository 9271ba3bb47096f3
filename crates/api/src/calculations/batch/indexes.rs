//! The subjects of a batch: a list, a range of indexes, or lines.

use http::{HeaderMap, header};
use model::Index;
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::extract::{FieldValue, Fields, invalid_parameter, parse_json, read_fields, read_lines};
use crate::limits::{ApiConfig, ValidSubject};
use crate::state::ApiState;

/// The media type of lines of JSON.
pub(super) const NDJSON: &str = "application/x-ndjson";

/// Reads the subjects of a request.
///
/// # Errors
/// The errors of a single submission, with the wrong element or line; `BatchTooLarge`.
pub(super) async fn read_indexes(
    state: &ApiState,
    request: axum::extract::Request,
) -> Result<Vec<ValidSubject>, ApiError> {
    let config = &state.config;
    let allowed_bytes = config.batch_bytes();
    if is_lines(request.headers()) {
        let text = read_lines(request, allowed_bytes).await?;
        return of_lines(config, &text);
    }
    of_fields(config, &read_fields(request, allowed_bytes).await?)
}

fn is_lines(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(NDJSON)
}

/// Reads one subject of each line: an index as an integer or a string, the text of a subject, or an object with one of
/// the members `index` and `subject`.
pub(super) fn of_lines(config: &ApiConfig, text: &str) -> Result<Vec<ValidSubject>, ApiError> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return Err(ApiError::IndexMissing);
    }
    check_count(config, text.split('\n').count())?;
    let line = |(at, line): (usize, &str)| {
        let line = line.trim();
        let index = if line.starts_with('{') {
            parse_json(line).and_then(|fields| config.validate(&fields))
        } else {
            config.validate_subject_text(&unquoted(line))
        };
        index.map_err(|error| error.at(format!("line {}", at + 1)))
    };
    text.split('\n').enumerate().map(line).collect()
}

pub(super) fn of_fields(config: &ApiConfig, fields: &Fields) -> Result<Vec<ValidSubject>, ApiError> {
    let lists = (fields.get("indexes"), fields.get("subjects"));
    match (lists, fields.get("from"), fields.get("to")) {
        ((Some(list), None), None, None) => of_list(config, "indexes", list, |index| config.validate_text(index)),
        ((None, Some(list)), None, None) => {
            of_list(config, "subjects", list, |subject| config.validate_subject_text(subject))
        }
        ((None, None), Some(from), Some(to)) => of_range(config, from, to, fields.get("step")),
        ((None, None), Some(_), None) => Err(missing("to")),
        ((None, None), None, Some(_)) => Err(missing("from")),
        ((None, None), None, None) => Err(missing("indexes")),
        _ => Err(ApiError::BodyMalformed { reason: "Give one of `indexes`, `subjects`, and `from` with `to`." }),
    }
}

fn missing(field: &str) -> ApiError {
    ApiError::IndexMissing.at(field.to_owned())
}

fn of_list(
    config: &ApiConfig,
    name: &'static str,
    list: &FieldValue,
    validate: impl Fn(&str) -> Result<ValidSubject, ApiError>,
) -> Result<Vec<ValidSubject>, ApiError> {
    let not_a_list = |given: &str| invalid_parameter(name, given, &format!("a list of {name}"));
    let FieldValue::Json(json) = list else { return Err(not_a_list(list.text())) };
    let elements: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| not_a_list(json))?;
    if elements.is_empty() {
        return Err(missing(name));
    }
    check_count(config, elements.len())?;
    let element = |(at, element): (usize, &RawValue)| {
        validate(&unquoted(element.get())).map_err(|error| error.at(format!("{name}[{at}]")))
    };
    elements.into_iter().enumerate().map(element).collect()
}

/// Returns the indexes from `from` to `to`, both included, or as near to `to` as whole steps come.
fn of_range(
    config: &ApiConfig,
    from: &FieldValue,
    to: &FieldValue,
    step: Option<&FieldValue>,
) -> Result<Vec<ValidSubject>, ApiError> {
    let end =
        |name: &str, value: &FieldValue| config.validate_text(value.text()).map_err(|error| error.at(name.to_owned()));
    let (first, last) = (end("from", from)?, end("to", to)?);
    let index = |valid: &ValidSubject| valid.subject.index().map_or(0, Index::get);
    let (first, last) = (index(&first), index(&last));
    let step_text = step.map_or("1", FieldValue::text);
    let refused = |field, text: &str, allowed: &str| Err(invalid_parameter(field, text, allowed));
    let step = match step_text.parse::<Index>() {
        Ok(step) if step.get() != 0 => step.get(),
        _ => return refused("step", step_text, "a whole number in plain digits other than 0"),
    };
    let distance = i128::from(last) - i128::from(first);
    if distance.signum() * i128::from(step.signum()) < 0 {
        let allowed = if step > 0 { "at least `from`" } else { "at most `from`, as `step` is negative" };
        return refused("to", to.text(), allowed);
    }
    let count = usize::try_from(distance / i128::from(step) + 1).unwrap_or(usize::MAX);
    check_count(config, count)?;
    let mut next = Some(first);
    let indexes = std::iter::from_fn(|| {
        let index = next?;
        next = index.checked_add(step);
        Some(index)
    });
    indexes.take(count).map(|index| config.validate_text(&index.to_string())).collect()
}

fn check_count(config: &ApiConfig, given: usize) -> Result<(), ApiError> {
    if given <= config.batch_indexes {
        return Ok(());
    }
    Err(ApiError::BatchTooLarge {
        given: format!("{given} indexes"),
        allowed: format!("up to {} indexes", config.batch_indexes),
    })
}

/// Returns the text of a JSON string, and any other JSON as it is.
fn unquoted(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexes(indexes: Result<Vec<ValidSubject>, ApiError>) -> Vec<i64> {
        indexes.expect("valid").iter().map(|index| index.subject.index().expect("an index").get()).collect()
    }

    fn of(text: &str) -> Result<Vec<ValidSubject>, ApiError> {
        let config = ApiConfig { batch_indexes: 4, ..ApiConfig::default() };
        of_fields(&config, &parse_json(text).expect("an object"))
    }

    fn lines(text: &str) -> Result<Vec<ValidSubject>, ApiError> {
        of_lines(&ApiConfig { batch_indexes: 4, ..ApiConfig::default() }, text)
    }

    #[test]
    fn lists_ranges_and_lines_are_the_indexes_in_order() {
        assert_eq!(indexes(of(r#"{"indexes": ["7", -8, "\u0039"]}"#)), [7, -8, 9]);
        assert_eq!(indexes(of(r#"{"from": "1", "to": 4}"#)), [1, 2, 3, 4]);
        assert_eq!(indexes(of(r#"{"from": "1", "to": "8", "step": "3"}"#)), [1, 4, 7]);
        assert_eq!(indexes(of(r#"{"from": 1, "to": -2, "step": -1}"#)), [1, 0, -1, -2]);
        assert_eq!(indexes(of(r#"{"from": 5, "to": 5, "step": -9}"#)), [5]);
        assert_eq!(indexes(lines("7\n\"8\"\r\n{\"index\":\"9\"}\n")), [7, 8, 9]);
        assert_eq!(indexes(lines("7")), [7]);
        let subjects = |batch: Result<Vec<ValidSubject>, ApiError>| -> Vec<String> {
            batch.expect("valid").iter().map(|valid| valid.subject.to_string()).collect()
        };
        let expected = ["L(7)", "F(8)", "U(3,-1,9)", "P(10)"];
        assert_eq!(subjects(of(r#"{"subjects": ["L(7)", "F(8)", "U(3,-1,9)", "P(10)"]}"#)), expected);
        assert_eq!(subjects(lines("L(7)\n8\n\"U(3,-1,9)\"\n{\"subject\":\"P(10)\"}")), expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let place = |error: Result<Vec<ValidSubject>, ApiError>| match error.expect_err("refused") {
            ApiError::Place { place, .. } => place,
            error => panic!("{error} without a place"),
        };
        assert_eq!(place(of(r#"{"indexes": [1, "x", 3]}"#)), "indexes[1]");
        assert_eq!(place(of(r#"{"indexes": [1, 2, [3]]}"#)), "indexes[2]");
        assert_eq!(place(of(r#"{"indexes": []}"#)), "indexes");
        assert_eq!(place(of("{}")), "indexes");
        assert_eq!(place(of(r#"{"indexes": [1, "L(2)"]}"#)), "indexes[1]");
        assert_eq!(place(of(r#"{"subjects": ["L(1)", "X(2)"]}"#)), "subjects[1]");
        assert_eq!(place(of(r#"{"subjects": []}"#)), "subjects");
        assert_eq!(place(lines("L(1)\nL(x)")), "line 2");
        assert_eq!(place(of(r#"{"from": 1}"#)), "to");
        assert_eq!(place(of(r#"{"from": "x", "to": 1}"#)), "from");
        assert_eq!(place(lines("1\n\n3")), "line 2");
        assert_eq!(place(lines("1\n{\"index\":1.5}")), "line 2");
        assert_eq!(place(lines("1\n2\n{\"other\":1}")), "line 3");
        for text in ["1\n2\n3\n4\n5", "\n\n\n\n\n\n"] {
            assert!(matches!(lines(text), Err(ApiError::BatchTooLarge { .. })), "{text:?}");
        }
        for text in [r#"{"indexes": [1,2,3,4,5]}"#, r#"{"from":-1000000000,"to":1000000000}"#] {
            assert!(matches!(of(text), Err(ApiError::BatchTooLarge { .. })), "{text}");
        }
        for text in
            [r#"{"indexes": "1"}"#, r#"{"indexes": 1}"#, r#"{"from":1,"to":0}"#, r#"{"from":1,"to":2,"step":0}"#]
        {
            assert!(matches!(of(text), Err(ApiError::Parameter { .. })), "{text}");
        }
        for text in [r#"{"indexes":[1],"from":1,"to":2}"#, r#"{"indexes":[1],"subjects":["L(1)"]}"#] {
            assert!(matches!(of(text), Err(ApiError::BodyMalformed { .. })), "{text}");
        }
        assert!(matches!(lines(""), Err(ApiError::IndexMissing)));
    }
}
