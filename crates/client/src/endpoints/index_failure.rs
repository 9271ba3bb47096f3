//! Why a typed text is no index.

use http::StatusCode;
use model::ExpressionError;
use wire::{ProblemKind, Shortened};

use super::failure::PageFailure;
use crate::views::form_text as words;

/// Returns the failure for a text that is no index.
pub(super) fn not_an_index(text: &str, error: &ExpressionError) -> PageFailure {
    let kind = match error {
        ExpressionError::Empty => ProblemKind::IndexMissing,
        ExpressionError::Overflow => ProblemKind::IndexOutOfRange,
        _ => ProblemKind::IndexNotInteger,
    };
    let mut failure = invalid(text, kind);
    if *error == ExpressionError::Empty {
        failure.problem.given = None;
    } else {
        failure.problem.detail = Some(explain(error));
    }
    failure
}

/// Returns the failure for a text, with what is allowed.
pub(super) fn invalid(text: &str, kind: ProblemKind) -> PageFailure {
    let mut failure = PageFailure::new(StatusCode::UNPROCESSABLE_ENTITY, kind);
    failure.problem.field = Some("index".to_owned());
    failure.problem.allowed = Some(words::ALLOWED.to_owned());
    failure.problem.given = Some(Shortened::new(text).to_string());
    failure
}

/// Says in a sentence what is wrong with a text.
pub(super) fn explain(error: &ExpressionError) -> String {
    sentence(&error.to_string())
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let end = if text.ends_with('?') { None } else { Some('.') };
    first.chain(characters).chain(end).collect()
}
