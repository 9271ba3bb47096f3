//! `abaci verify FILE N`.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use fibonacci::{Verification, Verifier};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::{Answer, AnswerError, print_answer};
use crate::cli::number::{BigIndex, within};
use crate::cli::progress_bar::{show, show_bytes};

/// Check that a file is F(N): its digits modulo random 61-bit primes, their number, and the first and last 50.
///
/// The residues are computed without the algorithm that computes values, so this is an independent check; a wrong
/// file passes three primes with a chance below 10^-27. A newline at the end is allowed. The exit code is 1 if the
/// file is not F(N), and what differs is printed; also where, if F(N) is computed within seconds. If standard error is a
/// terminal, a progress bar is shown.
#[derive(Args, Debug)]
pub(crate) struct VerifyCommand {
    /// File with the decimal digits, or `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Index: a whole number, also as 1e6, 10^6 or 2^20+1.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    n: BigIndex,

    /// Number of primes, from 1 to 64.
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = within(1_u8..=64))]
    primes: u8,

    /// Print a JSON object.
    #[arg(long)]
    json: bool,
}

const BLOCK_BYTES: usize = 1 << 20;
/// F(N) is computed to find the first difference if it takes no longer.
const LONGEST_COMPARISON: Duration = Duration::from_secs(10);

impl VerifyCommand {
    pub(crate) fn run(self) -> Result<(), AnswerError> {
        let primes = fibonacci::residue_primes(random_seed()?, self.primes.into());
        let verification = self.verification(&primes)?;
        let is_right = verification.is_right();
        let mut answer = answer(&verification, self.json);
        if !is_right && let Some(position) = self.first_difference()? {
            answer = answer.with("first_difference_at", position);
        }
        print_answer(answer, self.json)?;
        if is_right {
            Ok(())
        } else {
            Err(AnswerError::No(format!("{} is not F({})", self.file.display(), self.n.get())))
        }
    }

    /// Returns the position of the first byte, from 1, in which the file differs from F(N); `None` if the file cannot
    /// be read twice or F(N) takes too long.
    fn first_difference(&self) -> Result<Option<u64>, AnswerError> {
        let Some(index) = self.n.word().filter(|&index| fibonacci::estimate(index).work <= LONGEST_COMPARISON) else {
            return Ok(None);
        };
        let (false, Ok(value)) = (self.file == Path::new("-"), fibonacci::nth(index)) else { return Ok(None) };
        let failed = |source| AnswerError::Input { path: self.file.clone(), source };
        let mut file = BufReader::new(File::open(&self.file).map_err(failed)?).bytes();
        for (position, expected) in (1..).zip(value.chunks(BLOCK_BYTES).flatten()) {
            if file.next().transpose().map_err(failed)? != Some(expected) {
                return Ok(Some(position));
            }
        }
        Ok(Some(value.text_len() + 1))
    }

    fn verification(&self, primes: &[NonZeroU64]) -> Result<Verification, AnswerError> {
        let failed = |source| AnswerError::Input { path: self.file.clone(), source };
        let bar = ProgressBar::hidden();
        let input: Box<dyn Read> = if self.file == Path::new("-") {
            show(&bar, 0, "{spinner} {bytes} read  {bytes_per_sec}");
            Box::new(io::stdin())
        } else {
            let file = File::open(&self.file).map_err(failed)?;
            show_bytes(&bar, file.metadata().map_err(failed)?.len());
            Box::new(file)
        };
        let verifier = Verifier::new(self.n.get().clone(), primes).allow_newline();
        let verification = verify(verifier, bar.wrap_read(input)).map_err(failed);
        bar.finish_and_clear();
        verification
    }
}

fn verify(mut verifier: Verifier, mut input: impl Read) -> io::Result<Verification> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match input.read(&mut block) {
            Ok(0) => return Ok(verifier.finish()),
            Ok(length) => verifier.push(&block[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn random_seed() -> Result<u64, AnswerError> {
    getrandom::u64().map_err(|error| AnswerError::Input { path: "the random generator".into(), source: error.into() })
}

/// Everything as JSON; as text what differs, or what was compared.
fn answer(found: &Verification, as_json: bool) -> Answer {
    let mut answer = Answer::default().with("right", found.is_right());
    if let Some(position) = found.malformed_at {
        answer = answer.with("malformed_at", position);
    }
    let facts = [
        ("negative", found.negative.agrees(), json!(found.negative.expected), json!(found.negative.found)),
        (
            "digits",
            found.digits.agrees(),
            json!(found.digits.expected.to_string()),
            json!(found.digits.found.to_string()),
        ),
        ("first_digits", found.first.agrees(), json!(found.first.expected), json!(found.first.found)),
        ("last_digits", found.last.agrees(), json!(found.last.expected), json!(found.last.found)),
    ];
    for (name, agrees, expected, in_file) in facts {
        answer = answer.with(name, fact(agrees, expected, in_file, as_json));
    }
    let text = |residue: Option<u64>| residue.map_or(Value::Null, |residue| residue.to_string().into());
    let residues = found
        .residues
        .iter()
        .map(|(prime, residue)| (prime, residue.agrees(), text(residue.expected), text(residue.found)));
    if as_json {
        let residue = |(prime, _, expected, found): (&NonZeroU64, _, _, _)| json!({"prime": prime.to_string(), "expected": expected, "found": found});
        return answer.with("residues", residues.map(residue).collect::<Value>());
    }
    residues.fold(answer, |answer, (prime, agrees, expected, in_file)| {
        answer.with(format!("modulo {prime}"), fact(agrees, expected, in_file, false))
    })
}

fn fact(agrees: bool, expected: Value, found: Value, as_json: bool) -> Value {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (as_json, agrees) {
        (true, _) => json!({"expected": expected, "found": found}),
        (false, true) => text(&expected).into(),
        (false, false) => format!("expected {}, got {}", text(&expected), text(&found)).into(),
    }
}
