//! Small primes, and what is prime.

use std::sync::LazyLock;

use num_prime::PrimalityTestConfig;
use num_prime::buffer::{NaiveBuffer, PrimeBufferExt};

/// All smaller primes are divided by.
pub(super) const SMALL: u32 = 1 << 14;

/// Returns the primes below [`SMALL`].
pub(super) fn small_primes() -> &'static [u32] {
    static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
        let mut is_composite = [false; SMALL as usize];
        let is_prime = |&p: &usize| {
            if !is_composite[p] {
                (p * p..is_composite.len()).step_by(p).for_each(|multiple| is_composite[multiple] = true);
                return true;
            }
            false
        };
        (2..SMALL as usize).filter(is_prime).map(|p| p as u32).collect()
    });
    &PRIMES
}

/// Below this, a number that passes the strong test to the first thirteen prime bases is prime.
const PROVEN_BELOW: u128 = 3_317_044_064_679_887_385_961_981;

/// Returns whether p is prime: proven below 3.3·10²⁴, above by the Baillie–PSW test, which no composite number is known
/// to pass.
///
/// # Source
/// J. Sorenson and J. Webster, "Strong pseudoprimes to twelve prime bases" (Mathematics of Computation 86, 2017), for the
/// strong test to the bases 2, 3, … 41.
///
/// # Example
/// ```
/// assert!(fibonacci::is_prime((1 << 61) - 1));
/// ```
pub fn is_prime(p: u128) -> bool {
    let mut tests = PrimalityTestConfig::bpsw();
    if p < PROVEN_BELOW {
        (tests.sprp_trials, tests.slprp_test, tests.eslprp_test) = (13, false, false);
    }
    match u64::try_from(p) {
        Ok(p) => num_prime::nt_funcs::is_prime64(p),
        Err(_) => NaiveBuffer::new().is_prime(&p, Some(tests)).probably(),
    }
}
