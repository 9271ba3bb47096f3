//! Sequences and moduli against tables made with PARI/GP, and against their definitions.

use dashu_int::{IBig, UBig};
use fibonacci::{
    LucasParameters, SequenceError, factorize, fibonacci_polynomial, kbonacci, kbonacci_modulo, lucas, lucas_modulo,
    lucas_polynomial, lucas_u, lucas_u_modulo, lucas_v, lucas_v_modulo, nth, period, seeded, seeded_modulo,
};
use proptest::prelude::*;

/// m, its factors, Pisano period, entry point. Made by `tables/sequences.gp` with PARI/GP 2.15.2.
const PERIODS: &str = include_str!("tables/periods.csv");

/// P, Q, a, b, n, m, and U(n), V(n), G(a, b, n) modulo m, k and T(n) modulo m. Made by `tables/sequences.gp`.
const SEQUENCES: &str = include_str!("tables/sequences.csv");

fn remainder(value: IBig, m: &UBig) -> UBig {
    use dashu_int::ops::RemEuclid;
    value.rem_euclid(IBig::from(m.clone()))
}

#[test]
fn periods_agree_with_those_of_pari() {
    let mut rows = 0;
    for row in PERIODS.lines() {
        let fields: Vec<&str> = row.split(',').collect();
        let [m, factors, pisano, entry] = fields[..] else { panic!("{row}") };
        let found = period(m.parse().unwrap()).unwrap();
        let written: Vec<String> = found.factors.iter().map(|(p, e)| format!("{p}^{e}")).collect();
        assert_eq!(written.join(" "), factors);
        assert_eq!(found.pisano_period.to_string(), pisano, "{row}");
        assert_eq!(found.entry_point.to_string(), entry, "{row}");
        assert_eq!(&found.entry_point * found.zeros, found.pisano_period);
        rows += 1;
    }
    assert_eq!(rows, 1_132);
}

#[test]
fn periods_to_three_thousand_are_those_of_the_residues() {
    for m in 1..=3_000_u128 {
        let found = period(m).unwrap();
        let (mut previous, mut current, mut k, mut entry) = (0, 1 % m, 1_u32, None);
        while (previous, current) != (0, 1 % m) || k == 1 {
            if current == 0 && entry.is_none() {
                entry = Some(k);
            }
            if (current, (previous + current) % m) == (0, 1 % m) {
                break;
            }
            (previous, current) = (current, (previous + current) % m);
            k += 1;
        }
        assert_eq!(found.pisano_period, k.into(), "π({m})");
        assert_eq!(Some(found.entry_point), entry.map(Into::into), "α({m})");
    }
}

#[test]
fn extreme_moduli_have_periods() {
    assert_eq!(period(0), None);
    assert_eq!(period(1).unwrap().pisano_period, UBig::ONE);
    let power = period(1 << 127).unwrap();
    assert_eq!(power.pisano_period, UBig::from(3_u8) << 126);
    // The largest prime below 2¹²⁸ has 2¹²⁸ − 160 and 2¹²⁸ − 158 beside it.
    let large = period(u128::MAX).unwrap();
    assert!(fibonacci::modulo(IBig::from(large.entry_point), &u128::MAX.into()).unwrap().is_zero());
    assert_eq!(factorize(u128::MAX).len(), 9);
}

#[test]
fn residues_of_sequences_agree_with_those_of_pari() {
    let mut rows = 0;
    for row in SEQUENCES.lines() {
        let fields: Vec<IBig> = row.split(',').map(|field| field.parse().unwrap()).collect();
        let [p, q, a, b, n, m, u, v, g, k, t] = <[IBig; 11]>::try_from(fields).unwrap();
        let (pair, m) = (LucasParameters { p, q }, UBig::try_from(m).unwrap());
        let expect = |found: Result<UBig, SequenceError>, expected: &IBig| {
            assert_eq!(IBig::from(found.unwrap()), *expected, "{row}");
        };
        let k = u32::try_from(k).unwrap();
        expect(lucas_u_modulo(&pair, n.clone(), &m), &u);
        expect(lucas_v_modulo(&pair, n.clone(), &m), &v);
        expect(seeded_modulo(&a, &b, n.clone(), &m), &g);
        expect(kbonacci_modulo(k, n.clone(), &m), &t);
        if let Ok(small) = i32::try_from(&n)
            && small.unsigned_abs() < 1_000
        {
            expect(Ok(remainder(lucas_u(&pair, small).unwrap(), &m)), &u);
            expect(Ok(remainder(lucas_v(&pair, small).unwrap(), &m)), &v);
            expect(Ok(remainder(seeded(&a, &b, small).unwrap(), &m)), &g);
            expect(Ok(remainder(kbonacci(k, small).unwrap(), &m)), &t);
        }
        rows += 1;
    }
    assert_eq!(rows, 400);
}

#[test]
fn lucas_numbers_are_sums_of_fibonacci_numbers() {
    for n in -300..2_000_i64 {
        let value = |n| nth(n).unwrap().to_string().parse::<IBig>().unwrap();
        assert_eq!(lucas(n).unwrap(), value(n - 1) + value(n + 1), "L({n})");
        assert_eq!(lucas_u(&LucasParameters::fibonacci(), n).unwrap(), value(n), "F({n})");
        assert_eq!(kbonacci(2, n).unwrap(), value(n), "F({n})");
    }
}

#[test]
fn every_kbonacci_number_is_the_sum_of_the_k_before() {
    for k in [2, 3, 4, 7, 64] {
        let values: Vec<IBig> = (-150..200).map(|n| kbonacci(k, n).unwrap()).collect();
        for window in values.windows(k as usize + 1) {
            let (last, before) = window.split_last().unwrap();
            assert_eq!(*last, before.iter().fold(IBig::ZERO, |sum, value| sum + value), "k = {k}");
        }
        assert!(values[150..150 + k as usize - 1].iter().all(IBig::is_zero));
        assert!(values[150 + k as usize - 1].is_one());
    }
}

#[test]
fn polynomials_obey_their_recurrence_and_have_the_numbers_as_values_at_1() {
    for (polynomial, first) in [(fibonacci_polynomial as fn(u32) -> _, 0), (lucas_polynomial, 2)] {
        let list: Vec<Vec<UBig>> = (0..200).map(|n| polynomial(n).unwrap()).collect();
        for n in 2..200 {
            let coefficient = |n: usize, at: usize| list[n].get(at).cloned().unwrap_or(UBig::ZERO);
            for at in 0_usize..=n {
                let shifted = at.checked_sub(1).map_or(UBig::ZERO, |at| coefficient(n - 1, at));
                assert_eq!(coefficient(n, at), shifted + coefficient(n - 2, at), "n = {n}, x^{at}");
            }
            let sum = list[n].iter().fold(UBig::ZERO, |sum, c| sum + c);
            assert_eq!(IBig::from(sum), seeded(&first.into(), &1.into(), n as i64).unwrap(), "n = {n}");
        }
    }
    assert_eq!(fibonacci_polynomial(2_000).unwrap().len(), 2_000);
    assert_eq!(fibonacci_polynomial(2_001), Err(SequenceError::Polynomial { given: 2_001 }));
}

#[test]
fn what_has_no_value_says_why() {
    let pair = LucasParameters { p: 3.into(), q: 2.into() };
    assert_eq!(lucas_u(&pair, -1), Err(SequenceError::NotInvertible));
    assert_eq!(lucas_u_modulo(&pair, -1, &4_u8.into()), Err(SequenceError::NotInvertible));
    assert!(lucas_u_modulo(&pair, -1, &5_u8.into()).is_ok());
    assert_eq!(lucas(i64::MAX), Err(SequenceError::TooLarge));
    assert_eq!(lucas(IBig::ONE << 10_000), Err(SequenceError::TooLarge));
    assert_eq!(kbonacci(3, IBig::ONE << 100), Err(SequenceError::TooLarge));
    assert_eq!(lucas_modulo(5, &UBig::ZERO), Err(SequenceError::ZeroModulus));
    assert_eq!(kbonacci_modulo(1, 5, &7_u8.into()), Err(SequenceError::Order { given: 1 }));
    assert_eq!(kbonacci(65, 5), Err(SequenceError::Order { given: 65 }));
    let zero = LucasParameters { p: 0.into(), q: 0.into() };
    assert_eq!(lucas_u(&zero, 10), Ok(IBig::ZERO));
    assert_eq!(lucas_v(&zero, 0), Ok(IBig::from(2)));
}

proptest! {
    #[test]
    fn u_and_v_obey_the_recurrence(p in -50_i64..50, q in -50_i64..50, n in 2_i64..200) {
        let pair = LucasParameters { p: p.into(), q: q.into() };
        for term in [lucas_u, lucas_v] {
            let at = |n: i64| term(&pair, n).unwrap();
            prop_assert_eq!(at(n), p * at(n - 1) - q * at(n - 2));
        }
    }

    #[test]
    fn the_period_of_a_modulus_repeats_residues(m in 2_u128..1_000_000_000_000, n in any::<u64>()) {
        let found = period(m).unwrap();
        let n = IBig::from(n);
        let later = fibonacci::modulo(&n + IBig::from(found.pisano_period), &m.into());
        prop_assert_eq!(later, fibonacci::modulo(n, &m.into()));
    }
}
