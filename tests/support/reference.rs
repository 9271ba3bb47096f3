//! Reference values by other means than ours: short ones by another library, long ones by their residues.
//!
//! A residue is computed from the decimal text, so it checks every digit: a wrong text passes three independent
//! 61-bit primes with probability 2^-183.

use num_bigint::BigInt;

/// The three largest primes below 2^61.
pub(crate) const PRIMES: [u64; 3] = [(1 << 61) - 1, (1 << 61) - 31, (1 << 61) - 45];

/// Largest index whose whole text is compared.
const COMPARED_WHOLE: u64 = 2_000;

/// Returns whether a text is F(n) in decimal digits.
pub(crate) fn is_fibonacci(n: i64, text: &[u8]) -> bool {
    if n.unsigned_abs() <= COMPARED_WHOLE {
        return text == fibonacci(n).as_bytes();
    }
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let canonical = !digits.is_empty() && digits[0] != b'0' && digits.iter().all(u8::is_ascii_digit);
    canonical
        && negative == (n < 0 && n % 2 == 0)
        && PRIMES.iter().all(|&prime| residue_of_digits(digits, prime) == fibonacci_modulo(n.unsigned_abs(), prime))
}

/// Returns F(n) as decimal text, for |n| up to a million or so.
pub(crate) fn fibonacci(n: i64) -> String {
    let (mut a, mut b) = (BigInt::from(0), BigInt::from(1));
    for bit in (0..64).rev() {
        let c = &a * ((&b << 1u32) - &a);
        let d = &a * &a + &b * &b;
        (a, b) = if n.unsigned_abs() >> bit & 1 == 0 { (c, d) } else { (d.clone(), c + d) };
    }
    if n < 0 && n % 2 == 0 { (-a).to_string() } else { a.to_string() }
}

/// Returns F(n) mod p by doubling: F(2k) = F(k)·(2F(k+1) − F(k)), F(2k+1) = F(k)² + F(k+1)².
fn fibonacci_modulo(n: u64, prime: u64) -> u64 {
    let p = u128::from(prime);
    let (mut a, mut b) = (0_u128, 1_u128);
    for bit in (0..64).rev() {
        let doubled = a * ((2 * b + p - a) % p) % p;
        let next = (a * a % p + b * b % p) % p;
        (a, b) = if n >> bit & 1 == 0 { (doubled, next) } else { (next, (doubled + next) % p) };
    }
    a as u64
}

/// Returns a number mod p, from its digits.
fn residue_of_digits(digits: &[u8], prime: u64) -> u64 {
    digits.chunks(18).fold(0, |residue, chunk| {
        let value = chunk.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        let shift = 10_u128.pow(chunk.len() as u32);
        ((u128::from(residue) * shift + u128::from(value)) % u128::from(prime)) as u64
    })
}
