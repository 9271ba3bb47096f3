//! The list of block hashes beside every object.
//!
//! With it a range can be checked without reading the rest. The list carries a hash of its own, over the
//! text's hash too, so that neither a damaged list nor the list of another text passes.

use bytes::Bytes;
use model::Sha256;
use sha2::Digest;

use super::text::{BLOCK_BYTES, Digested};

/// Names the format and its version.
pub(super) const MAGIC: &[u8; 16] = b"abaci blocks 1\n\0";
const HASH_BYTES: usize = 32;

/// Returns the stored form of the list: the name of the format, the hash of the rest, the hash of the text, its length
/// (8 bytes, big-endian), the hashes of the blocks.
pub(super) fn encode(digested: &Digested) -> Bytes {
    let mut body = Vec::with_capacity(HASH_BYTES * (digested.block_hashes.len() + 1) + 8);
    body.extend_from_slice(&digested.sha256.0);
    body.extend_from_slice(&digested.size_bytes.to_be_bytes());
    digested.block_hashes.iter().for_each(|hash| body.extend_from_slice(&hash.0));
    let check = sha2::Sha256::digest(&body);
    [MAGIC.as_slice(), check.as_slice(), &body].concat().into()
}

/// Returns the hashes of a stored list; `None` unless it is whole and belongs to this text.
pub(super) fn decode(stored: &[u8], sha256: Sha256, size_bytes: u64) -> Option<Vec<Sha256>> {
    let (check, body) = stored.strip_prefix(MAGIC)?.split_first_chunk::<HASH_BYTES>()?;
    if sha2::Sha256::digest(body).as_slice() != check {
        return None;
    }
    let rest = body.strip_prefix(&sha256.0)?.strip_prefix(&size_bytes.to_be_bytes())?;
    let (hashes, surplus) = rest.as_chunks::<HASH_BYTES>();
    let blocks = u64::try_from(hashes.len()).ok()?;
    let complete = surplus.is_empty() && blocks == size_bytes.div_ceil(BLOCK_BYTES);
    complete.then(|| hashes.iter().copied().map(Sha256).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::digest;
    use super::*;

    fn digested() -> Digested {
        digest(&"31".repeat(1_000_000))
    }

    #[test]
    fn a_list_survives_its_stored_form() {
        let digested = digested();
        let decoded = decode(&encode(&digested), digested.sha256, digested.size_bytes);
        assert_eq!(decoded, Some(digested.block_hashes));
    }

    #[test]
    fn the_list_of_another_text_is_refused() {
        let (mine, other) = (digested(), digest(&"13".repeat(1_000_000)));
        assert_eq!(decode(&encode(&other), mine.sha256, mine.size_bytes), None);
        assert_eq!(decode(&encode(&mine), mine.sha256, mine.size_bytes + 1), None);
    }

    proptest! {
        #[test]
        fn a_flipped_bit_anywhere_is_noticed(at in 0..10_000_usize, bit in 0..8_u32) {
            let digested = digested();
            let mut stored = encode(&digested).to_vec();
            let at = at % stored.len();
            stored[at] ^= 1 << bit;
            prop_assert_eq!(decode(&stored, digested.sha256, digested.size_bytes), None);
        }

        #[test]
        fn a_cut_list_is_noticed(kept in 0..10_000_usize) {
            let digested = digested();
            let stored = encode(&digested);
            let kept = kept % stored.len();
            prop_assert_eq!(decode(&stored[..kept], digested.sha256, digested.size_bytes), None);
        }
    }
}
