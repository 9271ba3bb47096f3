//! Usage: counts that are written to the store, and statistics of the last minute.

mod counts;
mod recent;

pub(crate) use counts::UsageCounts;
pub(crate) use recent::RecentStats;
