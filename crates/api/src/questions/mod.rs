//! Questions that are answered at once, create nothing, and give answers that may be cached.

mod arguments;
mod limit;
mod moduli;
mod representations;
mod sequences;
mod structure;

use answers::{Question, QuestionError};
use axum::response::Response;
use fibonacci::{IndexOfError, SequenceError};
use http::HeaderMap;
use wire::Shortened;

use crate::cacheable;
use crate::error::ApiError;
use crate::limits::ApiConfig;

pub(crate) use limit::*;
pub(crate) use moduli::*;
pub(crate) use representations::*;
pub(crate) use sequences::*;
pub(crate) use structure::*;

/// The most digits of a number in a path. Proxies allow 8 KiB for the whole line.
const MAX_PATH_DIGITS: usize = 1_000;

/// The most residues or characters.
const MAX_COUNT: u32 = 10_000;

/// Answers a question, unless its price is too high.
async fn answer<Q: Question>(question: Q, headers: &HeaderMap) -> Result<Response, ApiError> {
    question.check_price()?;
    answer_now(question, headers).await
}

/// Answers a question. If its price is too high, offers the calculation that answers it, if this service takes that.
async fn answer_or_offer<Q: Question>(
    question: Q,
    config: &ApiConfig,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    question.check_price().map_err(|mut refused| {
        refused.calculation = refused.calculation.filter(|subject| config.estimate((**subject).clone()).is_ok());
        refused
    })?;
    answer_now(question, headers).await
}

async fn answer_now<Q: Question>(question: Q, headers: &HeaderMap) -> Result<Response, ApiError> {
    // Milliseconds of arithmetic: not for a thread that serves connections.
    let answered = tokio::task::spawn_blocking(move || question.answer());
    let answer = answered.await.map_err(|error| ApiError::Internal(error.into()))?;
    cacheable::respond(headers, &answer.map_err(refused)?)
}

/// Returns the error for arguments that have no answer.
fn refused(error: QuestionError) -> ApiError {
    let parameter = |field, given: String, allowed: &str| ApiError::Parameter {
        field,
        given: Shortened::new(&given),
        allowed: allowed.to_owned(),
    };
    match error {
        QuestionError::Sequence(SequenceError::NotInvertible) => {
            parameter("n", "a negative index".to_owned(), "0 or more, unless Q is invertible")
        }
        QuestionError::Index(IndexOfError::Number(error)) => {
            parameter("number", error.to_string(), "a whole number in plain digits")
        }
        error => ApiError::Internal(error.into()),
    }
}
