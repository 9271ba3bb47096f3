//! Compresses digits to gzip with one fixed code, as fast as they are read.
//!
//! The digits of a value are as good as random, so that no byte repeats another: a code of 3 to 5 bits for each digit
//! is all that can be saved, and needs no search. It takes 3.5 bits for a digit; the best possible are 3.32.

use bytes::{BufMut, Bytes, BytesMut};
use flate2::Crc;
use futures_util::{Stream, StreamExt, future, stream};

/// No name, no time, unknown system (RFC 1952).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// The code lengths of `0` to `9`, and of the two that occur once at most: `-` and the end of the block.
const DIGIT_BITS: [u8; 10] = [3, 3, 3, 3, 3, 3, 4, 4, 4, 5];
const RARE_BITS: u8 = 6;
const END: usize = 256;

/// A code and its length, ready to be written from the lowest bit.
type Code = (u64, u32);

/// Compresses blocks of digits as they are read.
pub(super) fn gzip<E>(blocks: impl Stream<Item = Result<Bytes, E>>) -> impl Stream<Item = Result<Bytes, E>> {
    let blocks = blocks.map(Some).chain(stream::iter([None]));
    blocks.scan(DigitGzip::new(), |gzip, block| {
        let compressed = match block {
            Some(block) => block.map(|digits| gzip.push(&digits)),
            None => Ok(gzip.finish()),
        };
        future::ready(Some(compressed))
    })
}

/// The state of a stream: one block of DEFLATE (RFC 1951), whose code never changes.
struct DigitGzip {
    codes: [Code; END + 1],
    /// Bits that do not yet fill a byte.
    bits: u64,
    count: u32,
    crc: Crc,
    begun: bool,
}

impl DigitGzip {
    fn new() -> Self {
        Self { codes: canonical(&lengths()), bits: 0, count: 0, crc: Crc::new(), begun: false }
    }

    /// Compresses the next digits. Only digits and `-` have a code.
    fn push(&mut self, digits: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(digits.len() / 2 + 64);
        if !self.begun {
            self.begin(&mut out);
        }
        self.crc.update(digits);
        for digit in digits {
            self.write(self.codes[usize::from(*digit)], &mut out);
        }
        out.freeze()
    }

    /// Ends the stream.
    fn finish(&mut self) -> Bytes {
        let mut out = BytesMut::with_capacity(64);
        if !self.begun {
            self.begin(&mut out);
        }
        self.write(self.codes[END], &mut out);
        let unused = (8 - self.count % 8) % 8;
        self.write((0, unused), &mut out);
        while self.count > 0 {
            self.take_byte(&mut out);
        }
        out.put_u32_le(self.crc.sum());
        out.put_u32_le(self.crc.amount());
        out.freeze()
    }

    /// Writes the header, and the code lengths in the form of a block with codes of its own.
    fn begin(&mut self, out: &mut BytesMut) {
        self.begun = true;
        out.put_slice(&HEADER);
        // The last block; with its own codes: 257 for literals, 1 for distances, 18 for code lengths.
        for field in [(1, 1), (2, 2), (0, 5), (0, 5), (14, 4)] {
            self.write(field, out);
        }
        // The lengths of the codes for code lengths, in the order of the format.
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1];
        let mut of_lengths = [0; 19];
        for (length, bits) in [(18, 2), (0, 3), (1, 3), (3, 3), (4, 3), (5, 3), (6, 3)] {
            of_lengths[length] = bits;
        }
        for length in order {
            self.write((u64::from(of_lengths[length]), 3), out);
        }
        let codes: [Code; 19] = canonical(&of_lengths);
        let mut lengths: &[u8] = &[&lengths()[..], &[1]].concat();
        while let Some(first) = lengths.first() {
            let zeros = lengths.iter().take(138).take_while(|length| **length == 0).count();
            let taken = if zeros >= 11 {
                self.write(codes[18], out);
                self.write((zeros as u64 - 11, 7), out);
                zeros
            } else {
                self.write(codes[usize::from(*first)], out);
                1
            };
            lengths = &lengths[taken..];
        }
    }

    fn write(&mut self, (bits, count): Code, out: &mut BytesMut) {
        self.bits |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            out.put_u32_le(self.bits as u32);
            self.bits >>= 32;
            self.count -= 32;
        }
    }

    fn take_byte(&mut self, out: &mut BytesMut) {
        out.put_u8(self.bits as u8);
        self.bits >>= 8;
        self.count -= 8;
    }
}

/// Returns the code length of each byte, and of the end of the block.
fn lengths() -> [u8; END + 1] {
    let mut lengths = [0; END + 1];
    lengths[usize::from(b'0')..=usize::from(b'9')].copy_from_slice(&DIGIT_BITS);
    lengths[usize::from(b'-')] = RARE_BITS;
    lengths[END] = RARE_BITS;
    lengths
}

/// Returns the canonical codes of these lengths: shorter ones first, then in order of the symbols. Codes are written from
/// their highest bit, everything else from the lowest, so they are reversed here.
fn canonical<const N: usize>(lengths: &[u8; N]) -> [Code; N] {
    let mut codes = [(0, 0); N];
    let mut next = 0_u64;
    for bits in 1..=15_u8 {
        next <<= 1;
        for (symbol, length) in lengths.iter().enumerate() {
            if *length == bits {
                codes[symbol] = (next.reverse_bits() >> (64 - u32::from(bits)), u32::from(bits));
                next += 1;
            }
        }
    }
    codes
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn compress(pieces: &[&[u8]]) -> Vec<u8> {
        let mut gzip = DigitGzip::new();
        let mut all: Vec<u8> = pieces.iter().flat_map(|piece| gzip.push(piece)).collect();
        all.extend(gzip.finish());
        all
    }

    #[test]
    fn what_is_compressed_is_read_back_however_it_is_cut() {
        let digits: Vec<u8> = (0..100_000_u64).map(|i| b'0' + (i * i * 7 / 3 % 10) as u8).collect();
        for size in [1, 3, 1_000, 99_999, 100_000] {
            let pieces: Vec<&[u8]> = std::iter::once(&b"-"[..]).chain(digits.chunks(size)).collect();
            let mut read = Vec::new();
            GzDecoder::new(&compress(&pieces)[..]).read_to_end(&mut read).expect("a valid stream");
            assert_eq!(read, pieces.concat());
        }
        for short in ["", "0", "-1", "55"] {
            let mut read = String::new();
            GzDecoder::new(&compress(&[short.as_bytes()])[..]).read_to_string(&mut read).expect("a valid stream");
            assert_eq!(read, short);
        }
    }

    #[test]
    fn a_digit_takes_three_and_a_half_bits() {
        let digits = b"0123456789".repeat(10_000);
        assert_eq!(compress(&[&digits]).len() - compress(&[]).len(), 100_000 * 7 / 16);
    }
}
