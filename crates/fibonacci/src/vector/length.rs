//! The length of a transform: one short block, or 16 to 31 blocks of equal length.

use super::local::LEAF;

/// Blocks of a power of two of points each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    /// Points in a block, at least [`LEAF`].
    pub(crate) block: usize,
    /// 1, or 16 to 31.
    pub(crate) blocks: usize,
}

/// The longest transform of a single block.
const MAX_SINGLE: usize = 1024;

impl Length {
    /// The shortest length of at least `coefficients`.
    pub(crate) fn for_coefficients(coefficients: usize) -> Self {
        if coefficients <= MAX_SINGLE {
            return Length { block: coefficients.next_power_of_two().max(LEAF), blocks: 1 };
        }
        let block = coefficients.next_power_of_two() / 32;
        match coefficients.div_ceil(block) {
            32 => Length { block: 2 * block, blocks: 16 },
            blocks => Length { block, blocks },
        }
    }

    pub(crate) fn points(self) -> usize {
        self.block * self.blocks
    }

    /// Blocks beyond 16.
    pub(crate) fn extra(self) -> usize {
        self.blocks.saturating_sub(16)
    }

    /// The factor that the inverse transform multiplies by.
    pub(crate) fn scale(self) -> usize {
        if self.blocks == 1 { self.block } else { 16 * self.block }
    }

    /// Roots T(s) that are used have s below this.
    pub(crate) fn roots(self) -> usize {
        2 * self.scale()
    }
}
