//! Exact arithmetic modulo a prime, for constants.

/// a·b mod m.
pub(crate) const fn multiply(a: u64, b: u64, m: u64) -> u64 {
    (a as u128 * b as u128 % m as u128) as u64
}

/// aᵉ mod m.
pub(crate) const fn power(mut a: u64, mut exponent: u64, m: u64) -> u64 {
    let mut power = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = multiply(power, a, m);
        }
        a = multiply(a, a, m);
        exponent >>= 1;
    }
    power
}

/// 1/a mod m, for a prime m.
pub(crate) const fn invert(a: u64, m: u64) -> u64 {
    power(a % m, m - 2, m)
}

/// a/2ᵏ mod m, for an odd m: k halvings take far less time than an inversion.
pub(crate) fn halve(a: u64, k: u32, m: u64) -> u64 {
    (0..k).fold(a, |a, _| if a.is_multiple_of(2) { a / 2 } else { (a + m) / 2 })
}

/// The residue of least magnitude.
pub(crate) const fn balanced(a: u64, m: u64) -> f64 {
    if a > m / 2 { -((m - a) as f64) } else { a as f64 }
}
