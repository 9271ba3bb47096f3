//! JSON with a checksum: what Redis returns may be damaged.
//!
//! The checksum is the first member of the object, which other versions ignore.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::metrics;

const BEGIN: &str = "{\"check\":\"";
const END: &str = "\",";
/// Hexadecimal digits of a checksum.
const CHECK_DIGITS: usize = 16;

/// A text that this version cannot use.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It does not have its checksum.
    Damaged,
    /// Another version wrote it.
    Unknown,
}

/// Returns the JSON of an object, with its checksum.
pub(super) fn encode(object: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(object)?;
    let members = json.strip_prefix('{').unwrap_or(&json);
    Ok(format!("{BEGIN}{}{END}{members}", checksum(members)))
}

/// Reads an object. One without a checksum is of an earlier version.
pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let checked = text.strip_prefix(BEGIN).and_then(|rest| rest.split_at_checked(CHECK_DIGITS));
    if let Some((check, rest)) = checked
        && rest.strip_prefix(END).is_none_or(|members| check != checksum(members))
    {
        metrics::damaged();
        tracing::error!("Redis returned a value or an event that was damaged; it is ignored");
        return Err(Unreadable::Damaged);
    }
    serde_json::from_str(text).map_err(|_| Unreadable::Unknown)
}

fn checksum(members: &str) -> String {
    let mut digits = model::Sha256(Sha256::digest(members).into()).to_string();
    digits.truncate(CHECK_DIGITS);
    digits
}

#[cfg(test)]
mod tests {
    use model::Calculation;

    use super::*;

    #[test]
    fn no_flipped_bit_changes_what_is_read() {
        let sent = crate::contract::done(30);
        let text = encode(&sent).unwrap();
        assert_eq!(serde_json::from_str::<Calculation>(&text).unwrap(), sent, "other versions ignore the checksum");
        assert_eq!(
            decode::<Calculation>(&serde_json::to_string(&sent).unwrap()).unwrap(),
            sent,
            "of an earlier version"
        );
        for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut damaged = text.clone().into_bytes();
            damaged[at] ^= 1 << bit;
            // Redis returns bytes, and what is no text is an error before this.
            let Ok(damaged) = String::from_utf8(damaged) else { continue };
            let read = decode::<Calculation>(&damaged);
            assert!(read.as_ref().is_ok_and(|read| *read == sent) || read.is_err(), "bit {bit} of byte {at}: {read:?}");
        }
    }
}
