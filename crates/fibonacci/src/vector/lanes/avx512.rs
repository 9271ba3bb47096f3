//! Lanes of AVX-512: a vector is one register.
#![expect(unsafe_code, reason = "vector instructions")]

use std::arch::x86_64::*;

use super::{LIMB, Lanes, LimbOctet, Task};

/// The processor has AVX-512 F, DQ and VL, and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// Returns the lanes if the processor has them.
    pub(crate) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma");
        found.then_some(Avx512(()))
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,fma")]
fn compiled<T: Task>(lanes: Avx512, task: T) -> T::Output {
    task.run(lanes)
}

/// Calls an instruction.
macro_rules! vector {
    ($call:expr) => {
        // SAFETY: an `Avx512` exists only where the processor has the instructions, and whatever is read
        // or written is a reference to eight elements.
        unsafe { $call }
    };
}

impl Lanes for Avx512 {
    type Reals = __m512d;
    type Words = __m512i;

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        vector!(compiled(self, task))
    }

    #[inline(always)]
    fn splat(self, x: f64) -> __m512d {
        vector!(_mm512_set1_pd(x))
    }

    #[inline(always)]
    fn load(self, from: &[f64; 8]) -> __m512d {
        vector!(_mm512_loadu_pd(from.as_ptr()))
    }

    #[inline(always)]
    fn store(self, to: &mut [f64; 8], x: __m512d) {
        vector!(_mm512_storeu_pd(to.as_mut_ptr(), x));
    }

    #[inline(always)]
    fn add(self, a: __m512d, b: __m512d) -> __m512d {
        vector!(_mm512_add_pd(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512d, b: __m512d) -> __m512d {
        vector!(_mm512_sub_pd(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512d, b: __m512d) -> __m512d {
        vector!(_mm512_mul_pd(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        vector!(_mm512_fmadd_pd(a, b, c))
    }

    #[inline(always)]
    fn sub_mul(self, a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        vector!(_mm512_fnmadd_pd(a, b, c))
    }

    #[inline(always)]
    fn transpose(self, x: &mut [__m512d; 8]) {
        let [a, b, c, d, e, f, g, h] = *x;
        // Pairs of lanes, written as a0 b0, are exchanged in three rounds.
        vector!({
            let (ab_even, ab_odd) = (_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
            let (cd_even, cd_odd) = (_mm512_unpacklo_pd(c, d), _mm512_unpackhi_pd(c, d));
            let (ef_even, ef_odd) = (_mm512_unpacklo_pd(e, f), _mm512_unpackhi_pd(e, f));
            let (gh_even, gh_odd) = (_mm512_unpacklo_pd(g, h), _mm512_unpackhi_pd(g, h));
            // a0 b0, a4 b4, c0 d0, c4 d4, and so on.
            let abcd_04 = _mm512_shuffle_f64x2::<0x88>(ab_even, cd_even);
            let abcd_26 = _mm512_shuffle_f64x2::<0xdd>(ab_even, cd_even);
            let abcd_15 = _mm512_shuffle_f64x2::<0x88>(ab_odd, cd_odd);
            let abcd_37 = _mm512_shuffle_f64x2::<0xdd>(ab_odd, cd_odd);
            let efgh_04 = _mm512_shuffle_f64x2::<0x88>(ef_even, gh_even);
            let efgh_26 = _mm512_shuffle_f64x2::<0xdd>(ef_even, gh_even);
            let efgh_15 = _mm512_shuffle_f64x2::<0x88>(ef_odd, gh_odd);
            let efgh_37 = _mm512_shuffle_f64x2::<0xdd>(ef_odd, gh_odd);
            *x = [
                _mm512_shuffle_f64x2::<0x88>(abcd_04, efgh_04),
                _mm512_shuffle_f64x2::<0x88>(abcd_15, efgh_15),
                _mm512_shuffle_f64x2::<0x88>(abcd_26, efgh_26),
                _mm512_shuffle_f64x2::<0x88>(abcd_37, efgh_37),
                _mm512_shuffle_f64x2::<0xdd>(abcd_04, efgh_04),
                _mm512_shuffle_f64x2::<0xdd>(abcd_15, efgh_15),
                _mm512_shuffle_f64x2::<0xdd>(abcd_26, efgh_26),
                _mm512_shuffle_f64x2::<0xdd>(abcd_37, efgh_37),
            ];
        });
    }

    #[inline(always)]
    fn split_limbs(self, from: &LimbOctet) -> (__m512d, __m512d) {
        let limbs = self.load_limbs(from);
        vector!({
            let high = _mm512_cvtepi64_pd(_mm512_srai_epi64::<32>(limbs));
            let low = _mm512_cvtepi64_pd(_mm512_and_si512(limbs, _mm512_set1_epi64(0xFFFF_FFFF)));
            (high, low)
        })
    }

    #[inline(always)]
    fn store_limbs(self, to: &mut LimbOctet, x: __m512i) {
        vector!(_mm512_storeu_si512(to.as_mut_ptr().cast(), x));
    }

    #[inline(always)]
    fn load_limbs(self, from: &LimbOctet) -> __m512i {
        vector!(_mm512_loadu_si512(from.as_ptr().cast()))
    }

    #[inline(always)]
    fn to_integers(self, x: __m512d) -> __m512i {
        vector!(_mm512_cvtpd_epi64(x))
    }

    #[inline(always)]
    fn add_integers(self, a: __m512i, b: __m512i) -> __m512i {
        vector!(_mm512_add_epi64(a, b))
    }

    #[inline(always)]
    fn to_integers_times_ten_to_12(self, x: __m512d) -> __m512i {
        vector!(_mm512_cvtpd_epi64(_mm512_mul_pd(x, _mm512_set1_pd(1e12))))
    }

    #[inline(always)]
    fn shift_1(self, before: __m512i, x: __m512i) -> __m512i {
        vector!(_mm512_alignr_epi64::<7>(x, before))
    }

    #[inline(always)]
    fn shift_2(self, before: __m512i, x: __m512i) -> __m512i {
        vector!(_mm512_alignr_epi64::<6>(x, before))
    }

    #[inline(always)]
    fn wrap(self, x: __m512i, start: i64, end: i64) -> (__m512i, __m512i) {
        vector!({
            let limb = _mm512_set1_epi64(LIMB);
            let below = _mm512_cmplt_epi64_mask(x, _mm512_set1_epi64(start));
            let above = _mm512_cmpge_epi64_mask(x, _mm512_set1_epi64(end));
            let x = _mm512_mask_add_epi64(x, below, x, limb);
            let x = _mm512_mask_sub_epi64(x, above, x, limb);
            let carry = _mm512_mask_set1_epi64(_mm512_maskz_set1_epi64(above, 1), below, -1);
            (x, carry)
        })
    }

    #[inline(always)]
    fn any_outside(self, x: __m512i, start: i64, end: i64) -> bool {
        vector!({
            let below = _mm512_cmplt_epi64_mask(x, _mm512_set1_epi64(start));
            let above = _mm512_cmpge_epi64_mask(x, _mm512_set1_epi64(end));
            (below | above) != 0
        })
    }
}
