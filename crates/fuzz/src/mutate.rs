//! Mutations: of bytes, of pieces, and of numbers.

use fastrand::Rng;

/// Longer inputs are cut.
const MAX_BYTES: usize = 4_096;
/// Numbers at which something changes.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "1",
    "-1",
    "00",
    "255",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "99999999999999999999999999999999999999999",
];
const BYTES: &[u8] = b"\0\x01\x7f\x80\xff\n\r\t \"'\\{}[]()<>:;,.-+*/=&%?#^eE0159";

/// Returns an input of the pool with some mutations.
pub(crate) fn mutate(pool: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut input = one_of(pool, rng).cloned().unwrap_or_default();
    for _ in 0..1 << rng.u32(0..4) {
        mutate_once(&mut input, pool, rng);
    }
    input.truncate(MAX_BYTES);
    input
}

fn mutate_once(input: &mut Vec<u8>, pool: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.usize(0..=input.len());
    match rng.u32(0..8) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << rng.u32(0..8);
            }
        }
        1 => {
            if let (Some(byte), Some(new)) = (input.get_mut(at), one_of(BYTES, rng)) {
                *byte = *new;
            }
        }
        2 => input.insert(at, one_of(BYTES, rng).copied().unwrap_or_default()),
        3 => {
            let range = piece(input, rng);
            input.drain(range);
        }
        4 => {
            let range = piece(input, rng);
            let repeated = input[range].repeat(1 << rng.u32(0..6));
            insert(input, at, &repeated);
        }
        5 => {
            let other = one_of(pool, rng).cloned().unwrap_or_default();
            let range = piece(&other, rng);
            insert(input, at, &other[range]);
        }
        6 => {
            let other = one_of(pool, rng).cloned().unwrap_or_default();
            let from = rng.usize(0..=other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => {
            let number = one_of(&NUMBERS, rng).copied().unwrap_or_default();
            let start = input.iter().skip(at).position(u8::is_ascii_digit).map_or(at, |more| at + more);
            let digits = input.iter().skip(start).take_while(|byte| byte.is_ascii_digit()).count();
            input.splice(start..start + digits, number.bytes());
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    input.splice(at..at, bytes.iter().copied());
}

/// Returns a range of an input: any, or a run of characters of one class, which is often a word.
fn piece(input: &[u8], rng: &mut Rng) -> std::ops::Range<usize> {
    let start = rng.usize(0..=input.len());
    if rng.bool() {
        return start..rng.usize(start..=input.len());
    }
    let class = |byte: &u8| byte.is_ascii_alphanumeric();
    let first = input.get(start).map(class);
    start..start + input[start..].iter().take_while(|byte| Some(class(byte)) == first).count()
}

fn one_of<'a, T>(choices: &'a [T], rng: &mut Rng) -> Option<&'a T> {
    choices.get(rng.usize(0..choices.len().max(1)))
}
