//! The libraries that compute F(n), by the same doubling where they have no function of their own.

use std::sync::atomic::AtomicBool;

use clap::ValueEnum;
use fibonacci::{Control, Kernel};

use super::once::tuned_flint;

/// A way to get the decimal text of F(n).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Contender {
    /// Ours, the fastest kernel there is on this processor, on several threads.
    Abaci,
    /// The same on one thread.
    AbaciOneThread,
    /// Ours with AVX2 only, on several threads.
    AbaciAvx2,
    /// Ours in integers, on one thread.
    AbaciGoldilocks,
    /// `mpz_fib_ui` of GMP by the crate rug.
    Gmp,
    /// FLINT's `radix` module, on several threads.
    #[cfg(feature = "flint")]
    Flint,
    /// The same with FLINT's transforms, in [another program](super::once::tuned_flint).
    FlintTuned,
    Malachite,
    Dashu,
    NumBigint,
}

impl Contender {
    const ALL: &[Self] = &[
        Self::Abaci,
        Self::AbaciOneThread,
        Self::AbaciAvx2,
        Self::AbaciGoldilocks,
        Self::Gmp,
        #[cfg(feature = "flint")]
        Self::Flint,
        Self::FlintTuned,
        Self::Malachite,
        Self::Dashu,
        Self::NumBigint,
    ];

    /// Returns those that this program or a given one has.
    pub fn all() -> Vec<Self> {
        let is_there = |contender: &Self| *contender != Self::FlintTuned || tuned_flint().is_some();
        Self::ALL.iter().copied().filter(is_there).collect()
    }

    /// Returns those of short values: each library once, in this process.
    pub fn short() -> Vec<Self> {
        let left_out = [Self::AbaciOneThread, Self::AbaciAvx2, Self::AbaciGoldilocks, Self::FlintTuned];
        Self::ALL.iter().copied().filter(|contender| !left_out.contains(contender)).collect()
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Abaci => "abaci",
            Self::AbaciOneThread => "abaci-one-thread",
            Self::AbaciAvx2 => "abaci-avx2",
            Self::AbaciGoldilocks => "abaci-goldilocks",
            Self::Gmp => "gmp",
            #[cfg(feature = "flint")]
            Self::Flint => "flint",
            Self::FlintTuned => "flint-tuned",
            Self::Malachite => "malachite",
            Self::Dashu => "dashu",
            Self::NumBigint => "num-bigint",
        }
    }

    /// Returns whether n takes it less than about half a minute.
    pub fn takes_on(self, n: u64) -> bool {
        n <= match self {
            Self::Abaci | Self::AbaciOneThread | Self::AbaciAvx2 | Self::AbaciGoldilocks => 10_000_000_000,
            #[cfg(feature = "flint")]
            Self::Flint => 1_000_000_000,
            Self::FlintTuned => 1_000_000_000,
            Self::Gmp | Self::Malachite => 100_000_000,
            Self::Dashu | Self::NumBigint => 10_000_000,
        }
    }

    /// The text of F(n).
    pub fn text(self, n: u64, threads: usize) -> Vec<u8> {
        let fastest = Kernel::fastest();
        let other = || u32::try_from(n).expect("others are not asked for more");
        match self {
            Self::Abaci => abaci(fastest, n, threads),
            Self::AbaciOneThread => abaci(fastest, n, 1),
            Self::AbaciAvx2 => abaci(Kernel::Avx2, n, threads),
            Self::AbaciGoldilocks => abaci(Kernel::Goldilocks, n, 1),
            Self::Gmp => gmp(other()),
            #[cfg(feature = "flint")]
            Self::Flint => super::flint::text(n, threads),
            Self::FlintTuned => unreachable!("computed by another program, as `flint`"),
            Self::Malachite => malachite(other()),
            Self::Dashu => dashu(other()),
            Self::NumBigint => num_bigint(other()),
        }
    }
}

fn abaci(kernel: Kernel, n: u64, threads: usize) -> Vec<u8> {
    let control = Control { progress: &|_| (), cancelled: &AtomicBool::new(false), threads: &|| threads };
    let value = kernel.nth_with(n.cast_signed(), &control).expect("enough memory");
    value.to_text(threads)
}

fn gmp(n: u32) -> Vec<u8> {
    rug::Integer::from(rug::Integer::fibonacci(n)).to_string().into_bytes()
}

/// Fast doubling for the binary libraries, the same for each.
macro_rules! doubling {
    ($integer:ty, $n:expr) => {{
        let n = $n;
        if n == 0 {
            return <$integer>::from(0u32).to_string().into_bytes();
        }
        let (mut a, mut b) = (<$integer>::from(0u32), <$integer>::from(1u32));
        for bit in (1..u32::BITS - n.leading_zeros()).rev() {
            let square_a = &a * &a;
            let square_b = &b * &b;
            let c = ((&a * &b) << 1u64) - &square_a;
            let d = square_a + square_b;
            (a, b) = if n >> bit & 1 == 0 {
                (c, d)
            } else {
                let sum = c + &d;
                (d, sum)
            };
        }
        // The last step needs one of the two, so it costs one product.
        if n & 1 == 0 { &a * ((&b << 1u64) - &a) } else { &a * &a + &b * &b }
    }};
}

fn malachite(n: u32) -> Vec<u8> {
    doubling!(malachite_nz::natural::Natural, n).to_string().into_bytes()
}

fn dashu(n: u32) -> Vec<u8> {
    use dashu_int::UBig;
    let (mut a, mut b) = (UBig::ZERO, UBig::ONE);
    for bit in (1..u32::BITS - n.leading_zeros()).rev() {
        let (square_a, square_b) = (a.sqr(), b.sqr());
        let c = ((&a * &b) << 1) - &square_a;
        let d = square_a + square_b;
        (a, b) = if n >> bit & 1 == 0 {
            (c, d)
        } else {
            let sum = c + &d;
            (d, sum)
        };
    }
    let value = match n {
        0 => UBig::ZERO,
        n if n & 1 == 0 => &a * ((&b << 1) - &a),
        _ => a.sqr() + b.sqr(),
    };
    value.to_string().into_bytes()
}

fn num_bigint(n: u32) -> Vec<u8> {
    doubling!(num_bigint::BigUint, n).to_string().into_bytes()
}
