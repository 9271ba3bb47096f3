//! Extractors: strict request bodies and query parameters.

mod body;
mod form;
#[cfg(test)]
mod fuzzing;
mod query;

pub(crate) use body::{FieldValue, Fields, parse_json, read_error, read_fields, read_lines, read_optional_fields};
pub(crate) use query::{QueryParams, invalid_parameter};
