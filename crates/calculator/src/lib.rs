//! Computes the subjects of calculations, and estimates what that costs.

use std::num::NonZero;
use std::time::Duration;

use fibonacci::{
    Control, Decimal, Error, Estimate, GoldenRatio, IBig, KbonacciTerm, LucasParameters, ResiduePeriod, SequenceError,
    Term,
};
use model::Subject;

/// Estimates what [`compute`] takes for a subject. The digits are exact for F(n) and φ, and otherwise an upper bound that is
/// mostly exact.
///
/// # Cost
/// Under a tenth of a millisecond.
///
/// # Example
/// ```
/// assert_eq!(calculator::estimate(&"L(1000)".parse()?).digits, 209);
/// # Ok::<(), model::SubjectError>(())
/// ```
pub fn estimate(subject: &Subject) -> Estimate {
    match task(subject) {
        Ok(Work::Fibonacci(n)) => fibonacci::estimate(n),
        Ok(Work::Term(term)) => term.estimate(),
        Ok(Work::Kbonacci(term)) => term.estimate(),
        Ok(Work::GoldenRatio(ratio)) => ratio.estimate(),
        Ok(Work::Period { m, .. }) => Estimate {
            // π(m) is at most 6m, and α(m) at most 2m.
            digits: u64::from(m.ilog10()) + 2,
            memory_bytes: 1 << 16,
            work: fibonacci::price::period(m.get()),
        },
        // No subject that was parsed is a fraction, or adds more terms than there may be.
        Err(_) => Estimate { digits: u64::MAX, memory_bytes: u64::MAX, work: Duration::MAX },
    }
}

/// Computes a subject. Blocks the thread.
///
/// # Errors
/// Those of [`fibonacci::nth_with`], [`Term::compute`] and [`fibonacci::period_with`].
///
/// # Example
/// ```
/// let value = calculator::compute(&"U(3,-1,10)".parse()?, &fibonacci::Control::none())?;
/// assert_eq!(value.to_string(), "42837");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compute(subject: &Subject, control: &Control<'_>) -> Result<Decimal, Error> {
    match task(subject) {
        Ok(Work::Fibonacci(n)) => fibonacci::nth_with(n, control),
        Ok(Work::Term(term)) => term.compute(control),
        Ok(Work::Kbonacci(term)) => term.compute(control),
        Ok(Work::GoldenRatio(ratio)) => ratio.compute(control),
        Ok(Work::Period { m, part }) => {
            let period = fibonacci::period_with(m.get(), control)?.map(part);
            Ok((&period.unwrap_or_default()).into())
        }
        Err(_) => Err(Error::OutOfMemory { needed_bytes: u64::MAX }),
    }
}

/// The function that computes a subject, with its arguments.
enum Work {
    Fibonacci(i64),
    Term(Term),
    Kbonacci(KbonacciTerm),
    GoldenRatio(GoldenRatio),
    Period { m: NonZero<u128>, part: fn(ResiduePeriod) -> IBig },
}

fn task(subject: &Subject) -> Result<Work, SequenceError> {
    let parameters = |p: i64, q: i64| LucasParameters { p: p.into(), q: q.into() };
    Ok(match *subject {
        Subject::Fibonacci(n) => Work::Fibonacci(n.get()),
        Subject::Lucas(n) => Work::Term(Term::lucas(n.get())),
        Subject::U { p, q, n } => Work::Term(Term::u(parameters(p, q), n.get())?),
        Subject::V { p, q, n } => Work::Term(Term::v(parameters(p, q), n.get())?),
        Subject::Seeded { a, b, n } => Work::Term(Term::seeded(a.into(), b.into(), n.get())),
        Subject::Kbonacci { k, n } => Work::Kbonacci(KbonacciTerm::new(k.into(), n.get())?),
        Subject::GoldenRatio(places) => Work::GoldenRatio(GoldenRatio::new(places.magnitude())),
        Subject::PisanoPeriod(m) => Work::Period { m, part: |period| period.pisano_period.into() },
        Subject::EntryPoint(m) => Work::Period { m, part: |period| period.entry_point.into() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_computed_within_their_estimated_digits() {
        for (subject, expected) in [
            ("F(-8)", "-21"),
            ("L(10)", "123"),
            ("V(2,-1,10)", "6726"),
            ("G(3,4,-5)", "-4"),
            ("T(3,10)", "81"),
            ("T(2,-8)", "-21"),
            ("Phi(0)", "1"),
            ("Phi(20)", "161803398874989484820"),
            ("P(1)", "1"),
            ("P(10)", "60"),
            ("P(1000)", "1500"),
            ("A(1000)", "750"),
            ("P(100000000000000000000)", "150000000000000000000"),
        ] {
            let subject: Subject = subject.parse().expect("a subject");
            let value = compute(&subject, &Control::none()).expect("it is small");
            assert_eq!(value.to_string(), expected);
            assert!(estimate(&subject).digits >= value.digits(), "{subject}");
        }
    }
}
