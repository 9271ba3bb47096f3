//! F(n) itself, for the small indexes whose value is cheaper than a bound of it.

use dashu_int::UBig;

/// Returns F(n).
pub(crate) fn fibonacci(n: u32) -> UBig {
    pair(n).0
}

/// Returns F(n) and F(n+1).
pub(crate) fn pair(n: u32) -> (UBig, UBig) {
    let (mut current, mut next) = (UBig::ZERO, UBig::ONE);
    for place in (0..u32::BITS - n.leading_zeros()).rev() {
        let even = &current * ((&next << 1) - &current);
        let odd = current.sqr() + next.sqr();
        (current, next) = if (n >> place) & 1 == 1 {
            let after = even + &odd;
            (odd, after)
        } else {
            (even, odd)
        };
    }
    (current, next)
}
