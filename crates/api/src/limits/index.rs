//! Validates a subject against the limits and estimates its cost.

use std::sync::Arc;
use std::time::Duration;

use answers::MAX_INDEX_DIGITS;
use axum::extract::{FromRef, FromRequestParts, Path};
use fibonacci::IBig;
use http::request::Parts;
use model::{Index, IndexError, LEASED_ABOVE, Lane, Subject, SubjectError};
use utoipa::IntoParams;
use wire::Shortened;

use super::{ApiConfig, WorkerCapacity};
use crate::error::ApiError;
use crate::extract::{Fields, invalid_parameter};

/// A subject within the limits, and its cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ValidSubject {
    pub(crate) subject: Subject,
    /// Decimal digits of |value|; an upper bound for other subjects than F(n).
    pub(crate) digits: u64,
    /// Time on one core.
    pub(crate) work: Duration,
    /// Memory of the computation.
    pub(crate) memory_bytes: u64,
}

impl ValidSubject {
    pub(crate) fn lane(&self) -> Lane {
        Lane::for_work(self.work)
    }

    /// Bytes of the text of the value. The sign may take one.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.digits.saturating_add(1)
    }

    /// Returns whether the work is long enough to be withdrawn, so that its requester gets a token.
    pub(crate) fn is_withdrawable(&self) -> bool {
        self.work > LEASED_ABOVE
    }
}

impl ApiConfig {
    /// Validates the member `subject` of a body, or `index` in its place.
    ///
    /// # Errors
    /// A 422 that says what was given and what is allowed.
    pub(crate) fn validate(&self, fields: &Fields) -> Result<ValidSubject, ApiError> {
        let index = fields.get("index");
        let Some(subject) = fields.get("subject") else {
            return self.validate_text(index.ok_or(ApiError::IndexMissing)?.text());
        };
        if index.is_some() {
            return Err(invalid_parameter("subject", subject.text(), "none together with `index`"));
        }
        self.estimate(parse_subject(subject.text())?)
    }

    /// Validates the text of an index, like [`ApiConfig::validate`].
    pub(crate) fn validate_text(&self, text: &str) -> Result<ValidSubject, ApiError> {
        self.estimate(self.parse_index(text)?.into())
    }

    /// Validates the text of a subject, or of an index in its place, like [`ApiConfig::validate`].
    pub(crate) fn validate_subject_text(&self, text: &str) -> Result<ValidSubject, ApiError> {
        if text.contains('(') { self.estimate(parse_subject(text)?) } else { self.validate_text(text) }
    }

    /// Validates a subject, like [`ApiConfig::validate`].
    pub(crate) fn estimate(&self, subject: Subject) -> Result<ValidSubject, ApiError> {
        if let Some(index) = subject.index().filter(|index| index.magnitude() > self.max_index) {
            let given = Shortened::new(&index.to_string());
            return Err(ApiError::IndexOutOfRange { given, allowed: range(self.max_index) });
        }
        let estimate = calculator::estimate(&subject);
        let check = |needed_bytes, allowed_bytes: Option<u64>| match allowed_bytes {
            Some(allowed_bytes) if needed_bytes > allowed_bytes => {
                let max_index = self.largest_fitting_index(&subject, self.worker_memory_bytes);
                Err(ApiError::TooLargeToFit { given: subject.clone(), needed_bytes, allowed_bytes, max_index })
            }
            _ => Ok(()),
        };
        check(estimate.memory_bytes, self.worker_memory_bytes)?;
        // The sign may take one more byte.
        check(estimate.digits.saturating_add(1), self.value_bytes)?;
        Ok(ValidSubject { digits: estimate.digits, work: estimate.work, memory_bytes: estimate.memory_bytes, subject })
    }

    /// Checks that the largest live worker has the memory for a calculation.
    ///
    /// # Errors
    /// `TooLargeToFit`, with the largest index that fits.
    pub(crate) fn check_workers(&self, valid: &ValidSubject, workers: &WorkerCapacity) -> Result<(), ApiError> {
        match workers.memory_bytes() {
            Some(allowed_bytes) if valid.memory_bytes > allowed_bytes => Err(ApiError::TooLargeToFit {
                given: valid.subject.clone(),
                needed_bytes: valid.memory_bytes,
                allowed_bytes,
                max_index: self.largest_fitting_index(&valid.subject, Some(allowed_bytes)),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the largest |index| at which the computation and the value fit.
    fn largest_fitting_index(&self, subject: &Subject, worker_memory_bytes: Option<u64>) -> u64 {
        let fits = |magnitude: u64| {
            let index = Index::new(i64::try_from(magnitude).unwrap_or(i64::MAX));
            let estimate = calculator::estimate(&subject.at(index));
            let is_within = |needed: u64, allowed: Option<u64>| allowed.is_none_or(|allowed| needed <= allowed);
            is_within(estimate.memory_bytes, worker_memory_bytes)
                && is_within(estimate.digits.saturating_add(1), self.value_bytes)
        };
        let (mut fitting, mut too_large) = (0, self.max_index.saturating_add(1));
        while too_large - fitting > 1 {
            let middle = fitting + (too_large - fitting) / 2;
            if fits(middle) { fitting = middle } else { too_large = middle }
        }
        fitting
    }

    /// Parses a canonical index. A JSON value that is not an integer literal is not canonical either.
    pub(crate) fn parse_index(&self, text: &str) -> Result<Index, ApiError> {
        text.parse().map_err(|error| not_an_index(error, text, range(self.max_index)))
    }
}

/// Parses a canonical index of up to [`MAX_INDEX_DIGITS`] digits.
pub(crate) fn parse_big_index(text: &str) -> Result<IBig, ApiError> {
    match text.parse::<Index>() {
        Ok(index) => Ok(index.get().into()),
        Err(error) => {
            let is_short = text.trim_start_matches('-').len() <= MAX_INDEX_DIGITS;
            let large = if error == IndexError::Overflow && is_short { text.parse().ok() } else { None };
            large.ok_or_else(|| not_an_index(error, text, format!("up to {MAX_INDEX_DIGITS} digits")))
        }
    }
}

fn not_an_index(error: IndexError, text: &str, allowed: String) -> ApiError {
    let given = Shortened::new(text);
    match error {
        IndexError::Empty => ApiError::IndexMissing,
        IndexError::NotCanonical { meant } => ApiError::IndexNotInteger { given, meant, allowed },
        IndexError::Overflow => ApiError::IndexOutOfRange { given, allowed },
    }
}

/// Returns the indexes to a limit, as a text.
pub(crate) fn range(max_index: u64) -> String {
    format!("-{max_index} to {max_index}")
}

/// Parses the canonical text of a subject.
pub(crate) fn parse_subject(text: &str) -> Result<Subject, ApiError> {
    text.parse().map_err(|error: SubjectError| {
        let allowed = match error {
            SubjectError::Fraction => "an index from 0 on, unless Q is 1 or -1".to_owned(),
            SubjectError::Order => "a k from 2 to 64".to_owned(),
            SubjectError::Places => "a number of places from 0 on".to_owned(),
            SubjectError::Modulus => format!("a modulus from 1 to {} in plain digits", u128::MAX),
            SubjectError::UnknownKind | SubjectError::Index(_) => {
                format!("{}, with whole numbers of 64 bits in plain digits, and m of 128", Subject::KINDS)
            }
        };
        invalid_parameter("subject", text, &allowed)
    })
}

/// The subject in a path, an index for F(n). Any can be looked up; one beyond the limits is simply not there.
pub(crate) struct PathSubject(pub(crate) Subject);

/// The description of a [`PathSubject`].
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "only its description is used")]
pub(crate) struct SubjectParam {
    /// The n of F(n), or another subject such as `L(1000)`
    #[param(pattern = "^(0|-?[1-9][0-9]{0,18}|(?:[FLUVGTPA]|Phi)\\([-,0-9]{1,62}\\))$")]
    index: String,
}

impl<S> FromRequestParts<S> for PathSubject
where
    S: Send + Sync,
    Arc<ApiConfig>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // A path that is not UTF-8 cannot name anything.
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::NoSuchPath)?;
        let subject = if text.contains('(') {
            parse_subject(&text)
        } else {
            Arc::<ApiConfig>::from_ref(state).parse_index(&text).map(Subject::from)
        };
        subject.map(Self)
    }
}
