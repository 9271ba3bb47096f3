//! Usage: counts that are written to the store, statistics of the last minute, and the sum of all digits.

mod counts;
mod digits;
mod recent;

pub(crate) use counts::UsageCounts;
pub(crate) use digits::DigitTotal;
pub(crate) use recent::RecentStats;
