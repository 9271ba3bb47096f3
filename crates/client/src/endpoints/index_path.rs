//! The index in the path of a number's page.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use model::Subject;
use wire::ProblemKind;

use super::failure::PageFailure;
use crate::typed_index::is_canonical;

/// The text that stands for an index in the path, unparsed.
#[derive(Debug)]
pub(crate) struct IndexPath(pub(crate) String);

impl IndexPath {
    /// Returns the index, or 404 for another spelling of it and for anything else.
    pub(super) fn canonical(self) -> Result<String, PageFailure> {
        if is_canonical(&self.0) { Ok(self.0) } else { Err(not_an_index(())) }
    }

    /// Returns the subject, F(n) by its index alone, or 404.
    pub(super) fn subject(&self) -> Result<Subject, PageFailure> {
        Subject::from_path(&self.0).map_err(not_an_index)
    }
}

fn not_an_index<T>(_: T) -> PageFailure {
    PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound)
}

impl<S: Send + Sync> FromRequestParts<S> for IndexPath {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageFailure> {
        Path::from_request_parts(parts, state).await.map(|Path(text)| Self(text)).map_err(not_an_index)
    }
}
