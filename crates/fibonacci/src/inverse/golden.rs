//! Where the golden ratio orders the whole numbers: Wythoff pairs and the golden string.

use dashu_int::UBig;
use dashu_int::ops::SquareRoot;

/// The n-th Wythoff pair; all whole numbers above 0 stand in one pair each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WythoffPair {
    /// ⌊n·φ⌋
    pub lower: UBig,
    /// ⌊n·φ²⌋, n more.
    pub upper: UBig,
}

/// Returns the n-th Wythoff pair, exactly.
///
/// # Cost
/// A square root of twice the size of n.
///
/// # Source
/// W. A. Wythoff, "A modification of the game of Nim", 1907; A000201 and A001950. ⌊n·φ⌋ = ⌊(n + ⌊√(5n²)⌋)/2⌋.
///
/// # Example
/// ```
/// let pair = fibonacci::wythoff_pair(&4_u8.into());
/// assert_eq!((pair.lower, pair.upper), (6_u8.into(), 10_u8.into()));
/// ```
pub fn wythoff_pair(n: &UBig) -> WythoffPair {
    let lower = floor_times_phi(n);
    WythoffPair { upper: &lower + n, lower }
}

/// Returns the character of the golden string 0100101001001… at position n, from 0: whether it is a 1.
///
/// The string begins with 0, and each 0 becomes 01 and each 1 becomes 0 without changing it (A003849).
///
/// # Cost
/// Two square roots of twice the size of n.
///
/// # Example
/// ```
/// let string: String = (0_u8..13).map(|n| if fibonacci::golden_string(&n.into()) { '1' } else { '0' }).collect();
/// assert_eq!(string, "0100101001001");
/// ```
pub fn golden_string(n: &UBig) -> bool {
    // ⌊(n+2)φ⌋ − ⌊(n+1)φ⌋ is 2 for a 0, and 1 for a 1.
    let next = n + UBig::ONE;
    let after = &next + UBig::ONE;
    (floor_times_phi(&after) - floor_times_phi(&next)).is_one()
}

/// Returns the characters of the golden string from position n on, `0` and `1`, as many as `count` says.
///
/// # Cost
/// A square root for each, see [`price::golden_characters`](crate::price::golden_characters).
///
/// # Example
/// ```
/// assert_eq!(fibonacci::golden_characters(&0_u8.into(), 13), "0100101001001");
/// ```
pub fn golden_characters(n: &UBig, count: u32) -> String {
    let mut position = n + UBig::ONE;
    let mut multiple = floor_times_phi(&position);
    let mut character = || {
        position += UBig::ONE;
        let next = floor_times_phi(&position);
        let step = &next - std::mem::replace(&mut multiple, next.clone());
        if step.is_one() { '1' } else { '0' }
    };
    (0..count).map(|_| character()).collect()
}

pub(super) fn floor_times_phi(n: &UBig) -> UBig {
    (n + (n.sqr() * 5_u8).sqrt()) >> 1
}
