//! The submitter of a calculation.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The identity of a client while its work is queued: an IPv4 address, or the /64 network of an IPv6 address, which one
/// household has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Submitter(IpAddr);

impl Submitter {
    /// Returns the address; for IPv6, the first one of the network.
    pub const fn address(self) -> IpAddr {
        self.0
    }
}

/// Error for a text that is not a submitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an IP address such as 192.0.2.7 or 2001:db8::1")]
pub struct SubmitterError;

impl From<IpAddr> for Submitter {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for Submitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Submitter {
    type Err = SubmitterError;

    fn from_str(text: &str) -> Result<Self, SubmitterError> {
        text.parse::<IpAddr>().map(Self::from).map_err(|_| SubmitterError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submitter_is_an_address_or_a_network() {
        for (text, submitter) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
        ] {
            assert_eq!(text.parse::<Submitter>().expect("an address").to_string(), submitter);
        }
        for text in ["", "192.0.2", "192.0.2.0/24", "localhost"] {
            assert_eq!(text.parse::<Submitter>(), Err(SubmitterError), "{text:?}");
        }
    }
}
