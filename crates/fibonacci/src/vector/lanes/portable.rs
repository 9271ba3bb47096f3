//! Lanes of plain numbers, on any processor: the reference for the others, and what Miri runs.

use super::{LIMB, Lanes, LimbOctet, ROUNDER, Task};

/// Lanes without vector instructions, not inlined, so that the kernel is short. Slow, the more so where the processor has no fused multiplication and addition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portable;

type Reals = [f64; 8];
type Words = [i64; 8];

impl Lanes for Portable {
    type Reals = Reals;
    type Words = Words;

    fn run<T: Task>(self, task: T) -> T::Output {
        task.run(self)
    }

    #[inline(never)]
    fn splat(self, x: f64) -> Reals {
        [x; 8]
    }

    #[inline(never)]
    fn load(self, from: &[f64; 8]) -> Reals {
        *from
    }

    #[inline(never)]
    fn store(self, to: &mut [f64; 8], x: Reals) {
        *to = x;
    }

    #[inline(never)]
    fn add(self, a: Reals, b: Reals) -> Reals {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(never)]
    fn sub(self, a: Reals, b: Reals) -> Reals {
        std::array::from_fn(|i| a[i] - b[i])
    }

    #[inline(never)]
    fn mul(self, a: Reals, b: Reals) -> Reals {
        std::array::from_fn(|i| a[i] * b[i])
    }

    #[inline(never)]
    fn mul_add(self, a: Reals, b: Reals, c: Reals) -> Reals {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }

    #[inline(never)]
    fn sub_mul(self, a: Reals, b: Reals, c: Reals) -> Reals {
        std::array::from_fn(|i| (-a[i]).mul_add(b[i], c[i]))
    }

    #[inline(never)]
    fn transpose(self, x: &mut [Reals; 8]) {
        *x = std::array::from_fn(|row| std::array::from_fn(|column| x[column][row]));
    }

    #[inline(never)]
    fn split_limbs(self, from: &LimbOctet) -> (Reals, Reals) {
        (from.map(|limb| (limb as i64 >> 32) as f64), from.map(|limb| (limb & 0xFFFF_FFFF) as f64))
    }

    #[inline(never)]
    fn store_limbs(self, to: &mut LimbOctet, x: Words) {
        *to = x.map(|limb| limb as u64);
    }

    #[inline(never)]
    fn load_limbs(self, from: &LimbOctet) -> Words {
        from.map(|limb| limb as i64)
    }

    #[inline(never)]
    fn to_integers(self, x: Reals) -> Words {
        x.map(|x| (x + ROUNDER).to_bits() as i64 - ROUNDER.to_bits() as i64)
    }

    #[inline(never)]
    fn add_integers(self, a: Words, b: Words) -> Words {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(never)]
    fn to_integers_times_ten_to_12(self, x: Reals) -> Words {
        self.to_integers(x).map(|x| 1_000_000_000_000 * x)
    }

    #[inline(never)]
    fn shift_1(self, before: Words, x: Words) -> Words {
        std::array::from_fn(|i| if i < 1 { before[7] } else { x[i - 1] })
    }

    #[inline(never)]
    fn shift_2(self, before: Words, x: Words) -> Words {
        std::array::from_fn(|i| if i < 2 { before[6 + i] } else { x[i - 2] })
    }

    #[inline(never)]
    fn wrap(self, x: Words, start: i64, end: i64) -> (Words, Words) {
        let carries = x.map(|x| i64::from(x >= end) - i64::from(x < start));
        (std::array::from_fn(|i| x[i] - LIMB * carries[i]), carries)
    }

    #[inline(never)]
    fn any_outside(self, x: Words, start: i64, end: i64) -> bool {
        x.iter().any(|x| !(start..end).contains(x))
    }
}
