//! F(n): the public entry.

use crate::{Control, Decimal, Error, Kernel};

/// Returns F(n), with F(0) = 0, F(1) = 1 and F(−n) = (−1)ⁿ⁺¹·F(n).
///
/// # Size
/// 0.209·|n| decimal digits: F(1 000 000) has 208 988. [`digit_count`](crate::digit_count) is exact.
///
/// # Cost
/// O(n log n), see [`estimate`](crate::estimate()): about 0.13 s and 52 MB for n = 10⁸ with AVX-512. Blocks the
/// thread and uses no other: call it off an async runtime, and [`nth_with`] for several threads.
///
/// # Errors
/// [`Error::OutOfMemory`] when the memory is refused, before any work is done;
/// [`Error::CheckFailed`] on a hardware error.
///
/// # Source
/// Doubling in decimal, which needs no conversion at the end, is known from FLINT's `radix` module. The repository's
/// `docs/mathematics.md` says how the products are formed and why they are exact.
///
/// # Example
/// ```
/// assert_eq!(fibonacci::nth(10)?.to_string(), "55");
/// assert_eq!(fibonacci::nth(-8)?.to_string(), "-21");
/// # Ok::<(), fibonacci::Error>(())
/// ```
#[inline]
pub fn nth(n: i64) -> Result<Decimal, Error> {
    nth_with(n, &Control::none())
}

/// Returns F(n) as [`nth`] does, telling the progress and stopping on demand.
///
/// # Errors
/// Those of [`nth`], and [`Error::Cancelled`] soon after the flag is raised, see [`Control`].
///
/// # Example
/// ```
/// use std::sync::atomic::AtomicBool;
/// let cancelled = AtomicBool::new(true);
/// let control = fibonacci::Control { progress: &|_| (), cancelled: &cancelled, threads: &|| 1 };
/// let stopped = fibonacci::nth_with(100_000, &control);
/// assert_eq!(stopped.unwrap_err(), fibonacci::Error::Cancelled);
/// ```
#[inline]
pub fn nth_with(n: i64, control: &Control<'_>) -> Result<Decimal, Error> {
    Kernel::fastest().nth_with(n, control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_is_looked_at_throughout_the_work() {
        use std::sync::atomic::{AtomicBool, Ordering};
        // Raised at each report in turn, that is at every hundredth of the work or so: the computation
        // never gets as far as another report.
        for stop_at in (0..=90).step_by(9) {
            let cancelled = AtomicBool::new(false);
            let after = AtomicBool::new(false);
            let progress = |fraction: f64| {
                if cancelled.load(Ordering::Relaxed) {
                    after.store(true, Ordering::Relaxed);
                }
                if fraction >= f64::from(stop_at) / 100.0 {
                    cancelled.store(true, Ordering::Relaxed);
                }
            };
            let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| 2 };
            assert_eq!(nth_with(5_000_000, &control), Err(Error::Cancelled), "at {stop_at} %");
            assert!(!after.load(Ordering::Relaxed), "at {stop_at} %");
        }
    }
}
