//! Query parameters, read as strictly as bodies.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wire::Shortened;

use super::form::decode_pairs;
use crate::error::ApiError;

/// The query parameters in order. Unknown ones are ignored.
pub(crate) struct QueryParams(Vec<(String, String)>);

impl QueryParams {
    /// Returns the only value of a parameter.
    ///
    /// # Errors
    /// `Parameter` if it is given more than once.
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.all(name);
        let value = values.next();
        match values.next() {
            Some(second) => Err(invalid_parameter(name, second, "once")),
            None => Ok(value),
        }
    }

    /// Returns every value of a parameter.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the 422 for a parameter: what was given and what is allowed.
pub(crate) fn invalid_parameter(field: &'static str, given: &str, allowed: &str) -> ApiError {
    ApiError::Parameter { field, given: Shortened::new(given), allowed: allowed.to_owned() }
}

impl<S: Sync> FromRequestParts<S> for QueryParams {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        decode_pairs(text).map(Self).ok_or_else(|| invalid_parameter("query", text, "percent-encoded UTF-8"))
    }
}
