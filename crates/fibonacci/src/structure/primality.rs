//! How it is known whether a number is prime.

/// The known primality of |F(n)| or |L(n)|.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Primality {
    /// Neither prime nor composite: F(0) = 0, or 1.
    Neither,
    /// Proven prime.
    Prime,
    /// Passes tests that hardly any composite number passes; there is no proof.
    ProbablePrime,
    /// Composite: n is, so that a smaller number divides it, or a test found it so.
    Composite,
    /// Not in the tables, and its index does not rule it out.
    Unknown,
}

/// The method by which a primality is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrimalityMethod {
    /// The value is 0 or 1.
    ZeroOrOne,
    /// A test that is a proof for numbers below 2⁶⁴: [`is_prime`](crate::is_prime).
    DeterministicTest,
    /// A proof by elliptic curves (ECPP).
    EllipticCurves,
    /// A proof by cyclotomy.
    Cyclotomy,
    /// A proof whose method only the source has.
    PublishedProof,
    /// A test that primes pass, and hardly any composite number; that of Baillie–PSW if the source is
    /// [`PrimalitySource::PariGp`], otherwise tests that the source does not name.
    ProbablePrimeTest,
    /// A test that primes pass, and this number does not.
    CompositenessTest,
    /// A smaller number of the same kind divides it, because of a divisor of its index.
    Divisor,
    /// Nothing is known.
    None,
}

/// Who proved or tested it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrimalitySource {
    /// This library, in its tests.
    Abaci,
    /// PARI/GP 2.15.2, with `crates/fibonacci/tests/tables/primality.gp`.
    PariGp,
    /// The Prime Pages: "Fibonacci number" of the top twenty, "Lucas prime" of the glossary.
    PrimePages,
    /// H. Dubner, W. Keller, "New Fibonacci and Lucas primes", Mathematics of Computation 68 (1999), with the earlier
    /// searches that it reports.
    DubnerKeller,
    /// OEIS A001605, which says that its larger entries may be probable primes only.
    OeisFibonacci,
}

/// What is known of whether a number is prime, by which method, from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPrimality {
    /// What is known.
    pub primality: Primality,
    /// How.
    pub method: PrimalityMethod,
    /// From where; `None` if the index alone decides.
    pub source: Option<PrimalitySource>,
}

impl KnownPrimality {
    pub(super) fn prime(method: PrimalityMethod, source: PrimalitySource) -> Self {
        Self { primality: Primality::Prime, method, source: Some(source) }
    }

    pub(super) fn probable(source: PrimalitySource) -> Self {
        let method = PrimalityMethod::ProbablePrimeTest;
        Self { primality: Primality::ProbablePrime, method, source: Some(source) }
    }

    pub(super) fn tested_composite() -> Self {
        let (method, source) = (PrimalityMethod::CompositenessTest, Some(PrimalitySource::DubnerKeller));
        Self { primality: Primality::Composite, method, source }
    }

    pub(super) fn divisor() -> Self {
        Self { primality: Primality::Composite, method: PrimalityMethod::Divisor, source: None }
    }

    pub(super) fn zero_or_one() -> Self {
        Self { primality: Primality::Neither, method: PrimalityMethod::ZeroOrOne, source: None }
    }

    pub(super) fn unknown() -> Self {
        Self { primality: Primality::Unknown, method: PrimalityMethod::None, source: None }
    }
}
