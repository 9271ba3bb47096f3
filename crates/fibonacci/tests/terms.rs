//! Terms in decimal against those of integers, which have oracles of their own, and against PARI/GP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dashu_int::{IBig, UBig};
use fibonacci::{
    Control, Error, GoldenRatio, KbonacciTerm, LucasParameters, MAX_ORDER, SequenceError, Term, kbonacci, lucas,
    lucas_u, lucas_v, nth, period, period_with, phi_digits, seeded,
};
use proptest::prelude::*;

/// P, Q, a, b, n, m, and U(n), V(n), G(a, b, n) modulo m, …. Made by `tables/sequences.gp` with PARI/GP 2.15.2.
const SEQUENCES: &str = include_str!("tables/sequences.csv");

fn parameters(p: i64, q: i64) -> LucasParameters {
    LucasParameters { p: p.into(), q: q.into() }
}

/// The text of a term whose estimate is checked on the way.
fn text(term: &Term) -> String {
    let value = term.compute(&Control::none()).unwrap();
    let estimate = term.estimate();
    assert!(estimate.digits >= value.digits(), "{term:?}: {} digits, estimated {}", value.digits(), estimate.digits);
    value.to_string()
}

#[test]
fn terms_agree_with_pari() {
    use dashu_int::ops::RemEuclid;
    let mut terms = 0;
    for row in SEQUENCES.lines() {
        let fields: Vec<IBig> = row.split(',').map(|field| field.parse().unwrap()).collect();
        let [p, q, a, b, n, m, u, v, g, ..] = &fields[..] else { panic!("{row}") };
        let Some(n) = i64::try_from(n).ok().filter(|n| n.unsigned_abs() < 20_000) else { continue };
        let pair = LucasParameters { p: p.clone(), q: q.clone() };
        let own = Term::seeded(a.clone(), b.clone(), n);
        let (Ok(u_term), Ok(v_term)) = (Term::u(pair.clone(), n), Term::v(pair, n)) else { panic!("{row}") };
        for (term, residue) in [(u_term, u), (v_term, v)] {
            assert_eq!(
                text(&term).parse::<IBig>().unwrap().rem_euclid(m.clone()),
                UBig::try_from(residue.clone()).unwrap()
            );
            terms += 1;
        }
        // G of the table has the parameters of its row.
        if (p, q) == (&IBig::ONE, &IBig::NEG_ONE) {
            assert_eq!(text(&own).parse::<IBig>().unwrap().rem_euclid(m.clone()), UBig::try_from(g.clone()).unwrap());
        }
    }
    assert!(terms > 400, "{terms}");
}

#[test]
fn all_small_terms_are_those_of_integers() {
    for n in -60..=60 {
        assert_eq!(text(&Term::lucas(n)), lucas(n).unwrap().to_string());
        for (a, b) in [(0, 0), (0, 1), (2, 1), (-3, 4), (89, -55), (-55, 89), (i64::MAX, i64::MIN)] {
            let (a, b) = (IBig::from(a), IBig::from(b));
            assert_eq!(
                text(&Term::seeded(a.clone(), b.clone(), n)),
                seeded(&a, &b, n).unwrap().to_string(),
                "{a} {b} {n}"
            );
        }
        for p in -4..=4 {
            for q in -4..=4 {
                let pair = parameters(p, q);
                if n < 0 && q.unsigned_abs() != 1 {
                    assert_eq!(Term::u(pair, n), Err(SequenceError::NotInvertible));
                    continue;
                }
                let (u, v) = (Term::u(pair.clone(), n).unwrap(), Term::v(pair.clone(), n).unwrap());
                assert_eq!(text(&u), lucas_u(&pair, n).unwrap().to_string(), "U({p},{q},{n})");
                assert_eq!(text(&v), lucas_v(&pair, n).unwrap().to_string(), "V({p},{q},{n})");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn random_terms_are_those_of_integers(p: i64, q: i64, shift in 0..63_u32, n in 0..3_000_i64) {
        let pair = parameters(p >> shift, q >> shift);
        let (u, v) = (Term::u(pair.clone(), n).unwrap(), Term::v(pair.clone(), n).unwrap());
        prop_assert_eq!(text(&u), lucas_u(&pair, n).unwrap().to_string());
        prop_assert_eq!(text(&v), lucas_v(&pair, n).unwrap().to_string());
        let (a, b) = (IBig::from(p), IBig::from(q));
        prop_assert_eq!(text(&Term::seeded(a.clone(), b.clone(), n)), seeded(&a, &b, n).unwrap().to_string());
    }
}

#[test]
fn long_terms_are_those_of_other_formulas() {
    // L(2n) = L(n)² − 2·(−1)ⁿ would be the same product; F(2n) = F(n)·L(n) is not.
    let n = 200_001;
    let product = nth(n).unwrap().to_string().parse::<IBig>().unwrap() * text(&Term::lucas(n)).parse::<IBig>().unwrap();
    assert_eq!(product.to_string(), nth(2 * n).unwrap().to_string());
    let pell = parameters(2, -1);
    assert_eq!(text(&Term::u(pell.clone(), 100_003).unwrap()), lucas_u(&pell, 100_003).unwrap().to_string());
    // Complex roots, and those of another size than their parameters.
    let complex = parameters(3, 7);
    assert_eq!(text(&Term::v(complex.clone(), 70_000).unwrap()), lucas_v(&complex, 70_000).unwrap().to_string());
    let fibonacci = Term::u(LucasParameters::fibonacci(), 500_000).unwrap();
    assert_eq!(text(&fibonacci), nth(500_000).unwrap().to_string());
    // U(1, −1, n) by doublings of its own.
    let reversed = Term::u(parameters(-1, -1), 300_000).unwrap();
    assert_eq!(text(&reversed), format!("-{}", nth(300_000).unwrap()));
}

#[test]
fn estimated_digits_are_those_of_the_value_nearly_always() {
    let mut exact = 0;
    for n in 0..1_000 {
        let lucas = Term::lucas(n);
        let (found, estimated) = (lucas.compute(&Control::none()).unwrap().digits(), lucas.estimate().digits);
        assert!((found..=found + 1).contains(&estimated), "L({n}): {found} digits, estimated {estimated}");
        exact += u32::from(found == estimated);
    }
    assert!(exact > 995, "{exact}");
    for digits in [Term::lucas(1_000_000_000), Term::lucas(-1_000_000_000)].map(|term| term.estimate().digits) {
        assert_eq!(digits, 208_987_641);
    }
}

#[test]
fn estimates_of_extreme_terms_saturate() {
    let largest = Term::v(parameters(i64::MIN, i64::MAX), i64::MAX).unwrap().estimate();
    assert!(largest.digits > 1 << 62 && largest.memory_bytes > 1 << 62 && largest.work > Duration::from_secs(1 << 30));
    for term in [Term::seeded(i64::MIN.into(), i64::MAX.into(), i64::MIN), Term::lucas(i64::MIN)] {
        assert!(term.estimate().digits > 1 << 60);
        assert!(matches!(term.compute(&Control::none()), Err(Error::OutOfMemory { .. })));
    }
}

#[test]
fn a_term_tells_its_progress_and_stops() {
    for term in [Term::lucas(3_000_000), Term::u(parameters(3, -1), 300_000).unwrap()] {
        for stop_at in [0.0, 0.3, 0.6, 0.9] {
            let (cancelled, after) = (AtomicBool::new(false), AtomicBool::new(false));
            let progress = |fraction: f64| {
                after.fetch_or(cancelled.load(Ordering::Relaxed), Ordering::Relaxed);
                cancelled.fetch_or(fraction >= stop_at, Ordering::Relaxed);
            };
            let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| 1 };
            assert_eq!(term.compute(&control), Err(Error::Cancelled), "{term:?} at {stop_at}");
            assert!(!after.load(Ordering::Relaxed), "{term:?} at {stop_at}");
        }
        let last = std::sync::Mutex::new(0.0);
        let progress = |fraction: f64| {
            let mut last = last.lock().unwrap();
            assert!(fraction >= *last);
            *last = fraction;
        };
        let control = Control { progress: &progress, ..Control::none() };
        term.compute(&control).unwrap();
        assert_eq!(*last.lock().unwrap(), 1.0);
    }
}

/// The text of a k-bonacci number whose estimate is checked on the way.
fn kbonacci_text(k: u32, n: i64) -> String {
    let term = KbonacciTerm::new(k, n).unwrap();
    let (value, estimated) = (term.compute(&Control::none()).unwrap(), term.estimate().digits);
    assert!(estimated >= value.digits(), "T({k},{n}): {} digits, estimated {estimated}", value.digits());
    if n >= 0 {
        assert!(estimated <= value.digits() + 1, "T({k},{n}): {} digits, estimated {estimated}", value.digits());
    }
    value.to_string()
}

#[test]
fn kbonacci_numbers_in_decimal_are_those_of_integers() {
    for k in [2, 3, 4, 5, 8, 13, 21, 34, MAX_ORDER] {
        for n in (-150..=150).step_by(1 + k as usize / 5) {
            assert_eq!(kbonacci_text(k, n), kbonacci(k, n).unwrap().to_string(), "T({k},{n})");
        }
    }
    for (k, n) in [(2, 300_000), (3, 100_003), (3, -100_003), (7, 30_001), (64, 3_000), (64, -20_000)] {
        assert_eq!(kbonacci_text(k, n), kbonacci(k, n).unwrap().to_string(), "T({k},{n})");
    }
    assert_eq!(kbonacci_text(2, 500_000), nth(500_000).unwrap().to_string());
    for k in [0, 1, MAX_ORDER + 1] {
        assert_eq!(KbonacciTerm::new(k, 5), Err(SequenceError::Order { given: k }));
    }
    for n in [i64::MIN, i64::MAX] {
        let term = KbonacciTerm::new(64, n).unwrap();
        assert!(term.estimate().memory_bytes > 1 << 60);
        assert!(matches!(term.compute(&Control::none()), Err(Error::OutOfMemory { .. })));
    }
}

#[test]
fn a_kbonacci_number_tells_its_progress_and_stops() {
    let term = KbonacciTerm::new(5, 200_000).unwrap();
    for stop_at in [0.0, 0.5, 0.9] {
        let cancelled = AtomicBool::new(false);
        let progress = |fraction: f64| _ = cancelled.fetch_or(fraction >= stop_at, Ordering::Relaxed);
        let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| 1 };
        assert_eq!(term.compute(&control), Err(Error::Cancelled), "at {stop_at}");
    }
    let last = std::sync::Mutex::new(0.0);
    let progress = |fraction: f64| {
        let mut last = last.lock().unwrap();
        assert!((*last..=1.0).contains(&fraction));
        *last = fraction;
    };
    term.compute(&Control { progress: &progress, ..Control::none() }).unwrap();
    assert_eq!(*last.lock().unwrap(), 1.0);
}

#[test]
fn a_period_tells_its_progress_and_stops_between_factorizations() {
    let m = 2 * 3 * 1_000_003;
    let fractions = std::sync::Mutex::new(Vec::new());
    let progress = |fraction: f64| fractions.lock().unwrap().push(fraction);
    let found = period_with(m, &Control { progress: &progress, ..Control::none() }).unwrap();
    assert_eq!(found, period(m));
    let fractions = fractions.into_inner().unwrap();
    assert!(fractions.len() >= 3 && fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    let cancelled = AtomicBool::new(true);
    assert_eq!(period_with(m, &Control { cancelled: &cancelled, ..Control::none() }), Err(Error::Cancelled));
    assert_eq!(period_with(0, &Control::none()), Ok(None));
}

#[test]
fn places_of_the_golden_ratio_are_those_of_a_square_root() {
    let text = |places: u64| {
        let ratio = GoldenRatio::new(places);
        let value = ratio.compute(&Control::none()).unwrap();
        assert_eq!((value.digits(), ratio.estimate().digits), (places + 1, places + 1));
        value.to_string()
    };
    let root = |places: u32| phi_digits(places).replace('.', "");
    let long = root(300_000);
    for places in (0..2_000).chain([3_599, 3_600, 3_601, 7_200, 7_218, 99_999, 100_000, 299_999, 300_000]) {
        assert!(text(places) == long[..=places as usize], "{places} places");
    }
    let last = std::sync::Mutex::new(0.0);
    let progress = |fraction: f64| {
        let mut last = last.lock().unwrap();
        assert!((*last..=1.0).contains(&fraction));
        *last = fraction;
    };
    GoldenRatio::new(300_000).compute(&Control { progress: &progress, ..Control::none() }).unwrap();
    assert_eq!(*last.lock().unwrap(), 1.0);
    for stop_at in [0.0, 0.5, 0.9] {
        let cancelled = AtomicBool::new(false);
        let progress = |fraction: f64| _ = cancelled.fetch_or(fraction >= stop_at, Ordering::Relaxed);
        let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| 1 };
        assert_eq!(GoldenRatio::new(500_000).compute(&control), Err(Error::Cancelled), "at {stop_at}");
    }
    for places in [1 << 40, u64::MAX] {
        let ratio = GoldenRatio::new(places);
        assert!(ratio.estimate().memory_bytes > 1 << 40);
        assert!(matches!(ratio.compute(&Control::none()), Err(Error::OutOfMemory { .. })));
    }
}
