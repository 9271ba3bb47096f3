//! Which Fibonacci and Lucas numbers are prime, and how that is known.

use std::time::Duration;

use dashu_int::ops::BitTest;
use fibonacci::{
    FIBONACCI_PRIME_INDEXES, IBig, KnownPrimality, LUCAS_PRIME_INDEXES, Primality, PrimalityMethod as Method,
    PrimalitySource as Source, price,
};
use wire::{KnownPrime, KnownPrimes, PrimalityBody, PrimalityMethodBody};

use crate::family::Family;
use crate::{Measure, Question, QuestionError, Size};

/// The primality of F(n) or L(n).
#[derive(Clone, Debug)]
pub struct PrimalityQuestion {
    /// The kind of number.
    pub family: Family,
    /// The index.
    pub n: IBig,
}

impl Question for PrimalityQuestion {
    type Answer = PrimalityBody;

    fn size(&self) -> Size {
        Size { argument: "n", measure: Measure::Digits, given: self.n.bit_len() as u128 }
    }

    fn price_at(&self, _: u128) -> Duration {
        price::primality()
    }

    fn answer(&self) -> Result<PrimalityBody, QuestionError> {
        let known = known(self.family, self.n.clone());
        let reason = match (known.primality, known.method) {
            (Primality::Neither, _) => "The value is 0 or 1.",
            (Primality::Prime, _) => "Its index is in the table of known primes, with a proof.",
            (Primality::ProbablePrime, _) => {
                "Its index is in the table of known primes: it passes tests, the table has no proof."
            }
            (Primality::Composite, Method::Divisor) => {
                "Its index is composite, so that a smaller number of the same kind divides it."
            }
            (Primality::Composite, _) => {
                "Every index to 50,000 was tested, and this one is not in the table of primes."
            }
            (Primality::Unknown, _) => {
                "Its index is above 50,000, not in the table of known primes, and not known to rule it out."
            }
        };
        Ok(PrimalityBody {
            subject: self.family.subject(&self.n),
            index: self.n.to_string(),
            primality: primality_name(known.primality).to_owned(),
            reason: reason.to_owned(),
            method: primality_method(self.family, &self.n, known),
        })
    }
}

fn known(family: Family, n: impl Into<IBig>) -> KnownPrimality {
    match family {
        Family::Fibonacci => fibonacci::known_fibonacci_primality(n),
        Family::Lucas => fibonacci::known_lucas_primality(n),
    }
}

/// Returns the name of a primality in JSON.
pub fn primality_name(primality: Primality) -> &'static str {
    match primality {
        Primality::Neither => "neither",
        Primality::Prime => "prime",
        Primality::ProbablePrime => "probable_prime",
        Primality::Composite => "composite",
        Primality::Unknown => "unknown",
    }
}

/// Returns how the primality of F(n) or L(n) is known.
pub fn primality_method(family: Family, n: &IBig, known: KnownPrimality) -> PrimalityMethodBody {
    let (_, magnitude) = n.clone().into_parts();
    let n = IBig::from(magnitude);
    let value = match family {
        Family::Fibonacci => format!("fibonacci({n})"),
        Family::Lucas => format!("fibonacci({}) + fibonacci({})", &n - 1, &n + 1),
    };
    let source = known.source.map(|source| match source {
        Source::Abaci => "tests of Abaci, by is_prime of the crate fibonacci",
        Source::PariGp => "PARI/GP 2.15.2, run for Abaci",
        Source::PrimePages if family == Family::Fibonacci => "The Prime Pages, top twenty, Fibonacci number",
        Source::PrimePages => "The Prime Pages, glossary, Lucas prime",
        Source::DubnerKeller => "Dubner and Keller, New Fibonacci and Lucas primes, 1999",
        Source::OeisFibonacci => "OEIS A001605, which does not name the tests",
    });
    let pari_gp = match (known.method, known.source) {
        (Method::DeterministicTest, _) => Some(format!("isprime({value})")),
        (Method::EllipticCurves, Some(Source::PariGp)) => Some(format!("primecertisvalid(primecert({value}))")),
        (Method::CompositenessTest, _) | (Method::ProbablePrimeTest, Some(Source::PariGp)) => {
            Some(format!("ispseudoprime({value})"))
        }
        _ => None,
    };
    PrimalityMethodBody { name: method_name(known.method).to_owned(), source: source.map(str::to_owned), pari_gp }
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::ZeroOrOne => "zero_or_one",
        Method::DeterministicTest => "deterministic_test",
        Method::EllipticCurves => "elliptic_curves",
        Method::Cyclotomy => "cyclotomy",
        Method::PublishedProof => "published_proof",
        Method::ProbablePrimeTest => "probable_prime_test",
        Method::CompositenessTest => "compositeness_test",
        Method::Divisor => "divisor",
        Method::None => "none",
    }
}

/// Returns the table of known primes.
pub fn known_primes(family: Family) -> KnownPrimes {
    let (indexes, source): (&[u32], _) = match family {
        Family::Fibonacci => (
            &FIBONACCI_PRIME_INDEXES,
            "OEIS A001605; tests: Dubner and Keller, New Fibonacci and Lucas primes, 1999; proofs: each by its method",
        ),
        Family::Lucas => (
            &LUCAS_PRIME_INDEXES,
            "OEIS A001606; tests: Dubner and Keller, New Fibonacci and Lucas primes, 1999; proofs: each by its method",
        ),
    };
    let prime = |&index: &u32| {
        let known = known(family, index);
        KnownPrime {
            index,
            proven: known.primality == Primality::Prime,
            method: primality_method(family, &index.into(), known),
        }
    };
    KnownPrimes {
        family: family.name().to_owned(),
        tested_to: fibonacci::PRIMES_TESTED_TO,
        primes: indexes.iter().map(prime).collect(),
        source: source.to_owned(),
    }
}
