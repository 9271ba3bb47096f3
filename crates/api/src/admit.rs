//! What is let in: a canonical index within the limits, priced before anything is done for it.

use std::time::Duration;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use model::{Index, IndexError, LEASED_ABOVE, Lane, Subject};
use wire::Shortened;

use crate::body::{Fields, Given};
use crate::error::ApiError;
use crate::state::{ApiState, Limits};

/// An index that may be asked for, and what that would take.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Admitted {
    /// What is asked for.
    pub(crate) subject: Subject,
    /// Decimal digits of |value|.
    pub(crate) digits: u64,
    /// Time on one core.
    pub(crate) work: Duration,
}

impl Admitted {
    /// The lane for the work.
    pub(crate) fn lane(&self) -> Lane {
        Lane::for_work(self.work)
    }

    /// Whether the work is dear enough to be withdrawn, so that its asker gets a token.
    pub(crate) fn is_withdrawable(&self) -> bool {
        self.work > LEASED_ABOVE
    }
}

impl Limits {
    /// Admits the member `index` of a body.
    ///
    /// # Errors
    /// Says which index was given and which are allowed.
    pub(crate) fn admit(&self, fields: &Fields) -> Result<Admitted, ApiError> {
        let given = fields.get("index").ok_or(ApiError::IndexMissing)?;
        let (Given::Text(text) | Given::Json(text)) = given;
        self.admit_index(self.read_index(text)?)
    }

    /// Prices an index.
    fn admit_index(&self, index: Index) -> Result<Admitted, ApiError> {
        if index.magnitude() > self.max_index {
            let given = Shortened::new(&index.to_string());
            return Err(ApiError::IndexOutOfRange { given, max_index: self.max_index });
        }
        let estimate = fibonacci::estimate(index.get());
        let fits = |needed_bytes, allowed_bytes: Option<u64>| match allowed_bytes {
            Some(allowed_bytes) if needed_bytes > allowed_bytes => {
                Err(ApiError::TooLargeToFit { given: index, needed_bytes, allowed_bytes })
            }
            _ => Ok(()),
        };
        fits(estimate.memory_bytes, self.worker_memory_bytes)?;
        // The sign may take a byte more.
        fits(estimate.digits.saturating_add(1), self.store_bytes)?;
        Ok(Admitted { subject: index.into(), digits: estimate.digits, work: estimate.work })
    }

    /// Reads a canonical index. A JSON text that is no integer literal is not canonical either.
    pub(crate) fn read_index(&self, text: &str) -> Result<Index, ApiError> {
        text.parse().map_err(|error| {
            let given = Shortened::new(text);
            match error {
                IndexError::Empty => ApiError::IndexMissing,
                IndexError::NotCanonical { meant } => {
                    ApiError::IndexNotInteger { given, meant, max_index: self.max_index }
                }
                IndexError::Overflow => ApiError::IndexOutOfRange { given, max_index: self.max_index },
            }
        })
    }
}

/// The index in a path. Any index may be looked up; what cannot be asked for is simply not there.
pub(crate) struct PathIndex(pub(crate) Index);

impl FromRequestParts<ApiState> for PathIndex {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        // What is not even text cannot name anything.
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::NoSuchPath)?;
        state.limits.read_index(&text).map(Self)
    }
}
