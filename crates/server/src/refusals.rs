//! Counts refusals by kind, and logs them at most once a second.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::client_address::household;

const LOG_INTERVAL: Duration = Duration::from_secs(1);
/// Addresses counted between two lines; those beyond are in the counts by kind only.
const MAX_ADDRESSES: usize = 1_000;
/// Addresses named in a line.
const NAMED_ADDRESSES: usize = 3;

static UNLOGGED: Mutex<Unlogged> = Mutex::new(Unlogged { last_log: None, kinds: BTreeMap::new(), addresses: None });

struct Unlogged {
    last_log: Option<Instant>,
    kinds: BTreeMap<&'static str, u64>,
    addresses: Option<HashMap<IpAddr, u64>>,
}

/// A line of the log: refusals by kind, and the addresses that were refused most.
#[derive(Debug, PartialEq)]
struct RefusalLine {
    kinds: BTreeMap<&'static str, u64>,
    addresses: Vec<(IpAddr, u64)>,
}

/// Counts a refusal in `abaci_http_refusals_total`. A flood of refusals is one line a second in the log.
pub fn record_refusal(kind: &'static str) {
    record(kind, None);
}

/// Counts a refusal like [`record_refusal`], with the address that is refused.
pub fn record_refusal_of(kind: &'static str, address: IpAddr) {
    record(kind, Some(household(address)));
}

fn record(kind: &'static str, address: Option<IpAddr>) {
    crate::metrics::record_refusal(kind);
    let line = UNLOGGED.lock().add(kind, address, Instant::now());
    if let Some(RefusalLine { kinds, addresses }) = line {
        tracing::warn!(refused = ?kinds, ?addresses, "refused by limits and checks, since the last such line");
    }
}

impl Unlogged {
    /// Counts a refusal. Returns the line to log, if the last one is long enough ago.
    fn add(&mut self, kind: &'static str, address: Option<IpAddr>, now: Instant) -> Option<RefusalLine> {
        *self.kinds.entry(kind).or_default() += 1;
        if let Some(address) = address {
            let addresses = self.addresses.get_or_insert_default();
            if addresses.len() < MAX_ADDRESSES || addresses.contains_key(&address) {
                *addresses.entry(address).or_default() += 1;
            }
        }
        if self.last_log.is_some_and(|last| now.saturating_duration_since(last) < LOG_INTERVAL) {
            return None;
        }
        self.last_log = Some(now);
        let mut addresses: Vec<_> = self.addresses.take().unwrap_or_default().into_iter().collect();
        addresses.sort_unstable_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then(a.cmp(b)));
        addresses.truncate(NAMED_ADDRESSES);
        Some(RefusalLine { kinds: std::mem::take(&mut self.kinds), addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_one_line_a_second_with_the_most_refused_addresses() {
        let mut unlogged = Unlogged { last_log: None, kinds: BTreeMap::new(), addresses: None };
        let start = Instant::now();
        let address = |n: u32| Some(IpAddr::V4((0xc000_0200 + n).into()));
        let first = unlogged.add("rate", address(1), start).expect("a line at once");
        assert_eq!(
            first,
            RefusalLine { kinds: [("rate", 1)].into(), addresses: vec![("192.0.2.1".parse().expect("an address"), 1)] }
        );
        for n in 0..5_000 {
            assert_eq!(unlogged.add("rate", address(n), start + LOG_INTERVAL / 2), None);
            assert_eq!(unlogged.add("host", address(7), start + LOG_INTERVAL / 2), None);
        }
        assert!(unlogged.addresses.as_ref().is_some_and(|addresses| addresses.len() == MAX_ADDRESSES));
        let line = unlogged.add("slow-heads", None, start + LOG_INTERVAL).expect("a line after a second");
        assert_eq!(line.kinds, [("host", 5_000), ("rate", 5_000), ("slow-heads", 1)].into());
        assert_eq!(line.addresses.len(), NAMED_ADDRESSES);
        assert_eq!(line.addresses[0], ("192.0.2.7".parse().expect("an address"), 5_001));
    }
}
