//! A number on standard input.

use std::io::{self, Read};

use super::AnswerError;

/// Returns the text of a number argument: itself, or all of standard input without white space at its end for `-`.
pub(super) fn number_text(argument: String) -> Result<String, AnswerError> {
    if argument != "-" {
        return Ok(argument);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|source| AnswerError::Input { path: "-".into(), source })?;
    text.truncate(text.trim_end().len());
    Ok(text)
}
