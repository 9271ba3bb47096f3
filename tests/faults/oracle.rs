//! F(n) by other means than ours: short ones by another library, long ones by their residues.
//!
//! A residue is read off the decimal text, so it says that this text, digit by digit, is F(n): a wrong
//! text passes three independent 61-bit primes with probability 2^-183.

use num_bigint::BigInt;

/// The three largest primes below 2^61.
const PRIMES: [u64; 3] = [(1 << 61) - 1, (1 << 61) - 31, (1 << 61) - 45];

/// Up to here the whole text is compared.
const SHORT: u64 = 2_000;

/// Whether a text is F(n) in decimal digits.
pub(crate) fn is_fibonacci(n: i64, text: &[u8]) -> bool {
    if n.unsigned_abs() <= SHORT {
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

/// F(n) as decimal text, for small |n|.
pub(crate) fn fibonacci(n: i64) -> String {
    let (mut a, mut b) = (BigInt::from(0), BigInt::from(1));
    for _ in 0..n.unsigned_abs() {
        (a, b) = (b.clone(), a + b);
    }
    if n < 0 && n % 2 == 0 { (-a).to_string() } else { a.to_string() }
}

/// F(n) mod p by doubling: F(2k) = F(k)·(2F(k+1) − F(k)), F(2k+1) = F(k)² + F(k+1)².
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

/// A number given by its digits, mod p.
fn residue_of_digits(digits: &[u8], prime: u64) -> u64 {
    digits.chunks(18).fold(0, |residue, chunk| {
        let value = chunk.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        let shift = 10_u128.pow(chunk.len() as u32);
        ((u128::from(residue) * shift + u128::from(value)) % u128::from(prime)) as u64
    })
}

#[test]
fn the_oracle_knows_published_values() {
    for (n, value) in
        [(0, "0"), (1, "1"), (2, "1"), (10, "55"), (100, "354224848179261915075"), (-8, "-21"), (-7, "13")]
    {
        assert_eq!(fibonacci(n), value);
    }
}

#[test]
fn residues_and_digits_agree_on_what_they_both_know() {
    for n in [2_001, 2_002, -2_001, -2_002, 5_000] {
        let text = fibonacci(n);
        assert!(is_fibonacci(n, text.as_bytes()), "F({n})");
        assert!(!is_fibonacci(n + 1, text.as_bytes()));
        assert!(!is_fibonacci(-n, text.as_bytes()) || n % 2 != 0, "the sign counts");
        let mut damaged = text.into_bytes();
        let middle = damaged.len() / 2;
        damaged[middle] = b'0' + (damaged[middle] - b'0' + 1) % 10;
        assert!(!is_fibonacci(n, &damaged), "one wrong digit is noticed");
    }
}

#[test]
fn the_moduli_are_prime() {
    // These bases decide it for every 64-bit number.
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    let power = |base: u64, mut exponent: u64, modulus: u64| {
        let (mut result, mut square) = (1_u128, u128::from(base));
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result * square % u128::from(modulus);
            }
            square = square * square % u128::from(modulus);
            exponent >>= 1;
        }
        result as u64
    };
    let is_prime = |p: u64| {
        let twos = (p - 1).trailing_zeros();
        BASES.iter().all(|&base| {
            let mut x = power(base, (p - 1) >> twos, p);
            x == 1
                || (0..twos).any(|_| {
                    x == p - 1 || {
                        x = power(x, 2, p);
                        false
                    }
                })
        })
    };
    assert!(PRIMES.into_iter().all(is_prime));
    assert!(!is_prime((1 << 61) - 3));
}
