//! Answers for several numbers, a record each.

use std::io;

use answers::Question;
use clap::Args;

use super::AnswerError;
use super::answer::json;
use crate::cli::fib::Format;
use crate::cli::indexes::IndexInputError;
use crate::cli::stdout::print;
use crate::cli::terminal::TerminalGuard;

/// The form of records.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct ListArgs {
    /// Form of the output.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Print the JSON object that the API answers, for each number; the same as --format json.
    #[arg(long, conflicts_with = "format")]
    json: bool,

    /// Print more than a million characters on a terminal without asking.
    #[arg(long)]
    force: bool,
}

/// An answer in the forms of records.
pub(super) struct Record {
    /// The text on a line, or on several.
    pub(super) text: String,
    /// The columns: the number first, its value second.
    pub(super) columns: Vec<(&'static str, String)>,
}

/// Error for a record that was not printed.
enum ListError {
    Write(io::Error),
    Answer(AnswerError),
}

impl<E: Into<AnswerError>> From<E> for ListError {
    fn from(error: E) -> Self {
        Self::Answer(error.into())
    }
}

impl ListArgs {
    /// Answers the question of each number, and prints the answers as they come. Passes each on at once if
    /// `is_interactive`. A reader that closes early is not an error.
    pub(super) fn print_each<N, Q: Question>(
        self,
        mut numbers: impl Iterator<Item = Result<N, IndexInputError>>,
        is_interactive: bool,
        question: impl Fn(N) -> Result<Q, AnswerError>,
        record: impl Fn(Q::Answer) -> Record,
    ) -> Result<(), AnswerError> {
        let mut terminal = TerminalGuard::of_stdout(self.force);
        let (mut failure, mut is_first) = (None, true);
        let printed = print(|to| {
            let printed = numbers.try_for_each(|number| {
                let text = self.text(&question(number?)?, is_first, &record)?;
                is_first = false;
                if !terminal.allow_text(text.len() as u64) {
                    return Err(AnswerError::Terminal(text.len()).into());
                }
                to.write_all(text.as_bytes()).map_err(ListError::Write)?;
                if is_interactive { to.flush().map_err(ListError::Write) } else { Ok(()) }
            });
            printed.map_err(|error| match error {
                ListError::Write(error) => error,
                ListError::Answer(error) => {
                    failure = Some(error);
                    io::ErrorKind::Other.into()
                }
            })
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(printed?),
        }
    }

    /// Returns the record of an answer, with a newline.
    fn text<Q: Question>(
        self,
        question: &Q,
        is_first: bool,
        record: impl Fn(Q::Answer) -> Record,
    ) -> Result<String, AnswerError> {
        let answer = question.answer()?;
        let format = if self.json { Format::Json } else { self.format };
        if format == Format::Json {
            return Ok(json(&answer)? + "\n");
        }
        let Record { text, columns } = record(answer);
        let values: Vec<&str> = columns.iter().map(|(_, value)| value.as_str()).collect();
        Ok(match format {
            Format::Csv if is_first => {
                let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
                format!("{}\n{}\n", names.join(","), values.join(","))
            }
            Format::Csv => format!("{}\n", values.join(",")),
            Format::BFile => format!("{}\n", values.get(..2).unwrap_or(&values).join(" ")),
            Format::Lines | Format::Json => format!("{text}\n"),
        })
    }
}
