//! What is said about F(n) without computing it, against F(n) computed.

use std::num::NonZeroU64;

use fibonacci::{TextResidue, digit_count, first_digits, last_digits, modulo, nth};
use proptest::prelude::*;

fn modulus(m: u64) -> NonZeroU64 {
    NonZeroU64::new(m).unwrap()
}

fn residue_of_text(text: &str, m: NonZeroU64) -> Option<u64> {
    let mut residue = TextResidue::new(m);
    residue.push(text.as_bytes());
    residue.finish()
}

#[test]
fn ends_and_lengths_of_the_first_three_thousand_values_are_right() {
    for n in -200..=3_000_i64 {
        let value = nth(n).unwrap();
        let text = value.to_string();
        let digits = text.trim_start_matches('-');
        assert_eq!(digit_count(n), digits.len() as u64, "F({n})");
        for k in [1, 17, 18, 19, 50] {
            let shown = digits.len().min(k.into());
            assert_eq!(first_digits(n, k), digits[..shown], "F({n})");
            assert_eq!(last_digits(n, k), digits[digits.len() - shown..], "F({n})");
        }
    }
}

#[test]
fn ends_of_values_of_many_limbs_are_right() {
    for n in [20_000, 99_999, 300_000, 1_000_001] {
        let value = nth(n).unwrap();
        assert_eq!(digit_count(n), value.digits());
        for k in [0, 1, 20, 50, 255] {
            assert_eq!(first_digits(n, k), value.first(k.into()), "F({n})");
            assert_eq!(last_digits(n, k), value.last(k.into()), "F({n})");
        }
    }
}

#[test]
fn last_digits_keep_zeros_in_front() {
    // The last digits repeat from F(0) on every 15·10¹⁷ indexes for 18 digits.
    assert_eq!(last_digits(1_500_000_000_000_000_000, 18), "0".repeat(18));
    assert_eq!(last_digits(1_500_000_000_000_000_001, 18), format!("{:018}", 1));
    assert_eq!(last_digits(7, 18), "13");
}

#[test]
fn the_extreme_indexes_are_served() {
    // F(−2⁶³) is −F(2⁶³), and 2⁶³ is even.
    assert_eq!(digit_count(i64::MIN), 1_927_570_757_129_919_482);
    assert_eq!(first_digits(i64::MIN, 10), "2235614696");
    assert_eq!(last_digits(i64::MIN, 10), "7220871621");
    let ten = modulus(10_000_000_000);
    let last: u64 = last_digits(i64::MIN, 10).parse().unwrap();
    assert_eq!(modulo(i64::MIN, ten), ten.get() - last);
    assert_eq!(modulo(i64::MAX, modulus(1)), 0);
    assert_eq!(fibonacci::estimate(i64::MIN).digits, digit_count(i64::MIN));
}

#[test]
fn residues_of_text_refuse_what_is_no_number() {
    for text in ["", "-", "1-2", "--1", "12 ", "+1", "0x1"] {
        assert_eq!(residue_of_text(text, modulus(97)), None, "{text:?}");
    }
    assert_eq!(residue_of_text("-0", modulus(97)), Some(0));
}

proptest! {
    #[test]
    fn a_residue_is_that_of_the_text(n in -5_000_i64..5_000, m in 1_u64..) {
        let text = nth(n).unwrap().to_string();
        prop_assert_eq!(residue_of_text(&text, modulus(m)), Some(modulo(n, modulus(m))));
    }

    #[test]
    fn a_residue_is_the_sum_of_the_two_before(n in any::<i64>(), m in 1_u64..) {
        let n = n.max(i64::MIN + 2);
        let sum = u128::from(modulo(n - 1, modulus(m))) + u128::from(modulo(n - 2, modulus(m)));
        prop_assert_eq!(u128::from(modulo(n, modulus(m))), sum % u128::from(m));
    }

    #[test]
    fn last_digits_are_residues(n in any::<i64>(), k in 1_u8..=18) {
        let last: u64 = last_digits(n, k).parse().unwrap();
        let scale = 10_u64.pow(k.into());
        let residue = modulo(n, modulus(scale));
        prop_assert!(residue == last % scale || residue == scale - last);
    }

    #[test]
    fn more_first_digits_continue_fewer(n in any::<i64>(), k in 1_u8..255) {
        let more = first_digits(n, k + 1);
        let fewer = first_digits(n, k);
        prop_assert!(more.starts_with(&fewer));
        prop_assert_eq!(fewer.len() as u64, digit_count(n).min(k.into()));
    }

    #[test]
    fn the_pieces_a_text_comes_in_do_not_matter(
        digits in "-?[0-9]{1,90}", cut in any::<prop::sample::Index>(), m in 1_u64..
    ) {
        let mut residue = TextResidue::new(modulus(m));
        let (start, end) = digits.as_bytes().split_at(cut.index(digits.len()));
        residue.push(start);
        residue.push(end);
        prop_assert_eq!(residue.finish(), residue_of_text(&digits, modulus(m)));
    }
}
