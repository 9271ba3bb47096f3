//! Start-time fair queueing: the shares of submitters in a lane.

use std::collections::HashMap;

use model::Submitter;

/// The work that each submitter has had, and the start of the next.
///
/// A job starts where the work of its submitter ends, and not before the start of the job that was claimed last; the one
/// with the smallest start is claimed next. So each submitter with waiting jobs gets the same amount of work done.
#[derive(Debug, Default)]
pub(super) struct FairShare {
    /// The start of the job that was claimed last, in milliseconds of work.
    now: u64,
    /// Where the work of each submitter ends.
    ends: HashMap<Option<Submitter>, u64>,
    /// The number of submitters at which those without a difference are forgotten.
    max_ends: usize,
}

impl FairShare {
    const MIN_ENDS: usize = 64;

    /// Returns the start of new work of a submitter, and adds the work to what it has had.
    pub(super) fn charge(&mut self, submitter: Option<Submitter>, work_ms: u64) -> u64 {
        if self.ends.len() >= self.max_ends.max(Self::MIN_ENDS) {
            let now = self.now;
            self.ends.retain(|_, end| *end > now);
            self.max_ends = self.ends.len() * 2;
        }
        let end = self.ends.entry(submitter).or_default();
        let start = self.now.max(*end);
        *end = start.saturating_add(work_ms.max(1));
        start
    }

    /// Returns the start of work that was charged before.
    pub(super) const fn start_again(&self) -> u64 {
        self.now
    }

    /// Notes the start of the job that is claimed.
    pub(super) fn claim(&mut self, start: u64) {
        self.now = self.now.max(start);
    }

    /// Removes all shares, for a lane in which no job waits.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submitters_whose_work_is_in_the_past_are_forgotten() {
        let mut share = FairShare::default();
        for n in 0..10_000_u32 {
            let start = share.charge(Some(std::net::IpAddr::from(n.to_be_bytes()).into()), 1);
            share.claim(start + 1);
            assert!(share.ends.len() <= 2 * FairShare::MIN_ENDS, "{}", share.ends.len());
        }
    }
}
