//! The question before a terminal is filled with digits.

use std::io::{self, IsTerminal, Write};

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
    "F({index}) has {digits} digits, too many for a terminal; use `-o FILE`, a pipe, or --force. \
     --digits, --first, --last and --mod print parts of it"
)]
pub(crate) struct TerminalError {
    index: i64,
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

    /// Counts the digits of F(index), and asks if they are too many.
    pub(super) fn allow(&mut self, index: i64, digits: u64) -> Result<(), TerminalError> {
        let Some(left) = self.digits_left else { return Ok(()) };
        self.digits_left = left.checked_sub(digits);
        let question = format!("F({index}) has {digits} digits. Print them on this terminal?");
        if self.digits_left.is_some() || is_confirmed(&question) {
            return Ok(());
        }
        Err(TerminalError { index, digits })
    }
}

/// Returns whether a text may be printed on standard output: after a question if it is long and that is a terminal.
pub(super) fn is_text_allowed(text: &str) -> bool {
    let length = text.len() as u64;
    length <= MAX_DIGITS
        || !io::stdout().is_terminal()
        || is_confirmed(&format!("The answer has {length} characters. Print them on this terminal?"))
}

fn is_confirmed(question: &str) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    let question = format!("{question} [y/N] ");
    let mut answer = String::new();
    // Without a question and an answer, nothing is printed.
    io::stderr().write_all(question.as_bytes()).and_then(|()| io::stdin().read_line(&mut answer)).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}
