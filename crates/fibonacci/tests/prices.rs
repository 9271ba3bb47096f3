//! Prices against the time taken, run with `--features soak --release`.
#![cfg(feature = "soak")]
#![expect(clippy::print_stdout, reason = "tests that print their measurements")]

use std::hint::black_box;
use std::time::Duration;

use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};
use fibonacci::{
    Control, DigitStatistics, GoldenRatio, KbonacciTerm, LucasParameters, Term, agreeing_places, algebraic_factors,
    convergent, digit_count, even, fibonacci_primality, first_digits, from_indexes, golden_characters,
    index_of_fibonacci, index_of_lucas, kbonacci, kbonacci_modulo, last_digits, lucas, lucas_polynomial,
    lucas_primality, lucas_u, lucas_u_modulo, modulo, neighbors, nth, period, phi_digits, price, ratio_digits,
    residues, wythoff_pair, zeckendorf,
};
use rustix::time::{ClockId, clock_gettime};

/// Returns the shortest of several runs, on a machine that takes for a reference what its estimate says.
///
/// Estimates are times of one machine, and clock rates differ between machines and from minute to minute.
fn measured(run: &mut dyn FnMut()) -> Duration {
    const PLACES: u32 = 10_000;
    let mut reference = || _ = black_box(phi_digits(PLACES));
    let before = shortest(&mut reference);
    let took = shortest(run);
    let reference_took = (before + shortest(&mut reference)) / 2;
    took.mul_f64(price::phi_digits(PLACES).div_duration_f64(reference_took))
}

fn shortest(run: &mut dyn FnMut()) -> Duration {
    let mut once = || {
        let begin = processor_time();
        run();
        processor_time() - begin
    };
    (0..5).map(|_| once()).min().unwrap()
}

/// Returns the processor time of this thread, which other programs take no part of.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// Longer work is left out: it is a calculation of its own.
const LONGEST: Duration = Duration::from_millis(150);

/// Compares an estimate with the time; small times are dominated by calls and allocations.
fn compare(what: &str, estimate: Duration, took: Duration) {
    let floor = Duration::from_micros(20);
    let ratio = estimate.max(floor).as_secs_f64() / took.max(floor).as_secs_f64();
    assert!((0.5..=2.0).contains(&ratio), "{what}: estimated {estimate:?}, took {took:?}");
}

#[test]
fn estimates_of_values_are_within_a_factor_of_two() {
    for n in [100, 1_000, 20_000, 300_000, 3_000_000_i64] {
        let took = measured(&mut || _ = black_box(lucas(n).unwrap().to_string()));
        compare(&format!("lucas({n})"), price::lucas_sequence(&LucasParameters::fibonacci(), &n.into(), 1), took);
    }
    for (k, n) in [(3, 131_072), (8, 16_384), (8, 65_536), (64, 1_024), (64, 8_192_i64)] {
        let took = measured(&mut || _ = black_box(kbonacci(k, n)));
        compare(&format!("kbonacci({k}, {n})"), price::kbonacci(k, &n.into()), took);
    }
    for digits in [10, 100, 1_000, 10_000, 100_000] {
        let number: UBig = "7".repeat(digits).parse().unwrap();
        let took = measured(&mut || _ = black_box(zeckendorf(&number)));
        compare(&format!("zeckendorf({digits} digits)"), price::zeckendorf(number.bit_len()), took);
    }
    for places in [10, 1_000, 10_000, 100_000] {
        let took = measured(&mut || _ = black_box(phi_digits(places)));
        compare(&format!("phi_digits({places})"), price::phi_digits(places), took);
    }
}

#[test]
fn factorizations_and_periods_take_no_longer_than_their_bounds() {
    // Products of two primes near the square root, which take the longest, such a product beside a prime, and both.
    let next_prime = |from: u128| (from..).find(|&p| fibonacci::is_prime(p)).unwrap();
    let product = |bits: u32, seed: u128| {
        let start = (1 << (bits / 2)) + seed * 1_234_567 % (1 << (bits / 2 - 1));
        next_prime(start) * next_prime(start + 1_000 + seed * 77)
    };
    let sizes = [32, 48, 56, 60, 64, 66, 70, 76, 82, 88, 94, 98, 100, 106, 112, 118, 126];
    let products = || sizes.into_iter().flat_map(|bits| (0..12).map(move |seed| product(bits, seed)));
    let mut ratios = Ratios::default();
    let run = |m: &u128| measured(&mut || _ = black_box(fibonacci::factorize(*m)));
    ratios.check("factorize", true, products(), |&m| price::factorize(m), run);
    let primes = || products().map(next_prime);
    let even = || primes().map(|p| 2 * p);
    let run = |m: &u128| measured(&mut || _ = black_box(period(*m)));
    let moduli = products().chain(primes()).chain(even());
    ratios.check("period", true, moduli, |&m| price::period(m), run);
    assert!(ratios.failures.is_empty(), "{}", ratios.failures.join("\n"));
}

#[test]
fn estimates_are_within_a_factor_of_two() {
    let check = |what: String, estimate: Duration, run: &mut dyn FnMut()| {
        if estimate <= LONGEST {
            compare(&what, estimate, measured(run));
        }
    };
    for size in [1, 3, 4, 5, 6, 9, 18, 19, 30, 60, 100, 300, 1_000] {
        let n: IBig = IBig::from(10).pow(size) + 7;
        check(format!("digit_count(10^{size})"), price::digit_count(&n), &mut || _ = black_box(digit_count(n.clone())));
        for k in [1, 20, 50, 100, 300, 1_000, 3_000, 10_000] {
            let what = format!("first_digits(10^{size}, {k})");
            check(what, price::first_digits(&n, k), &mut || _ = black_box(first_digits(n.clone(), k)));
            let what = format!("last_digits(10^{size}, {k})");
            check(what, price::last_digits(&n, k), &mut || _ = black_box(last_digits(n.clone(), k)));
            let m: UBig = UBig::from(10_u8).pow(k.into()) + 7_u8;
            let what = format!("modulo(10^{size}, 10^{k})");
            check(what, price::modulo(&n, &m), &mut || _ = black_box(modulo(n.clone(), &m)));
        }
    }
}

/// Estimates and times of a function over a range.
#[derive(Default)]
struct Ratios {
    failures: Vec<String>,
}

impl Ratios {
    /// Compares the estimate of each case with its time, and prints the smallest and the largest ratio.
    fn check<C: std::fmt::Debug>(
        &mut self,
        what: &str,
        is_bound: bool,
        cases: impl IntoIterator<Item = C>,
        price: impl Fn(&C) -> Duration,
        run: impl Fn(&C) -> Duration,
    ) {
        let (mut least, mut most, mut count) = (f64::INFINITY, 0.0_f64, 0);
        for case in cases {
            let estimate = price(&case);
            if estimate > LONGEST {
                continue;
            }
            let took = run(&case);
            let floor = Duration::from_micros(20);
            let ratio = estimate.max(floor).as_secs_f64() / took.max(floor).as_secs_f64();
            (least, most, count) = (least.min(ratio), most.max(ratio), count + 1);
            let (least_allowed, most_allowed) = if is_bound { (1.0, f64::INFINITY) } else { (0.5, 2.0) };
            if !(least_allowed..=most_allowed).contains(&ratio) {
                self.failures.push(format!("{what}, {case:?}: estimated {estimate:?}, took {took:?}"));
            }
        }
        println!("{what}: estimate over time from {least:.2} to {most:.2} in {count} cases");
    }
}

#[test]
fn estimates_of_terms_are_within_a_factor_of_two() {
    let mut ratios = Ratios::default();
    let compute = |term: &Term| measured(&mut || _ = black_box(term.compute(&Control::none()).unwrap()));
    let indexes = [100, 1_000, 10_000, 100_000, 1_000_000, 3_000_000, 10_000_000, 20_000_000_i64];
    let lucas = indexes.map(Term::lucas);
    ratios.check("L(n)", false, lucas, |term| term.estimate().work, compute);
    for n in indexes {
        let (number, term) = (measured(&mut || _ = black_box(nth(n).unwrap())), compute(&Term::lucas(n)));
        println!("L({n}) takes {:.2} times as long as F({n})", term.as_secs_f64() / number.as_secs_f64());
    }
    let seeded = indexes.map(|n| Term::seeded(i64::MIN.into(), i64::MAX.into(), -n));
    ratios.check("G(a,b,n)", false, seeded, |term| term.estimate().work, compute);
    let parameters = [(3, -1), (2, 1), (-7, 4), (1_000_000, 7), (1, 1_000_003), (i64::MAX, -1), (i64::MIN, i64::MAX)];
    let indexes = [100, 1_000, 10_000, 100_000, 1_000_000, 2_000_000];
    let pair = |(p, q): (i64, i64)| LucasParameters { p: p.into(), q: q.into() };
    let terms = parameters.into_iter().flat_map(|pq| indexes.map(|n| Term::u(pair(pq), n).unwrap()));
    ratios.check("U(P,Q,n)", false, terms, |term| term.estimate().work, compute);
    let terms = parameters.into_iter().flat_map(|pq| indexes.map(|n| Term::v(pair(pq), n).unwrap()));
    ratios.check("V(P,Q,n)", false, terms, |term| term.estimate().work, compute);
    let indexes = [50, 100, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, -1_000, -30_000, -300_000];
    ratios.check(
        "T(k,n)",
        false,
        [2, 3, 8, 20, 64].into_iter().flat_map(|k| indexes.map(|n| KbonacciTerm::new(k, n).unwrap())),
        |term| term.estimate().work,
        |term| measured(&mut || _ = black_box(term.compute(&Control::none()).unwrap())),
    );
    ratios.check(
        "Phi(d)",
        false,
        [0, 10, 100, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000].map(GoldenRatio::new),
        |ratio| ratio.estimate().work,
        |ratio| measured(&mut || _ = black_box(ratio.compute(&Control::none()).unwrap())),
    );
    assert!(ratios.failures.is_empty(), "{}", ratios.failures.join("\n"));
}

#[test]
fn estimates_of_answers_are_within_a_factor_of_two() {
    let mut ratios = Ratios::default();
    let power = |n: usize| IBig::from(10).pow(n);
    let digits = |count: usize| "7".repeat(count).parse::<UBig>().unwrap();
    let parameters = [(1, -1), (3, -1), (2, 1), (1, 1), (-7, 4), (1_000_000, 7), (1, 1_000_003), (2, -1)];
    let cases = parameters.into_iter().flat_map(|(p, q)| [100, 1_000, 10_000, 50_000, 200_000].map(|n| (p, q, n)));
    let pair = |p: i64, q: i64| LucasParameters { p: p.into(), q: q.into() };
    ratios.check(
        "lucas_u",
        false,
        cases,
        |&(p, q, n)| price::lucas_sequence(&pair(p, q), &IBig::from(n), 1),
        |&(p, q, n)| measured(&mut || _ = black_box(lucas_u(&pair(p, q), n).unwrap().to_string())),
    );
    let cases =
        [1, 20, 200, 1_000].into_iter().flat_map(|n| [5, 18, 30, 60, 150, 500, 1_000, 3_000, 9_999].map(|m| (n, m)));

    ratios.check(
        "lucas_u_modulo",
        false,
        cases.clone(),
        |&(n, m)| price::lucas_sequence_modulo(&power(n), digits(m).bit_len()),
        |&(n, m)| {
            let (n, m) = (power(n), digits(m));
            measured(&mut || _ = black_box(lucas_u_modulo(&pair(3, -1), n.clone(), &m)))
        },
    );
    let orders = [2, 3, 8, 20, 64];
    ratios.check(
        "kbonacci_modulo",
        false,
        cases.flat_map(|(n, m)| orders.map(|k| (k, n, m))).filter(|&(_, n, m)| n < 1_000 && m < 3_000),
        |&(k, n, m)| price::kbonacci_modulo(k, &power(n), digits(m).bit_len()),
        |&(k, n, m)| {
            let (n, m) = (power(n), digits(m));
            measured(&mut || _ = black_box(kbonacci_modulo(k, n.clone(), &m)))
        },
    );
    ratios.check(
        "kbonacci",
        false,
        orders
            .into_iter()
            .flat_map(|k| [50, 100, 1_000, 1_500, 3_000, 10_000, 16_000, 50_000, 130_000].map(|n| (k, n))),
        |&(k, n)| price::kbonacci(k, &IBig::from(n)),
        |&(k, n)| measured(&mut || _ = black_box(kbonacci(k, n).unwrap().to_string())),
    );
    ratios.check(
        "polynomial",
        false,
        [10, 100, 300, 500, 1_000, 1_500, 2_000],
        |&n| price::polynomial(n),
        |&n| {
            measured(&mut || {
                let coefficients = lucas_polynomial(n).unwrap();
                coefficients.iter().for_each(|coefficient| _ = black_box(coefficient.to_string()));
            })
        },
    );
    let sizes = [1, 10, 19, 50, 100, 200, 500, 1_000, 2_000, 5_000];
    let cases = sizes.into_iter().flat_map(|m| [1, 10, 100, 1_000, 10_000].map(|count| (m, count)));
    ratios.check(
        "residues",
        false,
        cases,
        |&(m, count)| price::residues(&power(40), digits(m).bit_len(), count),
        |&(m, count)| {
            let m = digits(m);
            measured(&mut || {
                let residues = residues(power(40), &m, count).unwrap();
                residues.iter().for_each(|residue| _ = black_box(residue.to_string()));
            })
        },
    );
    let numbers = |digits: usize| fibonacci::first_digits(IBig::from(10).pow(9), digits as u16);
    ratios.check(
        "recognition",
        false,
        [1, 10, 100, 1_000, 5_000, 20_000, 60_000],
        |&digits| price::recognition(digits as u64),
        |&digits| {
            let text = numbers(digits);
            measured(&mut || _ = black_box((neighbors(&text), index_of_fibonacci(&text), index_of_lucas(&text))))
        },
    );
    ratios.check(
        "even",
        false,
        [10, 100, 300, 1_000, 2_000, 5_000, 10_000],
        |&count| price::even_representation(digits(count).bit_len()),
        |&count| {
            let number = digits(count);
            measured(&mut || _ = black_box(even(&number)))
        },
    );
    let cases =
        [100, 1_000, 10_000, 100_000].into_iter().flat_map(|highest| [1, 10, 100, 1_000].map(|count| (highest, count)));
    let indexes = |highest: u32, count: u32| (0..count).map(|k| highest - highest / count * k).collect::<Vec<_>>();
    ratios.check(
        "from_indexes",
        true,
        cases,
        |&(highest, count)| price::from_indexes(count as usize, highest),
        |&(highest, count)| {
            let indexes = indexes(highest, count);
            measured(&mut || _ = black_box(from_indexes(&indexes).to_string()))
        },
    );
    ratios.check(
        "wythoff_pair",
        false,
        [10, 100, 1_000, 2_000, 5_000, 20_000, 50_000],
        |&count| price::wythoff_pair(digits(count).bit_len()),
        |&count| {
            let n = digits(count);
            measured(&mut || {
                let pair = wythoff_pair(&n);
                black_box((pair.lower.to_string(), pair.upper.to_string()));
            })
        },
    );
    let cases = [1, 19, 50, 200, 1_000, 5_000].into_iter().flat_map(|size| [1, 100, 10_000].map(|count| (size, count)));
    ratios.check(
        "golden_characters",
        false,
        cases,
        |&(size, count)| price::golden_characters(digits(size).bit_len(), count),
        |&(size, count)| {
            let n = digits(size);
            measured(&mut || _ = black_box(golden_characters(&n, count)))
        },
    );
    ratios.check(
        "algebraic_factors",
        true,
        [1, 97, 360, 1_000, 2_310, 5_040, 10_007, 27_720, 30_030, 55_440, 60_060, 90_090, 98_280, 99_991, 100_000],
        |&n| price::algebraic_factors(n),
        |&n| {
            measured(&mut || {
                let factors = algebraic_factors(n).unwrap();
                factors.iter().for_each(|factor| _ = black_box(factor.value.to_string()));
            })
        },
    );
    ratios.check(
        "primality",
        true,
        [
            100_u128,
            1_000_003,
            10_000_000_019,
            (1 << 61) - 1,
            (1 << 89) - 1,
            (1 << 107) - 1,
            (1 << 127) - 1,
            u128::MAX - 158,
        ],
        |_| price::primality(),
        |&n| measured(&mut || _ = black_box((fibonacci_primality(n), lucas_primality(n)))),
    );
    ratios.check(
        "digit_statistics",
        false,
        [100, 1_000, 10_000, 100_000, 1_000_000, 5_000_000],
        |&n| price::digit_statistics(n),
        |&n| {
            measured(&mut || {
                let mut statistics = DigitStatistics::default();
                nth(n).unwrap().chunks(1 << 20).for_each(|chunk| statistics.push(&chunk));
                black_box(statistics);
            })
        },
    );
    ratios.check(
        "convergent",
        false,
        [10, 1_000, 10_000, 30_000, 65_535],
        |&k| price::convergent(k),
        |&k| {
            measured(&mut || {
                let convergent = convergent(k);
                black_box((convergent.numerator.to_string(), convergent.denominator.to_string()));
            })
        },
    );
    let cases = [1, 100, 1_000, 10_000, 20_000, 1_000_000]
        .into_iter()
        .flat_map(|n| [1, 50, 1_000, 10_000, 50_000, 100_000].map(|places| (n, places)));
    ratios.check(
        "ratio_digits",
        false,
        cases,
        |&(n, places)| price::ratio_digits(n, places),
        |&(n, places)| measured(&mut || _ = black_box(ratio_digits(n, places))),
    );
    ratios.check(
        "agreeing_places",
        false,
        [1, 100, 1_000, 5_000, 20_000, 100_000],
        |&n| price::agreeing_places(n),
        |&n| measured(&mut || _ = black_box(agreeing_places(n))),
    );
    ratios.check(
        "phi_digits",
        false,
        [10, 100, 1_000, 10_000, 50_000, 100_000],
        |&n| price::phi_digits(n),
        |&n| measured(&mut || _ = black_box(phi_digits(n))),
    );
    assert!(ratios.failures.is_empty(), "{}", ratios.failures.join("\n"));
}
