use clap::Args;
use fibonacci::UBig;
use serde_json::Value;

use super::numbers::number_text;
use super::{Answer, AnswerError, print_answer};

/// Print the indexes of the Fibonacci numbers that add up to N, no two of them neighbors, the largest first.
///
/// A number of a million digits takes about two seconds.
#[derive(Args, Debug)]
pub(crate) struct ZeckendorfCommand {
    /// Number in plain digits, or `-` to read it from standard input; with --back, indexes instead.
    #[arg(value_name = "N", required = true)]
    n: Vec<String>,

    /// Print the representation with the most numbers, in which no two neighbors are missing.
    #[arg(long, group = "form")]
    dual: bool,

    /// Print the representation by even indexes, each at most twice; up to 20,000 digits.
    #[arg(long, group = "form")]
    even: bool,

    /// Print the number that the indexes given as N stand for.
    #[arg(long, group = "form")]
    back: bool,

    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

/// The most digits of a number in even indexes, for which the time grows with the square.
const MAX_EVEN_DIGITS: usize = 20_000;
/// The largest index of a sum, of a number of two million digits.
const MAX_SUMMED_INDEX: u32 = 10_000_000;

impl ZeckendorfCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        if self.back {
            return self.print_sum();
        }
        let [argument] = <[String; 1]>::try_from(self.n)
            .map_err(|given| AnswerError::Argument(format!("expected one number, got {}", given.len())))?;
        let text = number_text(argument)?;
        if self.even && text.len() > MAX_EVEN_DIGITS {
            let allowed = format!("expected up to {MAX_EVEN_DIGITS} digits with --even, got {}", text.len());
            return Err(AnswerError::Argument(allowed));
        }
        let number = digits(&text)?;
        let (form, indexes) = if self.dual {
            ("dual", fibonacci::dual(&number))
        } else if self.even {
            ("even", fibonacci::even(&number))
        } else {
            ("zeckendorf", fibonacci::zeckendorf(&number))
        };
        let answer = if self.json { Answer::default().with_number("number", number) } else { Answer::default() };
        print_answer(answer.with(form, Value::from(indexes)), self.json)
    }

    fn print_sum(self) -> Result<(), AnswerError> {
        let mut indexes: Vec<u32> = Vec::new();
        for argument in self.n {
            for text in number_text(argument)?.split_whitespace() {
                let index = text.parse().ok().filter(|&index| index <= MAX_SUMMED_INDEX);
                indexes.push(index.ok_or_else(|| {
                    AnswerError::Argument(format!("expected an index from 0 to {MAX_SUMMED_INDEX}, got {text:?}"))
                })?);
            }
        }
        print_answer(Answer::default().with_number("number", fibonacci::from_indexes(&indexes)), self.json)
    }
}

fn digits(text: &str) -> Result<UBig, AnswerError> {
    if text.bytes().all(|byte| byte == b'0') && !text.is_empty() {
        return Ok(UBig::ZERO);
    }
    let wrong = || AnswerError::Argument("expected a number in plain digits".to_owned());
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { text.parse().map_err(|_| wrong()) } else { Err(wrong()) }
}
