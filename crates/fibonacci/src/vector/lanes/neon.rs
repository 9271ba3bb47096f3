//! Lanes of NEON, which every 64-bit processor of ARM has: a vector is four registers.
#![expect(unsafe_code, reason = "vector instructions")]

use std::arch::aarch64::*;

use super::{LIMB, Lanes, LimbOctet, Task};

/// The processor has NEON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    /// Returns the lanes if the processor has them.
    pub(crate) fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }
}

#[target_feature(enable = "neon")]
fn compiled<T: Task>(lanes: Neon, task: T) -> T::Output {
    task.run(lanes)
}

/// Calls instructions.
macro_rules! vector {
    ($call:expr) => {
        // SAFETY: a `Neon` exists only where the processor has the instructions, and whatever is read or
        // written is a quarter of a reference to eight elements.
        unsafe { $call }
    };
}

/// Calls an instruction for each of the four registers of its arguments.
macro_rules! each {
    ($instruction:ident$(::<$constant:literal>)?($($argument:ident),+)) => {
        vector!([
            $instruction$(::<$constant>)?($($argument[0]),+),
            $instruction$(::<$constant>)?($($argument[1]),+),
            $instruction$(::<$constant>)?($($argument[2]),+),
            $instruction$(::<$constant>)?($($argument[3]),+),
        ])
    };
}

type FourReals = [float64x2_t; 4];
type FourWords = [int64x2_t; 4];

impl Neon {
    #[inline(always)]
    fn splat_integer(self, x: i64) -> FourWords {
        vector!([vdupq_n_s64(x); 4])
    }

    /// All bits of a lane that is below `start`, and of one that is not below `end`.
    #[inline(always)]
    fn outside(self, x: FourWords, start: i64, end: i64) -> (FourWords, FourWords) {
        let (start, end) = (self.splat_integer(start), self.splat_integer(end));
        let (below, above) = (each!(vcltq_s64(x, start)), each!(vcgeq_s64(x, end)));
        (each!(vreinterpretq_s64_u64(below)), each!(vreinterpretq_s64_u64(above)))
    }
}

impl Lanes for Neon {
    type Reals = FourReals;
    type Words = FourWords;

    #[inline(always)]
    fn run<T: Task>(self, task: T) -> T::Output {
        vector!(compiled(self, task))
    }

    #[inline(always)]
    fn splat(self, x: f64) -> FourReals {
        vector!([vdupq_n_f64(x); 4])
    }

    #[inline(always)]
    fn load(self, from: &[f64; 8]) -> FourReals {
        let from = from.as_ptr();
        vector!([vld1q_f64(from), vld1q_f64(from.add(2)), vld1q_f64(from.add(4)), vld1q_f64(from.add(6))])
    }

    #[inline(always)]
    fn store(self, to: &mut [f64; 8], x: FourReals) {
        let to = to.as_mut_ptr();
        vector!({
            vst1q_f64(to, x[0]);
            vst1q_f64(to.add(2), x[1]);
            vst1q_f64(to.add(4), x[2]);
            vst1q_f64(to.add(6), x[3]);
        });
    }

    #[inline(always)]
    fn add(self, a: FourReals, b: FourReals) -> FourReals {
        each!(vaddq_f64(a, b))
    }

    #[inline(always)]
    fn sub(self, a: FourReals, b: FourReals) -> FourReals {
        each!(vsubq_f64(a, b))
    }

    #[inline(always)]
    fn mul(self, a: FourReals, b: FourReals) -> FourReals {
        each!(vmulq_f64(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: FourReals, b: FourReals, c: FourReals) -> FourReals {
        each!(vfmaq_f64(c, a, b))
    }

    #[inline(always)]
    fn sub_mul(self, a: FourReals, b: FourReals, c: FourReals) -> FourReals {
        each!(vfmsq_f64(c, a, b))
    }

    #[inline(always)]
    fn transpose(self, x: &mut [FourReals; 8]) {
        let [a, b, c, d, e, f, g, h] = *x;
        // Of two rows, the even columns and the odd ones, a pair of columns in each register.
        let (ab_even, ab_odd) = (each!(vtrn1q_f64(a, b)), each!(vtrn2q_f64(a, b)));
        let (cd_even, cd_odd) = (each!(vtrn1q_f64(c, d)), each!(vtrn2q_f64(c, d)));
        let (ef_even, ef_odd) = (each!(vtrn1q_f64(e, f)), each!(vtrn2q_f64(e, f)));
        let (gh_even, gh_odd) = (each!(vtrn1q_f64(g, h)), each!(vtrn2q_f64(g, h)));
        for pair in 0..4 {
            x[2 * pair] = [ab_even[pair], cd_even[pair], ef_even[pair], gh_even[pair]];
            x[2 * pair + 1] = [ab_odd[pair], cd_odd[pair], ef_odd[pair], gh_odd[pair]];
        }
    }

    #[inline(always)]
    fn split_limbs(self, from: &LimbOctet) -> (FourReals, FourReals) {
        let (limbs, mask) = (self.load_limbs(from), self.splat_integer(0xFFFF_FFFF));
        let (high, low) = (each!(vshrq_n_s64::<32>(limbs)), each!(vandq_s64(limbs, mask)));
        (each!(vcvtq_f64_s64(high)), each!(vcvtq_f64_s64(low)))
    }

    #[inline(always)]
    fn store_limbs(self, to: &mut LimbOctet, x: FourWords) {
        let (to, x) = (to.as_mut_ptr(), each!(vreinterpretq_u64_s64(x)));
        vector!({
            vst1q_u64(to, x[0]);
            vst1q_u64(to.add(2), x[1]);
            vst1q_u64(to.add(4), x[2]);
            vst1q_u64(to.add(6), x[3]);
        });
    }

    #[inline(always)]
    fn load_limbs(self, from: &LimbOctet) -> FourWords {
        let from = from.as_ptr();
        let limbs = vector!([vld1q_u64(from), vld1q_u64(from.add(2)), vld1q_u64(from.add(4)), vld1q_u64(from.add(6))]);
        each!(vreinterpretq_s64_u64(limbs))
    }

    #[inline(always)]
    fn to_integers(self, x: FourReals) -> FourWords {
        each!(vcvtnq_s64_f64(x))
    }

    #[inline(always)]
    fn add_integers(self, a: FourWords, b: FourWords) -> FourWords {
        each!(vaddq_s64(a, b))
    }

    #[inline(always)]
    fn to_integers_times_ten_to_12(self, x: FourReals) -> FourWords {
        self.to_integers(self.mul(x, self.splat(1e12)))
    }

    #[inline(always)]
    fn shift_1(self, before: FourWords, x: FourWords) -> FourWords {
        let earlier = self.shift_2(before, x);
        each!(vextq_s64::<1>(earlier, x))
    }

    #[inline(always)]
    fn shift_2(self, before: FourWords, x: FourWords) -> FourWords {
        [before[3], x[0], x[1], x[2]]
    }

    #[inline(always)]
    fn wrap(self, x: FourWords, start: i64, end: i64) -> (FourWords, FourWords) {
        let limb = self.splat_integer(LIMB);
        // −1 where a lane is outside, so that the difference is the carry.
        let (below, above) = self.outside(x, start, end);
        let (more, less) = (each!(vandq_s64(below, limb)), each!(vandq_s64(above, limb)));
        let x = each!(vaddq_s64(x, more));
        (each!(vsubq_s64(x, less)), each!(vsubq_s64(below, above)))
    }

    #[inline(always)]
    fn any_outside(self, x: FourWords, start: i64, end: i64) -> bool {
        let (below, above) = self.outside(x, start, end);
        let outside = each!(vorrq_s64(below, above));
        vector!({
            let outside = vorrq_s64(vorrq_s64(outside[0], outside[1]), vorrq_s64(outside[2], outside[3]));
            (vgetq_lane_s64::<0>(outside) | vgetq_lane_s64::<1>(outside)) != 0
        })
    }
}
