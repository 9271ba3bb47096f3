//! The text of a value, read in portions of every size.

use fibonacci::{Decimal, nth};

fn sizes() -> impl Iterator<Item = usize> {
    (1..80).chain([4_607, 4_608, 4_609, 10_000, 1 << 20])
}

fn written(value: &Decimal) -> String {
    let mut bytes = Vec::new();
    value.write_to(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn blocks_put_together_are_the_text() {
    for n in [0, 1, -2, 87, -88, 174, 1_000, -1_000, 44_001, -44_002] {
        let value = nth(n).unwrap();
        let text = value.to_string();
        assert_eq!(value.text_len(), text.len() as u64);
        assert_eq!(written(&value), text, "F({n})");
        assert_eq!(value.to_text(2), text.as_bytes(), "F({n})");
        for size in sizes() {
            let blocks: Vec<_> = value.chunks(size).collect();
            let (last, full) = blocks.split_last().unwrap();
            assert!(full.iter().all(|block| block.len() == size));
            assert!((1..=size).contains(&last.len()));
            assert_eq!(blocks.concat(), text.as_bytes(), "F({n}) by {size}");
        }
    }
}

#[test]
fn threads_write_the_same_text() {
    for n in [3_000_000, -4_000_000] {
        let value = nth(n).unwrap();
        let text = written(&value).into_bytes();
        for threads in [0, 1, 2, 3, 5] {
            assert!(value.to_text(threads) == text, "F({n}) on {threads} threads");
        }
    }
}

#[test]
fn blocks_of_no_bytes_are_taken_as_blocks_of_one() {
    assert_eq!(nth(12).unwrap().chunks(0).count(), 3);
}

#[test]
fn ends_of_the_digits_are_those_of_the_text() {
    let value = nth(-1_000).unwrap();
    let text = value.to_string();
    let digits = text.trim_start_matches('-');
    for count in 0..=digits.len() {
        assert_eq!(value.first(count as u64), digits[..count]);
        assert_eq!(value.last(count as u64), digits[digits.len() - count..]);
    }
    assert_eq!(value.first(u64::MAX), digits);
    assert_eq!(value.last(u64::MAX), digits);
}

#[test]
fn formatting_keeps_width_and_sign() {
    assert_eq!(format!("{:>6}|{:<4}|{:06}", nth(-8).unwrap(), nth(0).unwrap(), nth(-8).unwrap()), "   -21|0   |-00021");
    assert_eq!(format!("{:?}", nth(-8).unwrap()), "Decimal(-21)");
    assert_eq!(format!("{:?}", nth(1_000).unwrap()), "Decimal(43466557686937456435…76137795166849228875, 209 digits)");
}

#[test]
fn a_failing_destination_ends_the_writing() {
    let mut small = [0; 100];
    let error = nth(1_000).unwrap().write_to(&mut small[..]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
}

#[test]
fn a_value_keeps_no_more_than_half_a_byte_a_digit() {
    let value = nth(300_000).unwrap();
    assert!(value.memory_bytes() <= value.digits() / 2);
    assert!(value.memory_bytes() >= value.digits() * 4 / 9);
}
