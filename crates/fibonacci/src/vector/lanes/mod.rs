//! Eight numbers at a time: the only module with `unsafe` code in it.
//!
//! [`Lanes`] is what the vector kernel needs of a processor. `Avx512` and `Avx2` are its implementations
//! by instructions of x86-64, `Neon` by those of ARM; tests have another in plain numbers. A value of the
//! first three exists only where the processor was found to have the instructions, so that calling them is
//! sound.
//!
//! Everything generic over [`Lanes`] is `#[inline(always)]` and starts from a [`Task`], which
//! [`Lanes::run`] compiles for the instructions. A call that is not inlined would be correct, and ten
//! times slower; so no closure and no iterator adaptor stands around an operation on vectors.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(test)]
pub(crate) mod bounds;
mod memory;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(test)]
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use memory::{Points, prepare_pages, zeroed};
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;
#[cfg(test)]
pub(crate) use portable::Portable;

/// Eight points of a transform, which fill a line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Octet(pub(crate) [f64; 8]);

/// Eight limbs: balanced ones are the bits of an `i64`.
pub(crate) type LimbOctet = [u64; 8];

/// 1.5·2⁵²: adding and subtracting it rounds |x| ≤ 2⁵¹ to an integer, ties to even.
pub(crate) const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// 10¹⁸.
const LIMB: i64 = crate::limbs::LIMB as i64;

/// Work to be compiled for the instructions of some lanes.
pub(crate) trait Task {
    /// The result.
    type Output;
    /// Does the work. Implementations are `#[inline(always)]`.
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// Arithmetic on eight lanes.
///
/// Real lanes hold integers below 2⁵³ in magnitude, so that sums of them are exact.
pub(crate) trait Lanes: Copy + Send + Sync + 'static {
    /// Eight `f64`.
    type Reals: Copy;
    /// Eight `i64`.
    type Words: Copy;

    /// Does `task`, compiled for these lanes.
    fn run<T: Task>(self, task: T) -> T::Output;

    fn splat(self, x: f64) -> Self::Reals;
    fn load(self, from: &[f64; 8]) -> Self::Reals;
    fn store(self, to: &mut [f64; 8], x: Self::Reals);
    fn add(self, a: Self::Reals, b: Self::Reals) -> Self::Reals;
    fn sub(self, a: Self::Reals, b: Self::Reals) -> Self::Reals;
    fn mul(self, a: Self::Reals, b: Self::Reals) -> Self::Reals;
    /// a·b + c, rounded once.
    fn mul_add(self, a: Self::Reals, b: Self::Reals, c: Self::Reals) -> Self::Reals;
    /// c − a·b, rounded once.
    fn sub_mul(self, a: Self::Reals, b: Self::Reals, c: Self::Reals) -> Self::Reals;
    /// Exchanges rows and columns.
    fn transpose(self, x: &mut [Self::Reals; 8]);

    /// Signed limbs x as (h, l) with x = 2³²·h + l, 0 ≤ l < 2³².
    fn split_limbs(self, from: &LimbOctet) -> (Self::Reals, Self::Reals);
    fn store_limbs(self, to: &mut LimbOctet, x: Self::Words);
    fn load_limbs(self, from: &LimbOctet) -> Self::Words;
    /// x as integers, for |x| < 2⁵¹.
    fn to_integers(self, x: Self::Reals) -> Self::Words;
    fn add_integers(self, a: Self::Words, b: Self::Words) -> Self::Words;
    /// 10¹²·x for |x| < 2²⁵, so that it is exact: 10¹² has 28 binary digits before its zeros.
    fn to_integers_times_ten_to_12(self, x: Self::Reals) -> Self::Words;
    /// The last lane of `before`, then the first seven of `x`.
    fn shift_1(self, before: Self::Words, x: Self::Words) -> Self::Words;
    /// The last two lanes of `before`, then the first six of `x`.
    fn shift_2(self, before: Self::Words, x: Self::Words) -> Self::Words;
    /// (x − 10¹⁸·c, c), where c is 1 for x ≥ `end`, −1 for x < `start`, and else 0.
    fn wrap(self, x: Self::Words, start: i64, end: i64) -> (Self::Words, Self::Words);
    /// Whether a lane is not in `start..end`.
    fn any_outside(self, x: Self::Words, start: i64, end: i64) -> bool;

    /// A number that is ≡ a·w modulo p, given w·(1/p) as `scaled`; the bound is that of [`Field`].
    ///
    /// [`Field`]: crate::vector::field::Field
    #[inline(always)]
    fn times(self, a: Self::Reals, w: Self::Reals, scaled: Self::Reals, p: Self::Reals) -> Self::Reals {
        let rounder = self.splat(ROUNDER);
        let high = self.mul(a, w);
        let quotient = self.sub(self.mul_add(a, scaled, rounder), rounder);
        let low = self.sub_mul(a, w, high);
        self.sub(self.sub_mul(quotient, p, high), low)
    }

    /// A number that is ≡ a·b modulo p, given 1/p.
    #[inline(always)]
    fn product(self, a: Self::Reals, b: Self::Reals, p: Self::Reals, inverse: Self::Reals) -> Self::Reals {
        let rounder = self.splat(ROUNDER);
        let high = self.mul(a, b);
        let quotient = self.sub(self.mul_add(high, inverse, rounder), rounder);
        let low = self.sub_mul(a, b, high);
        self.sub(self.sub_mul(quotient, p, high), low)
    }

    /// A number that is ≡ a modulo p, given 1/p.
    #[inline(always)]
    fn reduce(self, a: Self::Reals, p: Self::Reals, inverse: Self::Reals) -> Self::Reals {
        let rounder = self.splat(ROUNDER);
        let quotient = self.sub(self.mul_add(a, inverse, rounder), rounder);
        self.sub_mul(quotient, p, a)
    }

    /// (d, c) with x = 10⁶·c + d and |d| ≤ 500 001, for |x| < 2⁵¹.
    ///
    /// The quotient is off by less than 1/2 + 2⁵¹·10⁻⁶·2⁻⁵² before it is an integer.
    #[inline(always)]
    fn split_digits(self, x: Self::Reals) -> (Self::Reals, Self::Reals) {
        let rounder = self.splat(ROUNDER);
        let carry = self.sub(self.mul_add(x, self.splat(1e-6), rounder), rounder);
        (self.sub_mul(carry, self.splat(1e6), x), carry)
    }
}
