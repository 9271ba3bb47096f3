//! The cost of a computation, known before it starts.

use std::time::Duration;

use crate::instant::digit_count_of_word;
use crate::kernel::{Cost, Kernel};

/// The cost of [`nth`](crate::nth()) for an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Decimal digits of the value, exact.
    pub digits: u64,
    /// Memory reserved at once, in bytes: an upper bound, and not far from it. Saturates.
    ///
    /// The value itself keeps about 4/9 of a byte for each digit; the rest is freed.
    pub memory_bytes: u64,
    /// Time on one core of the reference machine. Saturates.
    pub work: Duration,
}

/// Estimates what [`nth`](crate::nth()) will take for `n`, for any `n`, with the fastest kernel there is here.
///
/// Times are those of a release build on one core of an Intel Xeon of the fourth generation with AVX-512, or of an
/// AMD EPYC of the fourth for the kernel of integers. `bench/run kernel --estimates` compares them with what is
/// measured, as docs/mathematics.md says: within a quarter from n = 100 to 10⁸.
/// Several threads take less: two take a little over half from n = 10⁷ on.
///
/// # Cost
/// Under a tenth of a millisecond.
pub fn estimate(n: i64) -> Estimate {
    let Cost { memory_bytes, nanos } = Kernel::fastest().cost(n.unsigned_abs());
    Estimate { digits: digit_count_of_word(n.unsigned_abs()), memory_bytes, work: Duration::from_nanos(nanos) }
}
