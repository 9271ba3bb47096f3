//! The output of a subcommand.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use answers::{Question, QuestionError};
use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value};
use wire::PrimePower;

use crate::cli::indexes::IndexInputError;
use crate::cli::number::NumberArgumentError;
use crate::cli::stdout::{StdoutError, print};
use crate::cli::terminal::TerminalGuard;

/// The facts that answer a question, in order. Big numbers are text.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    facts: Vec<(Cow<'static, str>, Value)>,
}

/// The form of an answer.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct PrintArgs {
    /// Print the JSON object that the API answers.
    #[arg(long)]
    json: bool,

    /// Print more than a million characters on a terminal without asking.
    #[arg(long)]
    force: bool,
}

/// Error for a question that was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerError {
    /// The sequence has no value to deliver.
    #[error(transparent)]
    Sequence(#[from] fibonacci::SequenceError),
    /// The text is not a number, or its index cannot be checked.
    #[error(transparent)]
    Index(#[from] fibonacci::IndexOfError),
    /// The value was not delivered.
    #[error(transparent)]
    Value(fibonacci::Error),
    /// Not a number, or not one that is allowed.
    #[error(transparent)]
    Number(#[from] NumberArgumentError),
    /// An argument that must be changed.
    #[error("{0}")]
    Argument(String),
    /// The input cannot be read.
    #[error("cannot read {}", path.display())]
    Input {
        /// The path, `-` for standard input.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The arguments cannot be read.
    #[error(transparent)]
    Indexes(#[from] IndexInputError),
    /// The answer cannot be written as JSON.
    #[error("cannot write the answer as JSON")]
    Json(#[source] serde_json::Error),
    /// The answer is too long for a terminal.
    #[error("the answer has {0} characters, too many for a terminal; use a pipe, a file or --force")]
    Terminal(usize),
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The answer is no; it was printed.
    #[error("{0}")]
    No(String),
}

impl AnswerError {
    /// Returns whether an argument must be changed.
    pub(crate) fn is_wrong_argument(&self) -> bool {
        match self {
            Self::Sequence(_) | Self::Number(_) | Self::Argument(_) => true,
            Self::Index(error) => matches!(error, fibonacci::IndexOfError::Number(_)),
            Self::Value(_)
            | Self::Input { .. }
            | Self::Indexes(_)
            | Self::Json(_)
            | Self::Terminal(_)
            | Self::Stdout(_)
            | Self::No(_) => false,
        }
    }
}

impl From<QuestionError> for AnswerError {
    fn from(error: QuestionError) -> Self {
        match error {
            QuestionError::Sequence(error) => Self::Sequence(error),
            QuestionError::Index(error) => Self::Index(error),
            QuestionError::Value(error) => Self::Value(error),
            error @ (QuestionError::FactorIndex { .. } | QuestionError::Places { .. } | QuestionError::ZeroIndex) => {
                Self::Argument(error.to_string())
            }
        }
    }
}

impl Answer {
    /// Adds a fact.
    pub(crate) fn with(mut self, name: impl Into<Cow<'static, str>>, fact: impl Into<Value>) -> Self {
        self.facts.push((name.into(), fact.into()));
        self
    }

    /// Adds a big number, as text.
    pub(crate) fn with_number(self, name: impl Into<Cow<'static, str>>, number: impl ToString) -> Self {
        self.with(name, number.to_string())
    }

    /// Returns the names of the facts.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.facts.iter().map(|(name, _)| &**name).collect()
    }

    /// Returns the facts as text.
    pub(crate) fn values(&self) -> Vec<String> {
        self.facts.iter().map(|(_, fact)| plain(fact)).collect()
    }

    /// Returns the answer as JSON or as text, without a newline.
    pub(crate) fn render(self, as_json: bool) -> String {
        if as_json { self.json() } else { self.text() }
    }

    /// Returns the text: a single fact alone, several one a line after their names.
    fn text(&self) -> String {
        match &self.facts[..] {
            [(_, fact)] => plain(fact),
            facts => {
                let lines: Vec<String> = facts.iter().map(|(name, fact)| format!("{name}: {}", plain(fact))).collect();
                lines.join("\n")
            }
        }
    }

    fn json(self) -> String {
        let object: Map<String, Value> = self.facts.into_iter().map(|(name, fact)| (name.into_owned(), fact)).collect();
        Value::Object(object).to_string()
    }
}

fn plain(fact: &Value) -> String {
    match fact {
        Value::String(text) => text.clone(),
        Value::Array(facts) => facts.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// Prints the answer and a newline. A reader that closes early is not an error.
pub(crate) fn print_answer(answer: Answer, as_json: bool) -> Result<(), AnswerError> {
    print_line(answer.render(as_json), false)
}

/// Answers a question and prints it: as the JSON of the API, or as a text made from it.
pub(super) fn print_question<Q: Question>(
    question: &Q,
    form: PrintArgs,
    text: impl FnOnce(Q::Answer) -> String,
) -> Result<(), AnswerError> {
    print_body(question.answer()?, form, text)
}

/// Prints an answer as the JSON of the API, or as a text made from it.
pub(super) fn print_body<B: Serialize>(
    body: B,
    form: PrintArgs,
    text: impl FnOnce(B) -> String,
) -> Result<(), AnswerError> {
    print_line(if form.json { json(&body)? } else { text(body) }, form.force)
}

/// Returns an answer as JSON.
pub(super) fn json(body: &impl Serialize) -> Result<String, AnswerError> {
    serde_json::to_string(body).map_err(AnswerError::Json)
}

/// Returns the texts, a line each after its name.
pub(super) fn lines<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    facts.into_iter().map(|(name, fact)| format!("{name}: {fact}")).collect::<Vec<_>>().join("\n")
}

/// Returns the texts with spaces between them.
pub(super) fn spaced(texts: &[impl ToString]) -> String {
    texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Returns a prime power such as `2^3`.
pub(super) fn power(power: &PrimePower) -> String {
    match power.exponent {
        1 => power.prime.clone(),
        exponent => format!("{}^{exponent}", power.prime),
    }
}

fn print_line(mut text: String, is_forced: bool) -> Result<(), AnswerError> {
    if !TerminalGuard::of_stdout(is_forced).allow_text(text.len() as u64) {
        return Err(AnswerError::Terminal(text.len()));
    }
    text.push('\n');
    Ok(print(|to| to.write_all(text.as_bytes()))?)
}
