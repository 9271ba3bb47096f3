//! The highest digits of F(n) and their number, from bounds of log₁₀ F(n).
//!
//! F(n) = φⁿ/√5·(1 ± φ^−2n), so log₁₀ F(n) is n·log₁₀ φ − log₁₀ √5 but for less than 2^−n. Its whole part is the
//! number of digits less one; ten to the power of its fraction has the digits. What both bounds agree on is proven;
//! where they differ, the precision is doubled.

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::exact;
use super::logarithm::{Constants, Enclosure, exponential};

/// Up to here F(n) is computed: that takes no longer than its logarithm does.
const EXACT_INDEX: usize = 2_000;

/// Bits beyond those asked for: the bounds differ in what is asked for with chance 2⁻⁶⁰ or so.
const GUARD_BITS: usize = 64;

/// Returns the number of digits of F(n) and the highest `count` of them.
pub(super) fn leading(n: &UBig, count: usize) -> (UBig, String) {
    let mut precision = bits_of_digits(count) + GUARD_BITS;
    loop {
        if let Some(text) = computed(n, precision) {
            return (text.len().into(), text[..count.min(text.len())].to_owned());
        }
        if let Some((whole, digits)) = digits_within(n, count.max(1), precision) {
            return (whole + UBig::ONE, digits[..count].to_owned());
        }
        precision *= 2;
    }
}

/// Returns the number of digits of F(n).
pub(super) fn length(n: &UBig) -> UBig {
    let mut precision = GUARD_BITS;
    loop {
        if let Some(text) = computed(n, precision) {
            return text.len().into();
        }
        let inner = precision + n.bit_len();
        let log = logarithm(n, &Constants::new(inner));
        let (low, high) = (log.low >> inner, log.high >> inner);
        if low == high {
            return low + UBig::ONE;
        }
        precision *= 2;
    }
}

/// Returns the text of F(n) if n is so small that 2^−n is not below 2^−precision, or the value is cheap.
fn computed(n: &UBig, precision: usize) -> Option<String> {
    let n = usize::try_from(n).ok().filter(|&n| n <= EXACT_INDEX.max(precision + 2 * GUARD_BITS))?;
    Some(exact::fibonacci(u32::try_from(n).ok()?).to_string())
}

/// Returns bounds of log₁₀ F(n), for n beyond the precision of the constants less the bits of n.
fn logarithm(n: &UBig, constants: &Constants) -> Enclosure {
    let product = constants.log_phi.times(n.clone());
    // One more in the last place on either side is more than the 2^−n left out.
    Enclosure {
        low: product.low - &constants.log_sqrt5.high - UBig::ONE,
        high: product.high - &constants.log_sqrt5.low + UBig::ONE,
    }
}

/// Returns ⌊log₁₀ F(n)⌋ and the highest `count` ≥ 1 digits, if this precision decides them.
fn digits_within(n: &UBig, count: usize, precision: usize) -> Option<(UBig, String)> {
    let inner = precision + n.bit_len();
    let constants = Constants::new(inner);
    let log = logarithm(n, &constants);
    let (low_fraction, low) = log.low.split_bits(inner);
    let (high_fraction, high) = log.high.split_bits(inner);
    if low != high {
        return None;
    }
    let cut = n.bit_len();
    let fraction = Enclosure { low: low_fraction, high: high_fraction }.rounded(cut);
    let power = exponential(&fraction.product(&constants.ln_10.rounded(cut), precision), precision);
    let scale = UBig::from(10_u8).pow(count - 1);
    let digits = |bound: UBig| (bound * &scale) >> precision;
    let (lowest, highest) = (digits(power.low), digits(power.high));
    (lowest == highest).then(|| (low, lowest.to_string()))
}

/// Returns the maximum number of bits of a number with the given digits.
fn bits_of_digits(count: usize) -> usize {
    // log₂ 10 < 3.3220
    count * 3_322 / 1_000 + 1
}
