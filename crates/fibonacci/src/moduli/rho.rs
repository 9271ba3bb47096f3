//! A factor of a number of up to 64 bits, by Pollard's rho method.

use dashu_int::ops::Gcd;

/// Steps between two greatest common divisors.
const STEPS: u64 = 128;

/// Returns a factor, neither 1 nor n, of an odd composite n that is no power.
pub(super) fn split(n: u64) -> u64 {
    let mut sequence = RhoSequence { n, inverse: inverse(n), c: 1 };
    loop {
        if let Some(factor) = sequence.split() {
            return factor;
        }
        sequence.c += 1;
    }
}

/// The sequence x → x²/2⁶⁴ + c modulo n.
struct RhoSequence {
    n: u64,
    /// 1/n modulo 2⁶⁴.
    inverse: u64,
    c: u64,
}

impl RhoSequence {
    /// Returns a factor, or `None` if the sequence begins to repeat modulo all prime factors of n at once.
    fn split(&self) -> Option<u64> {
        let (mut y, mut length) = (2, 1);
        loop {
            let x = y;
            for _ in 0..length {
                y = self.next(y);
            }
            for done in (0..length).step_by(STEPS as usize) {
                let (start, mut product) = (y, 1);
                for _ in 0..STEPS.min(length - done) {
                    y = self.next(y);
                    product = self.product(product, x.abs_diff(y));
                }
                let factor = product.gcd(self.n);
                if factor == self.n {
                    return self.split_one_by_one(x, start);
                }
                if factor > 1 {
                    return Some(factor);
                }
            }
            length *= 2;
        }
    }

    /// Does the same with a greatest common divisor after each step, of which one is known to be above 1.
    fn split_one_by_one(&self, x: u64, mut y: u64) -> Option<u64> {
        loop {
            y = self.next(y);
            let factor = x.abs_diff(y).gcd(self.n);
            if factor > 1 {
                return (factor < self.n).then_some(factor);
            }
        }
    }

    fn next(&self, x: u64) -> u64 {
        let square = self.product(x, x);
        // The sum could have 65 bits.
        if square >= self.n - self.c { square - (self.n - self.c) } else { square + self.c }
    }

    /// Returns x·y/2⁶⁴ modulo n (P. L. Montgomery, "Modular multiplication without trial division", 1985).
    fn product(&self, x: u64, y: u64) -> u64 {
        let product = u128::from(x) * u128::from(y);
        let multiple = u128::from((product as u64).wrapping_mul(self.inverse)) * u128::from(self.n);
        let (high, is_negative) = ((product >> 64) as u64).overflowing_sub((multiple >> 64) as u64);
        if is_negative { high.wrapping_add(self.n) } else { high }
    }
}

/// Returns 1/n modulo 2⁶⁴ for an odd n.
fn inverse(n: u64) -> u64 {
    // An odd n is its own inverse modulo 8, and each step of Newton's method doubles the bits.
    (0..5).fold(n, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(inverse))))
}
