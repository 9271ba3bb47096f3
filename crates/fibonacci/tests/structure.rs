//! Verification, the limit, and what Fibonacci numbers are made of.

use std::num::NonZeroU64;

use dashu_int::{IBig, UBig};
use fibonacci::{
    DigitStatistics, FIBONACCI_PRIME_INDEXES, LUCAS_PRIME_INDEXES, MAX_SEARCHED_PART, Primality, PrimalityMethod,
    Verifier, agreeing_places, algebraic_factors, aurifeuillian_factors, convergent, digital_root, divisors,
    fibonacci_primality, is_prime, known_fibonacci_primality, known_lucas_primality, lucas, modulo, nth, phi_digits,
    ratio_digits, residue_primes,
};
use proptest::prelude::*;

fn value(n: i64) -> UBig {
    nth(n).unwrap().to_string().parse().unwrap()
}

fn is_right(n: i64, text: &[u8], primes: &[NonZeroU64]) -> bool {
    let mut verifier = Verifier::new(n, primes);
    text.chunks(1_000).for_each(|piece| verifier.push(piece));
    verifier.finish().is_right()
}

#[test]
fn right_values_pass_and_every_changed_digit_is_noticed() {
    let primes = residue_primes(1, 3);
    for n in (-60..60).chain([-1_000, 999, 1_000, -20_001, 30_000]) {
        let text = nth(n).unwrap().to_string().into_bytes();
        assert!(is_right(n, &text, &primes), "F({n})");
        for place in (0..text.len()).step_by(text.len() / 40 + 1) {
            let mut wrong = text.clone();
            wrong[place] = if wrong[place] == b'9' { b'8' } else { b'9' };
            assert!(!is_right(n, &wrong, &primes), "F({n}), place {place}");
            let mut shorter = text.clone();
            shorter.remove(place);
            assert!(!is_right(n, &shorter, &primes), "F({n}), without place {place}");
        }
        let mut longer = text.clone();
        longer.push(b'\n');
        assert!(!is_right(n, &longer, &primes), "F({n}) and a newline");
    }
}

#[test]
fn a_newline_is_allowed_only_at_the_end_and_on_request() {
    let check = |pieces: &[&str]| {
        let mut verifier = Verifier::new(12, &residue_primes(7, 2)).allow_newline();
        pieces.iter().for_each(|piece| verifier.push(piece.as_bytes()));
        verifier.finish()
    };
    for right in [&["144\n"][..], &["144", "\n"], &["1", "44\n", ""], &["144"]] {
        assert!(check(right).is_right(), "{right:?}");
    }
    for (wrong, position) in [(&["144\n\n"][..], 4), (&["144", "\n", "\n"], 4), (&["1\n", "44"], 2), (&["\n144"], 1)] {
        assert_eq!(check(wrong).malformed_at, Some(position), "{wrong:?}");
    }
}

#[test]
fn a_verification_says_what_differs() {
    let primes = residue_primes(7, 2);
    let mut verifier = Verifier::new(-12, &primes);
    verifier.push(b"1");
    verifier.push(b"4x");
    let found = verifier.finish();
    assert_eq!(found.malformed_at, Some(3));
    assert_eq!((found.negative.expected, found.negative.found), (true, false));
    assert!(found.digits.agrees());
    assert_eq!((found.first.expected.as_str(), found.first.found.as_str()), ("144", "14x"));
    assert!(found.residues.iter().all(|(_, residue)| residue.found.is_none()));
    let empty = Verifier::new(0, &primes).finish();
    assert!(!empty.is_right());
    assert_eq!((empty.digits.expected, empty.digits.found), (UBig::ONE, UBig::ZERO));
}

#[test]
fn a_difference_that_primes_divide_is_noticed_at_the_ends() {
    // F(n) and the product of the primes: all residues agree, the number does not.
    let primes = residue_primes(3, 3);
    let product = primes.iter().fold(UBig::ONE, |product, prime| product * prime.get());
    let wrong = (value(1_000) + product).to_string();
    let mut verifier = Verifier::new(1_000, &primes);
    verifier.push(wrong.as_bytes());
    let found = verifier.finish();
    assert!(found.residues.iter().all(|(_, residue)| residue.agrees()));
    assert!(!found.last.agrees() && !found.is_right());
}

#[test]
fn primes_for_residues_are_prime_and_different() {
    let primes = residue_primes(42, 200);
    for (place, prime) in primes.iter().enumerate() {
        assert!(is_prime(prime.get().into()) && prime.get().ilog2() == 60);
        assert!(!primes[..place].contains(prime));
    }
    assert_ne!(residue_primes(42, 3), residue_primes(43, 3));
}

#[test]
fn phi_and_ratios_have_the_digits_of_their_definitions() {
    // A001622 to 100 places.
    let published =
        "1.6180339887498948482045868343656381177203091798057628621354486227052604628189024497072072041893911374";
    assert_eq!(phi_digits(100), published);
    for places in [0, 1, 2, 50, 99] {
        let expected = if places == 0 { "1" } else { &published[..places + 2] };
        assert_eq!(phi_digits(places as u32), expected);
    }
    for n in 1..400_i64 {
        for places in [0, 1, 5, 30, 200] {
            let quotient = value(n + 1) * UBig::from(10_u8).pow(places) / value(n);
            let found = ratio_digits(n as u64, places as u32).unwrap();
            assert_eq!(found.replace('.', ""), quotient.to_string(), "n = {n}, {places} places");
        }
    }
    assert_eq!(ratio_digits(0, 5), None);
    assert_eq!(ratio_digits(u64::MAX, 20).unwrap(), phi_digits(20));
}

#[test]
fn places_that_agree_with_phi_do_and_the_next_does_not() {
    for n in (3..300).chain([1_000, 5_000]) {
        let agreeing = agreeing_places(n).unwrap();
        assert_eq!(ratio_digits(n, agreeing), Some(phi_digits(agreeing)), "n = {n}");
        assert_ne!(ratio_digits(n, agreeing + 1), Some(phi_digits(agreeing + 1)), "n = {n}");
    }
}

#[test]
fn convergents_lie_on_alternate_sides() {
    for k in 0..200_u16 {
        let found = convergent(k);
        assert_eq!(found.numerator, value(i64::from(k) + 2));
        assert_eq!(found.denominator, value(i64::from(k) + 1));
        // p/q > φ where p² − pq − q² > 0.
        let (p, q) = (IBig::from(found.numerator), IBig::from(found.denominator));
        assert_eq!(&p * &p - &p * &q - &q * &q > IBig::ZERO, found.above, "k = {k}");
    }
}

#[test]
fn algebraic_factors_multiply_to_the_value() {
    for n in (1..=600).chain([5_040]) {
        let factors = algebraic_factors(n).unwrap();
        assert_eq!(factors.iter().map(|factor| u128::from(factor.divisor)).collect::<Vec<_>>(), divisors(n.into()));
        assert_eq!(
            factors.iter().fold(UBig::ONE, |product, factor| product * &factor.value),
            value(n.into()),
            "n = {n}"
        );
    }
    assert_eq!(algebraic_factors(0), Some(vec![]));
    assert_eq!(algebraic_factors(100_001), None);
}

#[test]
fn prime_factors_of_parts_are_prime_and_multiply_to_the_part() {
    let (mut tabulated, mut primes) = (0, 0);
    for d in 1..=300_u32 {
        let part = algebraic_factors(d).unwrap().pop().unwrap();
        let factors = part.prime_factors().unwrap_or_else(|| panic!("F({d})"));
        let product = factors.iter().fold(UBig::ONE, |product, (p, exponent)| product * p.pow(*exponent as usize));
        assert_eq!(product, part.value, "F({d})");
        assert!(factors.is_sorted_by(|(smaller, _), (larger, _)| smaller < larger), "F({d})");
        for (p, _) in &factors {
            assert!(seems_prime(p), "{p} of F({d})");
            // It divides no smaller Fibonacci number, or d.
            let divides = |k: u32| modulo(k, p).unwrap().is_zero();
            let is_first = divides(d) && divisors(d.into()).into_iter().all(|k| k == d.into() || !divides(k as u32));
            assert!(is_first || (UBig::from(d) % p).is_zero(), "{p} of F({d})");
        }
        tabulated += u32::from(part.value > UBig::from(MAX_SEARCHED_PART));
        primes += factors.len();
    }
    assert!(tabulated == 164 && primes > 600, "{tabulated} parts, {primes} primes");
    // Of primes beyond the table, and of what is not known.
    for (d, is_known) in [(431, true), (2 * 313, true), (509, true), (389, false), (1_000, false), (100_000, false)] {
        let part = algebraic_factors(d).unwrap().pop().unwrap();
        let factors = part.prime_factors();
        assert_eq!(factors, is_known.then(|| vec![(part.value, 1)]), "F({d})");
    }
}

#[test]
fn aurifeuillian_factors_multiply_to_the_quotient() {
    for n in (1..400).step_by(2) {
        let (small, large) = aurifeuillian_factors(n).unwrap();
        assert!(small < large);
        assert_eq!(IBig::from(small * large) * lucas(n).unwrap(), lucas(5 * n).unwrap(), "n = {n}");
    }
    assert_eq!(aurifeuillian_factors(2), None);
}

#[test]
fn divisors_are_all_numbers_that_divide() {
    for n in 1..2_000_u128 {
        assert_eq!(divisors(n), (1..=n).filter(|d| n % d == 0).collect::<Vec<_>>());
    }
    assert_eq!(divisors(0), []);
}

/// A test of Fermat to base 3, and trial division by primes below 10,000.
fn seems_prime(number: &UBig) -> bool {
    use dashu_int::fast_div::ConstDivisor;
    if *number < UBig::from(100_000_000_u32) {
        return is_prime(u128::try_from(number).unwrap());
    }
    if (2_u32..10_000).any(|p| (number % p) == 0) {
        return false;
    }
    let ring = ConstDivisor::new(number.clone());
    ring.reduce(3_u8).pow(&(number - UBig::ONE)).residue().is_one()
}

#[test]
fn tables_of_primes_agree_with_tests_to_a_thousand() {
    for n in 0..=1_000_i64 {
        let number = value(n);
        let known = FIBONACCI_PRIME_INDEXES.contains(&(n as u32));
        assert_eq!(seems_prime(&number), known, "F({n})");
        let expected = match (n, known) {
            (0..=2, _) => Primality::Neither,
            (_, true) => Primality::Prime,
            _ => Primality::Composite,
        };
        assert_eq!(fibonacci_primality(n), expected, "F({n})");
        let number = UBig::try_from(lucas(n).unwrap()).unwrap();
        assert_eq!(seems_prime(&number), LUCAS_PRIME_INDEXES.contains(&(n as u32)), "L({n})");
    }
}

#[test]
fn a_primality_that_has_a_test_or_a_divisor_as_its_method_has_it() {
    let number_of = |n: i64| UBig::try_from(lucas(n).unwrap()).unwrap();
    for n in 0..=1_000_i64 {
        let proper = || divisors(n as u128).into_iter().map(|d| d as i64).filter(|&d| 1 < d && d < n);
        let divides = |d: UBig, number: UBig| d > UBig::ONE && d < number && (number % d).is_zero();
        for (number, method, divisor) in [
            (value(n), known_fibonacci_primality(n).method, proper().any(|d| divides(value(d), value(n)))),
            (number_of(n), known_lucas_primality(n).method, proper().any(|d| divides(number_of(n / d), number_of(n)))),
        ] {
            let small = u64::try_from(&number).ok();
            match method {
                PrimalityMethod::ZeroOrOne => assert!(number <= UBig::ONE, "{n}"),
                PrimalityMethod::DeterministicTest => assert!(is_prime(small.unwrap().into()), "{n}"),
                PrimalityMethod::EllipticCurves => assert!(small.is_none() && seems_prime(&number), "{n}"),
                PrimalityMethod::Divisor => assert!(divisor, "{n}"),
                PrimalityMethod::CompositenessTest => assert!(!divisor && !seems_prime(&number), "{n}"),
                other => panic!("{other:?} of {n}"),
            }
        }
    }
}

#[test]
fn larger_known_primes_pass_a_test() {
    for n in FIBONACCI_PRIME_INDEXES.into_iter().filter(|n| (1_000..6_000).contains(n)) {
        assert!(seems_prime(&value(n.into())), "F({n})");
    }
    for n in LUCAS_PRIME_INDEXES.into_iter().filter(|n| (1_000..6_000).contains(n)) {
        assert!(seems_prime(&UBig::try_from(lucas(n).unwrap()).unwrap()), "L({n})");
    }
    assert_eq!(fibonacci_primality(3_340_367), Primality::ProbablePrime);
    assert_eq!(fibonacci_primality(50_021), Primality::Unknown);
    assert_eq!(fibonacci_primality(IBig::from(10).pow(1000)), Primality::Composite);
    assert_eq!(fibonacci_primality(IBig::from(10).pow(1000) + 453), Primality::Unknown);
}

#[test]
fn digit_statistics_count_every_digit() {
    // Digits in vectors and beside them, and more of one than a byte can count.
    for (text, piece_bytes) in [
        (nth(-10_000).unwrap().to_string(), 7),
        (nth(200_000).unwrap().to_string(), 8_192),
        ("9".repeat(100_000), 100_000),
        ("0".to_owned(), 1),
    ] {
        let mut statistics = DigitStatistics::default();
        text.as_bytes().chunks(piece_bytes).for_each(|piece| statistics.push(piece));
        for digit in 0..10 {
            let count = text.bytes().filter(|&byte| byte == b'0' + digit).count() as u64;
            assert_eq!(statistics.counts()[usize::from(digit)], count);
        }
        let digits = || text.bytes().filter(u8::is_ascii_digit).map(|byte| u64::from(byte - b'0'));
        assert_eq!(statistics.sum(), digits().sum());
        let root = digits().fold(0, |root, digit| if root + digit > 9 { root + digit - 9 } else { root + digit });
        assert_eq!(u64::from(statistics.digital_root()), root);
    }
}

proptest! {
    #[test]
    fn verification_expects_the_residues_of_any_index(n in "-?[0-9]{1,1000}", seed in any::<u64>()) {
        let n: IBig = n.parse().unwrap();
        let primes = residue_primes(seed, 2);
        for (prime, residue) in Verifier::new(n.clone(), &primes).finish().residues {
            let expected = modulo(n.clone(), &prime.get().into()).unwrap();
            prop_assert_eq!(residue.expected, u64::try_from(expected).ok());
        }
    }

    #[test]
    fn the_digital_root_is_that_of_the_digits(n in -3_000_i64..3_000) {
        let mut number = value(n.abs());
        while number > UBig::from(9_u8) {
            number = number.to_string().bytes().map(|byte| UBig::from(byte - b'0')).fold(UBig::ZERO, |sum, d| sum + d);
        }
        prop_assert_eq!(UBig::from(digital_root(n)), number);
    }

    #[test]
    fn no_bytes_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..70), 0..5)) {
        let mut verifier = Verifier::new(100, &residue_primes(1, 1));
        pieces.iter().for_each(|piece| verifier.push(piece));
        verifier.finish();
    }
}
