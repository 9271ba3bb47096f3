//! Facts about F(n) without computing it, against F(n) computed and against tables of other programs.

use std::num::NonZeroU64;

use dashu_int::{IBig, UBig};
use fibonacci::{
    TextResidue, digit_count, first_digits, is_even, last_digits, modulo, nth, scientific, valuation_of_2,
    valuation_of_3, valuation_of_5,
};
use proptest::prelude::*;

/// n, number of digits, first and last 50, a modulus, the residue, exponents of 2, 3, 5. Made by `tables/facts.py`
/// with gmpy2 2.3.2 and mpmath 1.3.0.
const FACTS: &str = include_str!("tables/facts.csv");

/// n, first and last 10,000 digits modulo 2⁶¹ − 1. Made by `tables/facts.py`.
const ENDS: &str = include_str!("tables/ends.csv");

fn modulus(m: u64) -> NonZeroU64 {
    NonZeroU64::new(m).unwrap()
}

fn residue_of_text(text: &str, m: NonZeroU64) -> Option<u64> {
    let mut residue = TextResidue::new(m);
    residue.push(text.as_bytes());
    residue.finish()
}

fn residue(n: i64, m: u64) -> u64 {
    modulo(n, &m.into()).unwrap().try_into().unwrap()
}

#[test]
fn facts_agree_with_those_of_other_programs_to_10_to_the_1000() {
    let mut rows = 0;
    for row in FACTS.lines() {
        let fields: Vec<&str> = row.split(',').collect();
        let [n, digits, first, last, m, expected, two, three, five] = fields[..] else { panic!("{row}") };
        let n: IBig = n.parse().unwrap();
        assert_eq!(digit_count(n.clone()).to_string(), digits, "{row}");
        assert_eq!(first_digits(n.clone(), 50), first, "{row}");
        assert_eq!(last_digits(n.clone(), 50), last, "{row}");
        let m: UBig = m.parse().unwrap();
        assert_eq!(modulo(n.clone(), &m).unwrap().to_string(), expected, "{row}");
        assert_eq!(valuation_of_2(n.clone()), two.parse().ok(), "{row}");
        assert_eq!(valuation_of_3(n.clone()), three.parse().ok(), "{row}");
        assert_eq!(valuation_of_5(n.clone()), five.parse().ok(), "{row}");
        assert_eq!(is_even(n.clone()), two != "0", "{row}");
        let notation = scientific(n, 50);
        assert_eq!(notation.digits, first, "{row}");
        assert_eq!((notation.exponent + UBig::ONE).to_string(), digits, "{row}");
        rows += 1;
    }
    assert_eq!(rows, 511);
}

#[test]
fn ten_thousand_digits_at_either_end_agree_with_those_of_other_programs() {
    let check = modulus((1 << 61) - 1);
    for row in ENDS.lines() {
        let fields: Vec<&str> = row.split(',').collect();
        let [n, first, last] = fields[..] else { panic!("{row}") };
        let n: IBig = n.parse().unwrap();
        let digits = first_digits(n.clone(), 10_000);
        assert_eq!(digits.len(), 10_000);
        assert_eq!(residue_of_text(&digits, check), first.parse().ok(), "F({n})");
        let digits = last_digits(n.clone(), 10_000);
        assert_eq!(digits.len(), 10_000);
        assert_eq!(residue_of_text(&digits, check), last.parse().ok(), "F({n})");
    }
}

#[test]
fn ends_and_lengths_of_the_first_three_thousand_values_are_right() {
    for n in -200..=3_000_i64 {
        let value = nth(n).unwrap();
        let text = value.to_string();
        let digits = text.trim_start_matches('-');
        assert_eq!(digit_count(n), digits.len().into(), "F({n})");
        assert_eq!(fibonacci::estimate(n).digits, digits.len() as u64, "F({n})");
        for k in [1_u16, 17, 18, 19, 50, 300] {
            let shown = digits.len().min(k.into());
            assert_eq!(first_digits(n, k), digits[..shown], "F({n})");
            assert_eq!(last_digits(n, k), digits[digits.len() - shown..], "F({n})");
        }
    }
}

#[test]
fn ends_of_values_of_many_limbs_are_right() {
    for n in [2_001, 20_000, 99_999, 300_000, 1_000_001] {
        let value = nth(n).unwrap();
        assert_eq!(digit_count(n), value.digits().into());
        for k in [0, 1, 20, 50, 255, 10_000, 65_535] {
            assert_eq!(first_digits(n, k), value.first(k.into()), "F({n})");
            assert_eq!(last_digits(n, k), value.last(k.into()), "F({n})");
        }
    }
}

#[test]
fn the_number_of_digits_is_right_wherever_it_grows_by_one() {
    // Below and above every power of ten to 10^4000, found with exact values.
    let (mut before, mut current) = (UBig::ONE, UBig::ZERO);
    let (mut power, mut digits) = (UBig::from(10_u8), 1_u64);
    for n in 0..19_200_i64 {
        if current >= power {
            digits += 1;
            power *= 10_u8;
        }
        assert_eq!(digit_count(n), digits.into(), "F({n})");
        assert_eq!(fibonacci::estimate(n).digits, digits, "F({n})");
        (before, current) = (current.clone(), before + current);
    }
}

#[test]
fn last_digits_keep_zeros_in_front() {
    // The last digits repeat from F(0) on every 15·10¹⁷ indexes for 18 digits.
    assert_eq!(last_digits(1_500_000_000_000_000_000_i64, 18), "0".repeat(18));
    assert_eq!(last_digits(1_500_000_000_000_000_001_i64, 18), format!("{:018}", 1));
    assert_eq!(last_digits(7, 18), "13");
}

#[test]
fn the_extreme_indexes_are_served() {
    // F(−2⁶³) is −F(2⁶³), and 2⁶³ is even.
    assert_eq!(digit_count(i64::MIN).to_string(), "1927570757129919482");
    assert_eq!(first_digits(i64::MIN, 10), "2235614696");
    assert_eq!(last_digits(i64::MIN, 10), "7220871621");
    let last: u64 = last_digits(i64::MIN, 10).parse().unwrap();
    assert_eq!(residue(i64::MIN, 10_000_000_000), 10_000_000_000 - last);
    assert_eq!(residue(i64::MAX, 1), 0);
    assert_eq!(UBig::from(fibonacci::estimate(i64::MIN).digits), digit_count(i64::MIN));
    assert_eq!(modulo(5, &UBig::ZERO), None);
    assert_eq!(scientific(0, 0).to_string(), "0e0");
    assert_eq!(valuation_of_2(0), None);
}

#[test]
fn residues_of_text_refuse_what_is_not_a_number() {
    for text in ["", "-", "1-2", "--1", "12 ", "+1", "0x1"] {
        assert_eq!(residue_of_text(text, modulus(97)), None, "{text:?}");
    }
    assert_eq!(residue_of_text("-0", modulus(97)), Some(0));
}

/// Indexes of every length to 1,100 digits.
fn indexes() -> impl Strategy<Value = IBig> {
    "-?[0-9]{1,20}|-?[0-9]{1,1100}".prop_map(|text| text.parse().unwrap())
}

proptest! {
    #[test]
    fn a_residue_is_that_of_the_text(n in -5_000_i64..5_000, m in 1_u64..) {
        let text = nth(n).unwrap().to_string();
        prop_assert_eq!(residue_of_text(&text, modulus(m)), Some(residue(n, m)));
    }

    #[test]
    fn a_residue_is_the_sum_of_the_two_before(n in indexes(), m in "[1-9][0-9]{0,99}") {
        let m: UBig = m.parse().unwrap();
        let at = |distance: i8| modulo(n.clone() - distance, &m).unwrap();
        prop_assert_eq!(at(0), (at(1) + at(2)) % &m);
    }

    #[test]
    fn last_digits_are_residues(n in indexes(), k in 1_u16..100) {
        let last: UBig = last_digits(n.clone(), k).parse().unwrap();
        let scale = UBig::from(10_u8).pow(k.into());
        let residue = modulo(n, &scale).unwrap();
        prop_assert!(residue == last || residue == scale - last);
    }

    #[test]
    fn more_first_digits_continue_fewer(n in indexes(), k in 1_u16..255) {
        let more = first_digits(n.clone(), k + 1);
        let fewer = first_digits(n.clone(), k);
        prop_assert!(more.starts_with(&fewer));
        prop_assert_eq!(UBig::from(fewer.len()), digit_count(n).min(k.into()));
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
