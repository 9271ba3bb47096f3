//! The index in the path of a number's page.

use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use wire::ProblemKind;

use super::failure::PageFailure;

/// The text that stands for an index in the path, unparsed.
#[derive(Debug)]
pub(crate) struct IndexPath(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for IndexPath {
    type Rejection = PageFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageFailure> {
        let unreadable = |_| PageFailure::new(StatusCode::NOT_FOUND, ProblemKind::NotFound);
        Path::from_request_parts(parts, state).await.map(|Path(text)| Self(text)).map_err(unreadable)
    }
}
