//! Questions on the terminal, such as before it is filled with digits.

use std::io::{self, IsTerminal, Write};

use model::Subject;

/// The most digits that are printed on a terminal without a question.
const MAX_DIGITS: u64 = 1_000_000;

/// Counts the digits printed on a terminal, and asks once before they are too many.
pub(super) struct TerminalGuard {
    /// Digits left before the question; `None` if there is nothing to ask.
    digits_left: Option<u64>,
}

/// Error for digits that are too many for a terminal.
#[derive(Debug, thiserror::Error)]
#[error(
    "{subject} has {digits} digits, too many for a terminal; use `-o FILE`, a pipe, or --force. \
     --digits, --first, --last and --mod print parts of it"
)]
pub(crate) struct TerminalError {
    subject: Subject,
    digits: u64,
}

impl TerminalGuard {
    /// Guards standard output if it is a terminal.
    pub(super) fn of_stdout(is_forced: bool) -> Self {
        Self { digits_left: (!is_forced && io::stdout().is_terminal()).then_some(MAX_DIGITS) }
    }

    /// Guards nothing.
    pub(super) fn none() -> Self {
        Self { digits_left: None }
    }

    /// Counts the digits of a subject, and asks if they are too many.
    pub(super) fn allow(&mut self, subject: &Subject, digits: u64) -> Result<(), TerminalError> {
        let question = || format!("{subject} has {digits} digits. Print them on this terminal?");
        if self.count(digits, question) { Ok(()) } else { Err(TerminalError { subject: subject.clone(), digits }) }
    }

    /// Counts the characters of an answer, and asks if they are too many. Returns whether they may be printed.
    pub(super) fn allow_text(&mut self, length: u64) -> bool {
        self.count(length, || format!("The answer has {length} characters. Print them on this terminal?"))
    }

    fn count(&mut self, characters: u64, question: impl FnOnce() -> String) -> bool {
        let Some(left) = self.digits_left else { return true };
        self.digits_left = left.checked_sub(characters);
        self.digits_left.is_some() || ask(&question()) == Some(true)
    }
}

/// Asks a question and returns whether the answer is yes; `None` if standard input is not a terminal.
pub(super) fn ask(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let question = format!("{question} [y/N] ");
    let mut answer = String::new();
    // A question that cannot be asked, or an answer that cannot be read, is a no.
    let asked = io::stderr().write_all(question.as_bytes()).and_then(|()| io::stdin().read_line(&mut answer));
    Some(asked.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
