//! Parameters behind the `?` of an address, read as strictly as bodies.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wire::Shortened;

use crate::body;
use crate::error::ApiError;

/// The parameters in order.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// The only value of a parameter.
    ///
    /// # Errors
    /// `Parameter` if it is given more than once.
    pub(crate) fn one(&self, field: &'static str) -> Result<Option<&str>, ApiError> {
        let mut values = self.all(field);
        let value = values.next();
        match values.next() {
            Some(second) => Err(wrong(field, second, "once")),
            None => Ok(value),
        }
    }

    /// Every value of a parameter.
    pub(crate) fn all(&self, field: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| name == field).map(|(_, value)| value.as_str())
    }
}

/// A parameter that cannot be served.
pub(crate) fn wrong(field: &'static str, given: &str, allowed: &str) -> ApiError {
    ApiError::Parameter { field, given: Shortened::new(given), allowed: allowed.to_owned() }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        body::pairs(text).map(Self).ok_or_else(|| wrong("query", text, "percent-encoded UTF-8"))
    }
}
