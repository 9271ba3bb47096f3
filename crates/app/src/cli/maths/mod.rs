//! Questions about Fibonacci numbers: a file for each subcommand.
//!
//! Each prints an answer as text or, with `--json`, as the JSON object of the API.

mod answer;
mod digits;
mod factors;
mod input;
mod is_fibonacci;
mod list;
mod lucas;
mod phi;
mod pisano;
mod polynomial;
mod primality;
mod verify;
mod wythoff;
mod zeckendorf;

pub(crate) use answer::{Answer, AnswerError, print_answer};
pub(crate) use digits::DigitsCommand;
pub(crate) use factors::{DivisorsCommand, FactorsCommand};
pub(crate) use is_fibonacci::IsFibonacciCommand;
pub(crate) use lucas::LucasCommand;
pub(crate) use phi::{ConvergentCommand, PhiCommand};
pub(crate) use pisano::PisanoCommand;
pub(crate) use polynomial::PolynomialCommand;
pub(crate) use primality::PrimalityCommand;
pub(crate) use verify::VerifyCommand;
pub(crate) use wythoff::{GoldenStringCommand, WythoffCommand};
pub(crate) use zeckendorf::ZeckendorfCommand;
