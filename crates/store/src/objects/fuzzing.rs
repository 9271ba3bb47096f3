//! Fuzz target: the list of block hashes beside an object.

use model::Sha256;
use sha2::Digest;

use super::blocks::{MAGIC, decode, encode};
use super::text::{BLOCK_BYTES, Digested};

#[test]
fn a_block_list_is_whole_or_refused() {
    fuzz::run("blocks", include_str!("../../corpus/blocks.txt"), |input| {
        // The list of a text that the input names by its first bytes: with the right checksum, and as it is.
        let mut head = [0; 40];
        head.iter_mut().zip(input).for_each(|(to, from)| *to = *from);
        let (sha256, size) = head.split_at(32);
        let sha256 = Sha256(sha256.try_into().expect("32 bytes"));
        let size_bytes = u64::from_be_bytes(size.try_into().expect("8 bytes"));
        let sealed = [MAGIC.as_slice(), sha2::Sha256::digest(input).as_slice(), input].concat();
        let kinds = [sealed.as_slice(), input].map(|stored| {
            let block_hashes = decode(stored, sha256, size_bytes)?;
            assert_eq!(block_hashes.len() as u64, size_bytes.div_ceil(BLOCK_BYTES));
            assert_eq!(encode(&Digested { sha256, size_bytes, block_hashes: block_hashes.clone() }), stored);
            Some(block_hashes.len())
        });
        (kinds, input.len().min(200))
    });
}
