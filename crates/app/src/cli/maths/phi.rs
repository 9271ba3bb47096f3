use clap::{Args, value_parser};
use fibonacci::MAX_PHI_DIGITS;

use super::{Answer, AnswerError, print_answer};

/// Print the golden ratio φ with PLACES decimal places, or F(N+1)/F(N), which tends to it; cut off, not rounded.
#[derive(Args, Debug)]
pub(crate) struct PhiCommand {
    /// Decimal places, up to 1,000,000.
    #[arg(value_name = "PLACES", default_value_t = 50, value_parser = value_parser!(u32).range(..=i64::from(MAX_PHI_DIGITS)))]
    places: u32,

    /// Print F(N+1)/F(N) instead.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    ratio: Option<u64>,

    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

impl PhiCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let answer = match self.ratio {
            None => Answer::default().with("phi", fibonacci::phi_digits(self.places)),
            Some(n) => {
                let ratio = fibonacci::ratio_digits(n, self.places);
                let ratio = ratio.ok_or_else(|| AnswerError::Argument("expected N above 0".to_owned()))?;
                Answer::default().with("ratio", ratio)
            }
        };
        print_answer(answer, self.json)
    }
}
