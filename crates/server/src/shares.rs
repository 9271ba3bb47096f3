//! Limits how many of something are open at a time, in all and per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::client_address::household;
use crate::refusals::record_refusal_of;

/// Counts what is open, in all and per address (for IPv6: per /64 network).
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// let streams = Arc::new(server::Shares::new("event-streams", 2, 1));
/// let address = "192.0.2.1".parse()?;
/// let first = streams.take(address);
/// assert_eq!(streams.take(address).err(), Some(server::ShareError::Address { limit: 1 }));
/// drop(first);
/// assert!(streams.take(address).is_ok());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug)]
pub struct Shares {
    kind: &'static str,
    total: usize,
    per_address: usize,
    taken: Mutex<ShareCounts>,
}

#[derive(Debug, Default)]
struct ShareCounts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Error for a limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// The address has its share. It can retry when it has closed one.
    #[error("this address has {limit} open, the limit per address")]
    Address {
        /// The limit per address.
        limit: usize,
    },
    /// All are taken.
    #[error("{limit} are open, the limit of this server")]
    Total {
        /// The limit in all.
        limit: usize,
    },
}

/// One open thing, until it is dropped.
#[derive(Debug)]
pub struct Share {
    shares: Arc<Shares>,
    address: IpAddr,
}

impl Shares {
    /// Creates limits for things of a kind, which names them in the metric and log of refusals.
    pub fn new(kind: &'static str, total: usize, per_address: usize) -> Self {
        Self { kind, total, per_address, taken: Mutex::default() }
    }

    /// Takes one for an address.
    ///
    /// # Errors
    /// [`ShareError`] if a limit is reached; the refusal is counted.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Result<Share, ShareError> {
        let address = household(address);
        let mut taken = self.taken.lock();
        let own = taken.by_address.get(&address).copied().unwrap_or(0);
        let error = if own >= self.per_address {
            ShareError::Address { limit: self.per_address }
        } else if taken.total >= self.total {
            ShareError::Total { limit: self.total }
        } else {
            taken.total += 1;
            taken.by_address.insert(address, own + 1);
            return Ok(Share { shares: Arc::clone(self), address });
        };
        drop(taken);
        record_refusal_of(self.kind, address);
        Err(error)
    }
}

impl Share {
    /// Returns how many are open, of all addresses.
    pub fn open(&self) -> usize {
        self.shares.taken.lock().total
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock();
        taken.total = taken.total.saturating_sub(1);
        if let Some(own) = taken.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_share_and_all_together_a_limit() {
        let shares = Arc::new(Shares::new("test", 3, 2));
        let address = |text: &str| text.parse().expect("an address");
        let (one, other) = (address("192.0.2.1"), address("2001:db8::1"));
        let held = [shares.take(one), shares.take(one)];
        assert_eq!(shares.take(one).err(), Some(ShareError::Address { limit: 2 }));
        let last = shares.take(other).expect("a share");
        assert_eq!(last.open(), 3);
        assert_eq!(shares.take(address("2001:db8::2")).err(), Some(ShareError::Total { limit: 3 }));
        drop(held);
        drop(last);
        assert!(shares.taken.lock().by_address.is_empty() && shares.taken.lock().total == 0);
    }
}
