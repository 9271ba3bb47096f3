//! The Pisano period and the entry point.

use dashu_int::UBig;
use dashu_int::ops::Gcd;

use super::factorize;
use crate::control::Meter;
use crate::instant::residue_of;
use crate::{Control, Error};

/// The periods of the Fibonacci numbers modulo m.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResiduePeriod {
    /// The modulus m.
    pub modulus: u128,
    /// The prime factors of m with their exponents, see [`factorize`].
    pub factors: Vec<(u128, u32)>,
    /// π(m), the smallest k > 0 with F(k) ≡ 0 and F(k+1) ≡ 1 (mod m): from there on the residues repeat.
    pub pisano_period: UBig,
    /// α(m), the smallest k > 0 for which m divides F(k); m divides F(k) for multiples k of it only.
    pub entry_point: UBig,
    /// π(m)/α(m), the number of zeros in a period: 1, 2 or 4.
    pub zeros: u8,
}

/// Returns the Pisano period and the entry point of m, 1 for both if m = 1; `None` if m = 0.
///
/// # Cost
/// The factorizations of m and of p ± 1 for its prime factors p, see [`price::period`](crate::price::period).
///
/// # Source
/// D. D. Wall, "Fibonacci series modulo m" (American Mathematical Monthly 67, 1960): both are least common multiples
/// of those of the prime powers, and for a power pᵉ divide p^(e−1)·(p − 1) if p ≡ ±1 (mod 5), else p^(e−1)·2(p + 1),
/// but for 2 and 5. The divisor is found by residues modulo pᵉ, so that nothing is assumed about primes
/// with π(p²) = π(p).
///
/// # Example
/// ```
/// let period = fibonacci::period(1000).unwrap();
/// assert_eq!(period.pisano_period, 1500_u32.into());
/// assert_eq!(period.entry_point, 750_u32.into());
/// ```
pub fn period(m: u128) -> Option<ResiduePeriod> {
    period_with(m, &Control::none()).ok().flatten()
}

/// Does what [`period`] does, and reports its progress after each factorization.
///
/// # Errors
/// [`Error::Cancelled`] before the next factorization after the flag is raised. One may take most of the time.
///
/// # Example
/// ```
/// let period = fibonacci::period_with(1000, &fibonacci::Control::none())?;
/// assert_eq!(period, fibonacci::period(1000));
/// # Ok::<(), fibonacci::Error>(())
/// ```
pub fn period_with(m: u128, control: &Control<'_>) -> Result<Option<ResiduePeriod>, Error> {
    if m == 0 {
        return Ok(None);
    }
    let factors = factorize(m);
    // The factorization of m, and one for each of its prime factors.
    let mut meter = Meter::new(*control, 1 + factors.len() as u64);
    let (mut pisano_period, mut entry_point) = (UBig::ONE, UBig::ONE);
    for &(prime, exponent) in &factors {
        meter.advance(1)?;
        meter.look()?;
        let (period, entry) = of_prime_power(prime, exponent);
        pisano_period = least_common_multiple(&pisano_period, &period);
        entry_point = least_common_multiple(&entry_point, &entry);
    }
    meter.look()?;
    meter.finish();
    let zeros = u8::try_from(&pisano_period / &entry_point).unwrap_or_default();
    Ok(Some(ResiduePeriod { modulus: m, factors, pisano_period, entry_point, zeros }))
}

/// Returns π(pᵉ) and α(pᵉ).
fn of_prime_power(prime: u128, exponent: u32) -> (UBig, UBig) {
    let modulus = UBig::from(prime).pow(exponent as usize);
    // A multiple of the period, as the product of two numbers that are factored one by one.
    let (small, rest) = match prime {
        2 => (1_u8, 3),
        5 => (4, 5),
        _ if prime % 5 == 1 || prime % 5 == 4 => (1, prime - 1),
        // (p + 1)·2, and p + 1 fits: 2¹²⁸ − 1 is not prime.
        _ => (2, prime + 1),
    };
    let mut multiple = UBig::from(prime).pow(exponent as usize - 1) * small * rest;
    let mut primes: Vec<u128> = [prime, 2].into_iter().chain(factorize(rest).into_iter().map(|(p, _)| p)).collect();
    primes.sort_unstable();
    primes.dedup();
    let reduced = |start: &UBig, is_period: &dyn Fn(&UBig) -> bool| {
        let mut least = start.clone();
        for &prime in &primes {
            while (&least % prime) == 0 {
                let smaller = &least / prime;
                if !is_period(&smaller) {
                    break;
                }
                least = smaller;
            }
        }
        least
    };
    let is_zero = |k: &UBig| residue_of(k, &modulus).is_zero();
    multiple = reduced(&multiple, &|k| is_zero(k) && residue_of(&(k + UBig::ONE), &modulus).is_one());
    let entry = reduced(&multiple, &is_zero);
    (multiple, entry)
}

fn least_common_multiple(x: &UBig, y: &UBig) -> UBig {
    x / x.gcd(y) * y
}
