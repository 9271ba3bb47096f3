//! Checksums of rows.

use model::{Sha256, Subject};
use sha2::Digest;

/// Returns the checksum of what is known of a calculation before its value is.
pub(crate) fn request_check(subject: &Subject, digits: u64) -> i64 {
    checksum(&format!("{subject} {digits}"))
}

/// Returns the checksum of what is known of a value.
pub(crate) fn value_check(
    subject: &Subject,
    sha256: Sha256,
    size_bytes: u64,
    first_digits: &str,
    last_digits: &str,
) -> i64 {
    checksum(&format!("{subject} {sha256} {size_bytes} {first_digits} {last_digits}"))
}

fn checksum(text: &str) -> i64 {
    let hash: [u8; 32] = sha2::Sha256::digest(text).into();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use model::Index;

    use super::*;

    /// Rows in databases have these: another algorithm would call all of them damaged.
    #[test]
    fn checksums_never_change() {
        let subject = Subject::from(Index::new(12));
        assert_eq!(request_check(&subject, 3), checksum("F(12) 3"));
        let value = value_check(&subject, Sha256([0; 32]), 3, "144", "144");
        assert_eq!(value, checksum(&format!("F(12) {} 3 144 144", "0".repeat(64))));
        assert_eq!(checksum("abc"), i64::from_be_bytes([0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]));
    }
}
