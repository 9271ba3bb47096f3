//! From numbers to their Fibonacci numbers, against tables made with PARI/GP and against their definitions.

use dashu_int::{IBig, UBig};
use fibonacci::{
    IndexOfError, Nearest, NumberError, dual, even, from_indexes, golden_string, index_of_fibonacci, index_of_lucas,
    lucas, neighbors, nth, wythoff_pair, zeckendorf,
};
use proptest::prelude::*;

/// N and the indexes of its Zeckendorf representation. Made by `tables/sequences.gp` with PARI/GP 2.15.2.
const ZECKENDORF: &str = include_str!("tables/zeckendorf.csv");

fn value(n: i64) -> UBig {
    nth(n).unwrap().to_string().parse().unwrap()
}

#[test]
fn zeckendorf_representations_agree_with_those_of_pari() {
    let mut rows = 0;
    for row in ZECKENDORF.lines() {
        let (number, indexes) = row.split_once(',').unwrap();
        let number: UBig = number.parse().unwrap();
        let found = zeckendorf(&number);
        let written: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(written.join(" "), indexes);
        assert_eq!(from_indexes(&found), number);
        rows += 1;
    }
    assert_eq!(rows, 458);
}

/// Asserts that the representations of a number are what they are called.
fn assert_represented(number: &UBig) {
    let greedy = zeckendorf(number);
    assert_eq!(from_indexes(&greedy), *number);
    assert!(greedy.windows(2).all(|pair| pair[0] >= pair[1] + 2), "{number}: {greedy:?}");
    assert!(greedy.last().is_none_or(|&last| last >= 2));
    let lazy = dual(number);
    assert_eq!(from_indexes(&lazy), *number);
    assert!(lazy.windows(2).all(|pair| (1..=2).contains(&(pair[0] - pair[1]))), "{number}: {lazy:?}");
    assert!(lazy.last().is_none_or(|last| (2..=3).contains(last)), "{number}: {lazy:?}");
}

fn assert_even(number: &UBig) {
    let indexes = even(number);
    assert_eq!(from_indexes(&indexes), *number);
    assert!(indexes.iter().all(|index| index % 2 == 0 && *index >= 2));
    assert!(indexes.windows(3).all(|three| three[0] >= three[1] && three[0] > three[2]));
    let twice: Vec<u32> = indexes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    for pair in twice.windows(2) {
        assert!((pair[1]..pair[0]).step_by(2).any(|index| !indexes.contains(&index)), "{number}: {indexes:?}");
    }
}

#[test]
fn every_number_to_five_thousand_is_represented() {
    for number in 0_u32..=5_000 {
        assert_represented(&number.into());
        assert_even(&number.into());
    }
}

#[test]
fn numbers_beside_large_fibonacci_numbers_are_represented() {
    for n in [100, 5_000, 5_901, 11_800, 23_601, 30_000] {
        for number in [value(n) - 1_u8, value(n), value(n) + 1_u8] {
            assert_represented(&number);
        }
        assert_even(&(value(n) - 1_u8));
        // All indexes of one parity below n: the most terms there are.
        assert_eq!(zeckendorf(&(value(n) - 1_u8)).len() as i64, (n - 1) / 2);
    }
}

#[test]
fn a_number_of_a_hundred_thousand_digits_is_represented() {
    let number: UBig = "7".repeat(100_000).parse().unwrap();
    assert_represented(&number);
}

#[test]
fn fibonacci_and_lucas_numbers_are_found_and_their_neighbors_are_not() {
    for n in (3..1_500).chain([9_999, 10_000, 100_001]) {
        let number = value(n);
        assert_eq!(index_of_fibonacci(&number.to_string()), Ok(Some(n)));
        for other in [&number + UBig::ONE, &number - UBig::ONE] {
            if n > 5 {
                assert_eq!(index_of_fibonacci(&other.to_string()), Ok(None), "beside F({n})");
            }
        }
        let number = UBig::try_from(lucas(n).unwrap()).unwrap();
        assert_eq!(index_of_lucas(&number.to_string()), Ok(Some(n)));
        for other in [&number + UBig::ONE, &number - UBig::ONE] {
            // L(3) = 4 is L(2) + 1.
            if n > 3 {
                assert_eq!(index_of_lucas(&other.to_string()), Ok(None), "beside L({n})");
            }
        }
    }
}

#[test]
fn small_numbers_are_found() {
    let fibonacci =
        [(0, Some(0)), (1, Some(1)), (2, Some(3)), (3, Some(4)), (4, None), (5, Some(5)), (6, None), (8, Some(6))];
    for (number, index) in fibonacci {
        assert_eq!(index_of_fibonacci(&format!("00{number}")), Ok(index), "{number}");
    }
    let lucas =
        [(0, None), (1, Some(1)), (2, Some(0)), (3, Some(2)), (4, Some(3)), (5, None), (7, Some(4)), (11, Some(5))];
    for (number, index) in lucas {
        assert_eq!(index_of_lucas(&number.to_string()), Ok(index), "{number}");
    }
}

#[test]
fn neighbors_of_every_number_to_ten_thousand_are_the_nearest() {
    for number in 0_u64..=10_000 {
        let found = neighbors(&number.to_string()).unwrap();
        let at = |n: i64| u64::try_from(value(n)).unwrap();
        let (low, high) = (at(found.below), at(found.below + 1));
        assert!(low <= number && (number < high || number == 0), "{number}");
        assert_eq!(found.exact, low == number);
        let expected = match (number - low).cmp(&(high - number)) {
            _ if number == 0 => Nearest::Below,
            std::cmp::Ordering::Less => Nearest::Below,
            std::cmp::Ordering::Equal => Nearest::Both,
            std::cmp::Ordering::Greater => Nearest::Above,
        };
        assert_eq!(found.nearest, expected, "{number}");
    }
}

#[test]
fn a_text_that_is_not_a_number_is_refused() {
    for text in ["-1", "+1", "1 000", "1e3", "x", "12a"] {
        assert!(matches!(index_of_fibonacci(text), Err(IndexOfError::Number(NumberError::NotADigit { .. }))), "{text}");
        assert!(matches!(neighbors(text), Err(IndexOfError::Number(NumberError::NotADigit { .. }))), "{text}");
    }
    assert_eq!(index_of_lucas(""), Err(IndexOfError::Number(NumberError::Empty)));
}

#[test]
fn wythoff_pairs_and_the_golden_string_follow_their_definitions() {
    // The lower number of a pair is the least that stands in no pair before.
    let mut used = vec![false; 20_000];
    for n in 1_u32..5_000 {
        let pair = wythoff_pair(&n.into());
        let least = used.iter().skip(1).position(|&used| !used).unwrap() as u32 + 1;
        assert_eq!((pair.lower, pair.upper), (least.into(), (least + n).into()));
        used[least as usize] = true;
        used[(least + n) as usize] = true;
    }
    let mut string = vec![false];
    while string.len() < 10_000 {
        string = string.iter().flat_map(|&one| if one { vec![false] } else { vec![false, true] }).collect();
    }
    for (n, &one) in string.iter().enumerate() {
        assert_eq!(golden_string(&n.into()), one, "position {n}");
    }
}

proptest! {
    #[test]
    fn any_number_is_represented(digits in "[1-9][0-9]{0,2500}") {
        let number: UBig = digits.parse().unwrap();
        assert_represented(&number);
        assert_even(&number);
    }

    #[test]
    fn indexes_in_any_order_sum_up(indexes in prop::collection::vec(0_u32..3_000, 0..80)) {
        let sum = indexes.iter().fold(UBig::ZERO, |sum, &index| sum + value(index.into()));
        prop_assert_eq!(from_indexes(&indexes), sum);
    }

    #[test]
    fn neighbors_of_any_number_enclose_it(digits in "[1-9][0-9]{0,400}") {
        let number: UBig = digits.parse().unwrap();
        let found = neighbors(&digits).unwrap();
        let (low, high) = (value(found.below), value(found.below + 1));
        prop_assert!(low <= number && number < high);
        let (down, up) = (IBig::from(&number - low), IBig::from(high - &number));
        prop_assert_eq!(found.nearest, match down.cmp(&up) {
            std::cmp::Ordering::Less => Nearest::Below,
            std::cmp::Ordering::Equal => Nearest::Both,
            std::cmp::Ordering::Greater => Nearest::Above,
        });
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _: Result<_, _> = neighbors(&text);
        let _: Result<_, _> = index_of_fibonacci(&text);
        let _: Result<_, _> = index_of_lucas(&text);
    }
}
