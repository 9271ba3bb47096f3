//! Computes the subjects of calculations, and estimates what that costs.

use fibonacci::{Control, Decimal, Error, Estimate, LucasParameters, SequenceError, Term};
use model::Subject;

/// Estimates what [`compute`] takes for a subject. The digits are exact for F(n), and otherwise an upper bound that is
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
    match term(subject) {
        None => fibonacci::estimate(subject.index().get()),
        Some(Ok(term)) => term.estimate(),
        // No subject that was parsed is a fraction.
        Some(Err(_)) => Estimate { digits: u64::MAX, memory_bytes: u64::MAX, work: std::time::Duration::MAX },
    }
}

/// Computes a subject. Blocks the thread.
///
/// # Errors
/// Those of [`fibonacci::nth_with`] and [`Term::compute`].
///
/// # Example
/// ```
/// let value = calculator::compute(&"U(3,-1,10)".parse()?, &fibonacci::Control::none())?;
/// assert_eq!(value.to_string(), "42837");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compute(subject: &Subject, control: &Control<'_>) -> Result<Decimal, Error> {
    match term(subject) {
        None => fibonacci::nth_with(subject.index().get(), control),
        Some(Ok(term)) => term.compute(control),
        Some(Err(_)) => Err(Error::OutOfMemory { needed_bytes: u64::MAX }),
    }
}

/// Returns the term that a subject other than F(n) is.
fn term(subject: &Subject) -> Option<Result<Term, SequenceError>> {
    let parameters = |p: i64, q: i64| LucasParameters { p: p.into(), q: q.into() };
    let n = subject.index().get();
    match *subject {
        Subject::Fibonacci(_) => None,
        Subject::Lucas(_) => Some(Ok(Term::lucas(n))),
        Subject::U { p, q, .. } => Some(Term::u(parameters(p, q), n)),
        Subject::V { p, q, .. } => Some(Term::v(parameters(p, q), n)),
        Subject::Seeded { a, b, .. } => Some(Ok(Term::seeded(a.into(), b.into(), n))),
    }
}
