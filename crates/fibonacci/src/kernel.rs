//! The ways to compute a value, and the choice between them.

use std::sync::atomic::Ordering;

use crate::check::{check, check_short};
use crate::control::{Control, Meter};
use crate::crew::Crew;
use crate::goldilocks;
use crate::instant::is_negative;
use crate::short;
use crate::vector::lanes::Lanes;
#[cfg(target_arch = "aarch64")]
use crate::vector::lanes::Neon;
#[cfg(target_arch = "x86_64")]
use crate::vector::lanes::{Avx2, Avx512};
use crate::{Decimal, Error, vector};

/// A way to compute long values. All give the same digits; [`Kernel::fastest`] is what [`nth`] uses.
///
/// [`nth`]: crate::nth()
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// Three primes of 49 bits in the arithmetic of AVX-512 (F, DQ, VL) and FMA; on several threads.
    Avx512,
    /// The same in that of AVX2 and FMA.
    Avx2,
    /// The same in that of NEON, which all 64-bit processors of ARM have.
    Neon,
    /// The prime 2⁶⁴ − 2³² + 1 in integers, on one thread: for all other processors.
    Goldilocks,
}

impl Kernel {
    /// All, the fastest first.
    const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Goldilocks];

    /// Returns the kernels this processor can run, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kernel| kernel.is_available())
    }

    /// Returns the fastest kernel this processor can run.
    pub fn fastest() -> Self {
        Self::available().next().unwrap_or(Self::Goldilocks)
    }

    /// Returns whether this processor has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Neon::detect().is_some(),
            Self::Goldilocks => true,
            _ => false,
        }
    }

    /// Returns F(n) as [`nth_with`](crate::nth_with) does, by this kernel or, where the processor cannot
    /// run it, by [`Kernel::Goldilocks`].
    ///
    /// # Errors
    /// Those of [`nth_with`](crate::nth_with).
    // The shortest values take some tens of nanoseconds: up to a fifth was moving the result out of calls.
    #[inline]
    pub fn nth_with(self, n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
        match short::known(n.unsigned_abs()) {
            Some(limbs) => {
                look(control)?;
                check_short(n, limbs)?;
                (control.progress)(1.0);
                Ok(Decimal::new(is_negative(n), limbs.to_vec()))
            }
            None => self.computed(n, control),
        }
    }

    fn computed(self, n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
        let index = n.unsigned_abs();
        if short::is_short(index) {
            return short_value(n, control);
        }
        if index > vector::MAX_INDEX {
            return goldilocks_value(n, control);
        }
        let value = match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().map(|lanes| vector_value(lanes, n, control)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().map(|lanes| vector_value(lanes, n, control)),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => Neon::detect().map(|lanes| vector_value(lanes, n, control)),
            _ => None,
        };
        value.unwrap_or_else(|| goldilocks_value(n, control))
    }
}

/// The expected cost of a computation.
pub(crate) struct Cost {
    /// Reserved at once; saturates.
    pub(crate) memory_bytes: u64,
    /// Time on one thread; saturates.
    pub(crate) nanos: u64,
}

impl Kernel {
    /// The expected cost of F(n).
    pub(crate) fn cost(self, index: u64) -> Cost {
        if short::is_short(index) {
            return Cost { memory_bytes: short::memory_bytes(index), nanos: short::work(index) };
        }
        let (memory_bytes, work) = if self == Self::Goldilocks || index > vector::MAX_INDEX {
            let plan = goldilocks::Plan::new(index);
            (plan.memory_bytes(), plan.work())
        } else {
            let plan = vector::DoublingPlan::new(index);
            // With registers half as wide, operations take a third longer, not twice as long. Those of a quarter
            // are estimated at twice that of AVX2, without a measurement.
            let thirds = match self {
                Self::Avx512 => 3,
                Self::Avx2 => 4,
                _ => 8,
            };
            (plan.memory_bytes(), short::work(plan.start()) + plan.work() * thirds / 3)
        };
        // Touching new memory takes about half a nanosecond a byte.
        Cost { memory_bytes, nanos: work.saturating_add(memory_bytes / 2) }
    }
}

fn look(control: &Control<'_>) -> Result<(), Error> {
    if control.cancelled.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
}

fn short_value(n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
    look(control)?;
    let limbs = short::doubled(n.unsigned_abs());
    check_short(n, &limbs)?;
    (control.progress)(1.0);
    Ok(Decimal::new(is_negative(n), limbs))
}

fn vector_value<L: Lanes>(lanes: L, n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
    let plan = vector::DoublingPlan::new(n.unsigned_abs());
    let crew = Crew::new(*control, plan.work());
    crew.look()?;
    let refused = Error::OutOfMemory { needed_bytes: plan.memory_bytes() };
    let arena = vector::Arena::reserve(&plan).ok_or(refused)?;
    let (a, b) = short::pair(plan.start());
    let limbs = arena.run(lanes, (&a, &b), &plan, &crew)?;
    check(n, &limbs, &crew, plan.check_work())?;
    crew.finish();
    Ok(Decimal::new(is_negative(n), limbs))
}

fn goldilocks_value(n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
    let plan = goldilocks::Plan::new(n.unsigned_abs());
    let out_of_memory = || Error::OutOfMemory { needed_bytes: plan.memory_bytes() };
    if plan.index() > goldilocks::MAX_INDEX {
        return Err(out_of_memory());
    }
    let mut meter = Meter::new(*control, plan.work());
    meter.look()?;
    let workspace = goldilocks::Workspace::reserve(&plan).map_err(|_| out_of_memory())?;
    let limbs = workspace.run(plan.start(), plan.steps(), &mut meter)?;
    check(n, &limbs, &Crew::new(*control, 1), 0)?;
    meter.finish();
    Ok(Decimal::new(is_negative(n), limbs))
}
