use clap::Args;
use fibonacci::Nearest;
use serde_json::Value;

use super::numbers::number_text;
use super::{Answer, AnswerError, print_answer};

/// Print which Fibonacci number N is, whether it is a Lucas number, and the Fibonacci numbers next to it.
///
/// The exit code is 1 if N is not a Fibonacci number. Numbers of millions of digits take seconds.
#[derive(Args, Debug)]
pub(crate) struct IsFibonacciCommand {
    /// Number in plain digits, or `-` to read it from standard input.
    #[arg(value_name = "N")]
    n: String,

    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

impl IsFibonacciCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let text = number_text(self.n)?;
        let index = fibonacci::index_of_fibonacci(&text)?;
        let lucas = fibonacci::index_of_lucas(&text)?;
        let neighbors = fibonacci::neighbors(&text)?;
        let nearest: Value = match neighbors.nearest {
            Nearest::Below => vec![neighbors.below],
            Nearest::Above => vec![neighbors.below + 1],
            Nearest::Both => vec![neighbors.below, neighbors.below + 1],
        }
        .into_iter()
        .map(|index| index.to_string())
        .collect();
        let optional = |index: Option<i64>| index.map_or(Value::Null, |index| index.to_string().into());
        let answer = Answer::default()
            .with("index", optional(index))
            .with("lucas_index", optional(lucas))
            .with_number("below", neighbors.below)
            .with_number("above", neighbors.below + 1)
            .with("nearest", nearest);
        print_answer(answer, self.json)?;
        match index {
            Some(_) => Ok(()),
            None => Err(AnswerError::No("not a Fibonacci number".to_owned())),
        }
    }
}
