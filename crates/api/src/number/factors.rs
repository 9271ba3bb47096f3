//! Small primes that divide F(n), and the divisors of n.

use std::sync::LazyLock;

use fibonacci::{IBig, UBig};
use wire::PrimeFactor;

const MAX_PRIME: u64 = 1_000;
const MAX_DIVISORS: u32 = 256;
const MAX_COFACTOR_DIGITS: usize = 60;

/// The primes below [`MAX_PRIME`] with their ranks, found once: that takes longer than all other facts.
static RANKS: LazyLock<Vec<(u64, UBig)>> = LazyLock::new(|| {
    let primes = (2..MAX_PRIME).filter(|&prime| fibonacci::is_prime(prime.into()));
    primes.filter_map(|prime| Some((prime, fibonacci::period(prime.into())?.entry_point))).collect()
});

/// Returns the primes below [`MAX_PRIME`] that divide F(n), for n ≠ 0.
pub(super) fn prime_factors(n: &IBig) -> Vec<PrimeFactor> {
    let magnitude = n.clone().into_parts().1;
    let dividing = RANKS.iter().filter(|(_, rank)| (&magnitude % rank).is_zero());
    dividing
        .map(|(prime, rank)| PrimeFactor {
            prime: prime.to_string(),
            exponent: exponent(&magnitude, *prime),
            rank: rank.to_string(),
        })
        .collect()
}

/// Returns the exponent of a prime that divides F(n).
///
/// Lifting the exponent: 2 has a rule of its own, and no F(rank) of a prime this small is divisible by its square.
fn exponent(n: &UBig, prime: u64) -> u64 {
    let in_index = n.clone().remove(&prime.into()).unwrap_or_default() as u64;
    match prime {
        2 => fibonacci::valuation_of_2(IBig::from(n.clone())).unwrap_or_default(),
        5 => in_index,
        _ => 1 + in_index,
    }
}

/// Returns what is left of the value when the factors are divided out, unless it is long.
pub(super) fn cofactor(value: &str, prime_factors: &[PrimeFactor]) -> Option<String> {
    let mut rest: UBig = value.trim_start_matches('-').parse().ok()?;
    for factor in prime_factors {
        rest /= factor.prime.parse::<UBig>().ok()?.pow(usize::try_from(factor.exponent).ok()?);
    }
    Some(rest.to_string()).filter(|rest| rest.len() <= MAX_COFACTOR_DIGITS)
}

/// Returns the divisors of n, ascending; `None` if there are more than [`MAX_DIVISORS`], or for 0.
pub(super) fn divisors(n: u64) -> Option<Vec<String>> {
    let count: u32 = fibonacci::factorize(n.into()).iter().map(|(_, exponent)| exponent + 1).product();
    (n > 0 && count <= MAX_DIVISORS).then(|| fibonacci::divisors(n.into()).iter().map(u128::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponents_are_the_highest_powers_that_divide() {
        for n in 1..=150_u64 {
            let value: UBig = fibonacci::nth(n.cast_signed()).expect("small").to_string().parse().expect("digits");
            for factor in prime_factors(&n.into()) {
                let power: UBig = factor.prime.parse::<UBig>().expect("a prime").pow(factor.exponent as usize);
                let next = &power * factor.prime.parse::<UBig>().expect("a prime");
                assert!((&value % power).is_zero() && !(&value % next).is_zero(), "{factor:?} of F({n})");
            }
        }
    }
}
