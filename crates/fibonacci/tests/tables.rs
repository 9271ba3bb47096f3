//! Structure, limit and polynomials against tables made with PARI/GP, gmpy2, mpmath and sympy.

use dashu_int::{IBig, UBig};
use fibonacci::{
    FIBONACCI_PRIME_INDEXES, LUCAS_PRIME_INDEXES, Primality, PrimalityMethod, PrimalitySource, agreeing_places,
    algebraic_factors, fibonacci_polynomial, fibonacci_primality, golden_characters, known_fibonacci_primality,
    known_lucas_primality, lucas, lucas_algebraic_factors, lucas_polynomial, lucas_primality, modulo, ratio_digits,
    residues, wythoff_pair,
};

/// d and the primitive part of F(d). Made by `tables/structure.gp` with PARI/GP 2.15.2.
const PARTS: &str = include_str!("tables/parts.csv");

/// F or L, and an index to 2,000 of a probable prime. Made by `tables/structure.gp`.
const PRIME_INDEXES: &str = include_str!("tables/prime_indexes.csv");

/// F or L, n, digits, the test, 1 if it passes, milliseconds. Made by `tables/primality.gp` with PARI/GP 2.15.2.
const PRIMALITY: &str = include_str!("tables/primality.csv");

/// n, places, F(n+1)/F(n), and how many places are those of φ. Made by `tables/limit.py` with gmpy2 and mpmath.
const RATIOS: &str = include_str!("tables/limit.csv");

/// n, its Wythoff pair, 20 characters of the golden string. Made by `tables/limit.py` with mpmath.
const GOLDEN: &str = include_str!("tables/golden.csv");

/// F or L, n, coefficients. Made by `tables/limit.py` with sympy.
const POLYNOMIALS: &str = include_str!("tables/polynomials.csv");

/// Calls the check for the fields of each row, and returns the number of rows.
fn each<const N: usize>(table: &str, mut check: impl FnMut([&str; N])) -> usize {
    let mut rows = 0;
    for row in table.lines() {
        let fields: Vec<&str> = row.split(',').collect();
        check(fields.try_into().unwrap_or_else(|_| panic!("{row}")));
        rows += 1;
    }
    rows
}

#[test]
fn primitive_parts_agree_with_those_of_pari() {
    let rows = each(PARTS, |[d, part]| {
        let factors = algebraic_factors(d.parse().unwrap()).unwrap();
        assert_eq!(factors.last().map(|factor| factor.value.to_string()).as_deref(), Some(part), "{d}");
    });
    assert_eq!(rows, 600);
}

#[test]
fn factors_of_lucas_numbers_multiply_to_them() {
    for n in 1..=600_u32 {
        let factors = lucas_algebraic_factors(n).unwrap();
        assert!(
            factors.iter().all(|factor| (2 * n).is_multiple_of(factor.divisor) && !n.is_multiple_of(factor.divisor))
        );
        let product = factors.iter().fold(UBig::ONE, |product, factor| product * &factor.value);
        assert_eq!(IBig::from(product), lucas(n).unwrap(), "L({n})");
    }
    assert!(lucas_algebraic_factors(0).unwrap().is_empty());
    assert!(lucas_algebraic_factors(50_000).is_some());
    assert_eq!(lucas_algebraic_factors(50_001), None);
}

#[test]
fn primes_to_two_thousand_are_those_of_pari() {
    let (mut fibonacci_primes, mut lucas_primes) = (Vec::new(), Vec::new());
    let rows = each(PRIME_INDEXES, |[family, n]| {
        let indexes = if family == "F" { &mut fibonacci_primes } else { &mut lucas_primes };
        indexes.push(n.parse::<u32>().unwrap());
    });
    assert_eq!(rows, 49);
    for n in 0..=2_000_u32 {
        assert_eq!(fibonacci_primality(n) == Primality::Prime, fibonacci_primes.contains(&n), "F({n})");
        assert_eq!(lucas_primality(n) == Primality::Prime, lucas_primes.contains(&n), "L({n})");
        assert_eq!(lucas_primality(n), lucas_primality(-i64::from(n)), "L(-{n})");
    }
}

#[test]
fn numbers_that_are_known_by_pari_are_those_that_it_tested() {
    let mut tested = Vec::new();
    let rows = each(PRIMALITY, |[family, n, _, test, passes, _]| {
        assert_eq!(passes, "1", "{family}({n})");
        tested.push((family.to_owned(), n.parse::<u32>().unwrap(), test.to_owned()));
    });
    assert_eq!(rows, 25);
    let fibonacci_primes = FIBONACCI_PRIME_INDEXES.map(|n| ("F", n, known_fibonacci_primality(n)));
    let lucas_primes = LUCAS_PRIME_INDEXES.map(|n| ("L", n, known_lucas_primality(n)));
    for (family, n, known) in fibonacci_primes.into_iter().chain(lucas_primes) {
        let test = match known.method {
            PrimalityMethod::ProbablePrimeTest => "ispseudoprime",
            _ => "primecert",
        };
        let is_tested = tested.contains(&(family.to_owned(), n, test.to_owned()));
        assert_eq!(known.source == Some(PrimalitySource::PariGp), is_tested, "{family}({n})");
    }
}

#[test]
fn what_rules_out_a_lucas_prime_is_an_odd_factor_of_its_index() {
    assert_eq!(lucas_primality(1), Primality::Neither);
    assert_eq!(lucas_primality(8_467), Primality::Prime);
    assert_eq!(lucas_primality(1_u64 << 40), Primality::Unknown);
    assert_eq!(lucas_primality(3_u64 << 40), Primality::Composite);
    assert_eq!(lucas_primality(1_000_003), Primality::Unknown);
    assert_eq!(lucas_primality(IBig::ONE << 300), Primality::Unknown);
    assert_eq!(lucas_primality((IBig::ONE << 300) + IBig::from(2)), Primality::Composite);
    assert_eq!(lucas_primality(IBig::from(10).pow(1_000)), Primality::Composite);
}

#[test]
fn ratios_agree_with_those_of_gmpy2() {
    let rows = each(RATIOS, |[n, places, ratio, agreeing]| {
        let n = n.parse().unwrap();
        assert_eq!(ratio_digits(n, places.parse().unwrap()).as_deref(), Some(ratio), "{n}, {places} places");
        assert_eq!(agreeing_places(n).map(|places| places.to_string()).as_deref(), Some(agreeing), "{n}");
    });
    assert_eq!(rows, 300);
}

#[test]
fn wythoff_pairs_and_the_golden_string_agree_with_mpmath() {
    let rows = each(GOLDEN, |[n, lower, upper, characters]| {
        let n = n.parse().unwrap();
        let pair = wythoff_pair(&n);
        assert_eq!((pair.lower.to_string().as_str(), pair.upper.to_string().as_str()), (lower, upper), "{n}");
        assert_eq!(golden_characters(&n, 20), characters, "{n}");
    });
    assert_eq!(rows, 300);
}

#[test]
fn polynomials_agree_with_those_of_sympy() {
    let rows = each(POLYNOMIALS, |[family, n, coefficients]| {
        let polynomial = if family == "F" { fibonacci_polynomial } else { lucas_polynomial };
        let found = polynomial(n.parse().unwrap()).unwrap();
        let found: Vec<String> = found.iter().map(UBig::to_string).collect();
        assert_eq!(found.join(" "), coefficients, "{family}({n}, x)");
    });
    assert_eq!(rows, 86);
}

#[test]
fn successive_residues_are_those_of_each_index() {
    for (n, m) in [(0_i64, 1_u32), (0, 2), (-30, 10), (1_000_000, 999_983), (i64::MAX - 5, 7)] {
        let m = UBig::from(m);
        let list = residues(n, &m, 60).unwrap();
        for (k, residue) in list.iter().enumerate() {
            assert_eq!(Some(residue), modulo(IBig::from(n) + k, &m).as_ref(), "F({n} + {k}) modulo {m}");
        }
    }
    assert_eq!(residues(5, &UBig::ZERO, 3), None);
    assert_eq!(residues(5, &UBig::ONE, 0), Some(Vec::new()));
}
