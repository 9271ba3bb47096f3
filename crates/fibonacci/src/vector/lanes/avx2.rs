//! Lanes of AVX2 and FMA: a vector is two registers.
#![expect(unsafe_code, reason = "vector instructions")]

use std::arch::x86_64::*;

use super::{LIMB, Lanes, LimbOctet, ROUNDER, Task};

/// The processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// Returns the lanes if the processor has them.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn compiled<T: Task>(lanes: Avx2, task: T) -> T::Output {
    task.run(lanes)
}

/// Calls an instruction.
macro_rules! vector {
    ($call:expr) => {
        // SAFETY: an `Avx2` exists only where the processor has the instructions, and whatever is read or
        // written is half of a reference to eight elements.
        unsafe { $call }
    };
}

#[derive(Clone, Copy)]
pub(crate) struct TwoReals(__m256d, __m256d);
#[derive(Clone, Copy)]
pub(crate) struct TwoWords(__m256i, __m256i);

/// 2⁵², and the bits of it: an integer below 2⁵² in the low bits makes the sum of both.
const TWO_TO_52: f64 = 4_503_599_627_370_496.0;

impl Avx2 {
    #[inline(always)]
    fn transpose_quarter(self, a: __m256d, b: __m256d, c: __m256d, d: __m256d) -> [__m256d; 4] {
        vector!({
            let (ab_even, ab_odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            let (cd_even, cd_odd) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
            [
                _mm256_permute2f128_pd::<0x20>(ab_even, cd_even),
                _mm256_permute2f128_pd::<0x20>(ab_odd, cd_odd),
                _mm256_permute2f128_pd::<0x31>(ab_even, cd_even),
                _mm256_permute2f128_pd::<0x31>(ab_odd, cd_odd),
            ]
        })
    }

    #[inline(always)]
    fn split_half(self, limbs: __m256i) -> (__m256d, __m256d) {
        vector!({
            // The sign bit turned over adds 2⁶³, so that the high half is not negative.
            let biased = _mm256_xor_si256(limbs, _mm256_set1_epi64x(i64::MIN));
            let exponent = _mm256_castpd_si256(_mm256_set1_pd(TWO_TO_52));
            let high = _mm256_or_si256(_mm256_srli_epi64::<32>(biased), exponent);
            let low = _mm256_blend_epi32::<0b1010_1010>(limbs, exponent);
            let bias = TWO_TO_52 + 2_147_483_648.0;
            (
                _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(bias)),
                _mm256_sub_pd(_mm256_castsi256_pd(low), _mm256_set1_pd(TWO_TO_52)),
            )
        })
    }

    #[inline(always)]
    fn half_to_integers(self, x: __m256d) -> __m256i {
        vector!({
            let rounder = _mm256_set1_pd(ROUNDER);
            _mm256_sub_epi64(_mm256_castpd_si256(_mm256_add_pd(x, rounder)), _mm256_castpd_si256(rounder))
        })
    }

    #[inline(always)]
    fn half_times_ten_to_12(self, x: __m256i) -> __m256i {
        // 10¹² = 2¹²·5¹², and 5¹² is below 2³¹, as is |x|.
        vector!(_mm256_slli_epi64::<12>(_mm256_mul_epi32(x, _mm256_set1_epi64x(244_140_625))))
    }

    #[inline(always)]
    fn wrap_half(self, x: __m256i, start: i64, end: i64) -> (__m256i, __m256i) {
        vector!({
            let limb = _mm256_set1_epi64x(LIMB);
            // All bits of a lane that compares are set: −1.
            let below = _mm256_cmpgt_epi64(_mm256_set1_epi64x(start), x);
            let above = _mm256_cmpgt_epi64(x, _mm256_set1_epi64x(end - 1));
            let x = _mm256_add_epi64(x, _mm256_and_si256(below, limb));
            let x = _mm256_sub_epi64(x, _mm256_and_si256(above, limb));
            (x, _mm256_sub_epi64(below, above))
        })
    }

    /// The last lane of `before`, then the first three of `x`.
    #[inline(always)]
    fn shift_half(self, before: __m256i, x: __m256i) -> __m256i {
        vector!({
            let turned = _mm256_permute4x64_epi64::<0b10_01_00_11>(x);
            let last = _mm256_permute4x64_epi64::<0b10_01_00_11>(before);
            _mm256_blend_epi32::<0b0000_0011>(turned, last)
        })
    }
}

impl Lanes for Avx2 {
    type Reals = TwoReals;
    type Words = TwoWords;

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        vector!(compiled(self, task))
    }

    #[inline(always)]
    fn splat(self, x: f64) -> TwoReals {
        vector!(TwoReals(_mm256_set1_pd(x), _mm256_set1_pd(x)))
    }

    #[inline(always)]
    fn load(self, from: &[f64; 8]) -> TwoReals {
        vector!(TwoReals(_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4))))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64; 8], x: TwoReals) {
        vector!({
            _mm256_storeu_pd(to.as_mut_ptr(), x.0);
            _mm256_storeu_pd(to.as_mut_ptr().add(4), x.1);
        });
    }

    #[inline(always)]
    fn add(self, a: TwoReals, b: TwoReals) -> TwoReals {
        vector!(TwoReals(_mm256_add_pd(a.0, b.0), _mm256_add_pd(a.1, b.1)))
    }

    #[inline(always)]
    fn sub(self, a: TwoReals, b: TwoReals) -> TwoReals {
        vector!(TwoReals(_mm256_sub_pd(a.0, b.0), _mm256_sub_pd(a.1, b.1)))
    }

    #[inline(always)]
    fn mul(self, a: TwoReals, b: TwoReals) -> TwoReals {
        vector!(TwoReals(_mm256_mul_pd(a.0, b.0), _mm256_mul_pd(a.1, b.1)))
    }

    #[inline(always)]
    fn mul_add(self, a: TwoReals, b: TwoReals, c: TwoReals) -> TwoReals {
        vector!(TwoReals(_mm256_fmadd_pd(a.0, b.0, c.0), _mm256_fmadd_pd(a.1, b.1, c.1)))
    }

    #[inline(always)]
    fn sub_mul(self, a: TwoReals, b: TwoReals, c: TwoReals) -> TwoReals {
        vector!(TwoReals(_mm256_fnmadd_pd(a.0, b.0, c.0), _mm256_fnmadd_pd(a.1, b.1, c.1)))
    }

    #[inline(always)]
    fn transpose(self, x: &mut [TwoReals; 8]) {
        let upper_left = self.transpose_quarter(x[0].0, x[1].0, x[2].0, x[3].0);
        let lower_left = self.transpose_quarter(x[4].0, x[5].0, x[6].0, x[7].0);
        let upper_right = self.transpose_quarter(x[0].1, x[1].1, x[2].1, x[3].1);
        let lower_right = self.transpose_quarter(x[4].1, x[5].1, x[6].1, x[7].1);
        for row in 0..4 {
            x[row] = TwoReals(upper_left[row], lower_left[row]);
            x[row + 4] = TwoReals(upper_right[row], lower_right[row]);
        }
    }

    #[inline(always)]
    fn split_limbs(self, from: &LimbOctet) -> (TwoReals, TwoReals) {
        let TwoWords(first, second) = self.load_limbs(from);
        let (first_high, first_low) = self.split_half(first);
        let (second_high, second_low) = self.split_half(second);
        (TwoReals(first_high, second_high), TwoReals(first_low, second_low))
    }

    #[inline(always)]
    fn store_limbs(self, to: &mut LimbOctet, x: TwoWords) {
        vector!({
            _mm256_storeu_si256(to.as_mut_ptr().cast(), x.0);
            _mm256_storeu_si256(to.as_mut_ptr().add(4).cast(), x.1);
        });
    }

    #[inline(always)]
    fn load_limbs(self, from: &LimbOctet) -> TwoWords {
        vector!(TwoWords(_mm256_loadu_si256(from.as_ptr().cast()), _mm256_loadu_si256(from.as_ptr().add(4).cast())))
    }

    #[inline(always)]
    fn to_integers(self, x: TwoReals) -> TwoWords {
        TwoWords(self.half_to_integers(x.0), self.half_to_integers(x.1))
    }

    #[inline(always)]
    fn add_integers(self, a: TwoWords, b: TwoWords) -> TwoWords {
        vector!(TwoWords(_mm256_add_epi64(a.0, b.0), _mm256_add_epi64(a.1, b.1)))
    }

    #[inline(always)]
    fn to_integers_times_ten_to_12(self, x: TwoReals) -> TwoWords {
        let TwoWords(first, second) = self.to_integers(x);
        TwoWords(self.half_times_ten_to_12(first), self.half_times_ten_to_12(second))
    }

    #[inline(always)]
    fn shift_1(self, before: TwoWords, x: TwoWords) -> TwoWords {
        TwoWords(self.shift_half(before.1, x.0), self.shift_half(x.0, x.1))
    }

    #[inline(always)]
    fn shift_2(self, before: TwoWords, x: TwoWords) -> TwoWords {
        vector!(
            TwoWords(_mm256_permute2x128_si256::<0x21>(before.1, x.0), _mm256_permute2x128_si256::<0x21>(x.0, x.1),)
        )
    }

    #[inline(always)]
    fn wrap(self, x: TwoWords, start: i64, end: i64) -> (TwoWords, TwoWords) {
        let (first, first_carry) = self.wrap_half(x.0, start, end);
        let (second, second_carry) = self.wrap_half(x.1, start, end);
        (TwoWords(first, second), TwoWords(first_carry, second_carry))
    }

    #[inline(always)]
    fn any_outside(self, x: TwoWords, start: i64, end: i64) -> bool {
        vector!({
            let (start, last) = (_mm256_set1_epi64x(start), _mm256_set1_epi64x(end - 1));
            let below = _mm256_or_si256(_mm256_cmpgt_epi64(start, x.0), _mm256_cmpgt_epi64(start, x.1));
            let above = _mm256_or_si256(_mm256_cmpgt_epi64(x.0, last), _mm256_cmpgt_epi64(x.1, last));
            let outside = _mm256_or_si256(below, above);
            _mm256_testz_si256(outside, outside) == 0
        })
    }
}
