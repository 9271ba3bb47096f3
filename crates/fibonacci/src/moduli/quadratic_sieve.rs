//! A factor of a number of 65 to 128 bits, by the self-initializing quadratic sieve.
//!
//! Many x are found whose squares are, modulo n, products of small primes: relations. A product of relations in which
//! each prime has an even exponent is x² ≡ y², and n often has a common factor with x − y. Squares of a·x + b less a
//! multiple of n are a times a polynomial with small values, whose zeros modulo each prime tell where it divides.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;
use dashu_int::ops::Gcd;

use super::dependencies::{Dependencies, Relation};
use super::primes::small_primes;

/// Polynomials are evaluated from −HALF to HALF − 1.
const HALF: u32 = 1 << 13;

/// Smaller primes are left out of the sieve, where they take the most time and tell the least.
const LEAST_SIEVED: u32 = 20;

/// A value may have one prime factor beyond the base, below this multiple of its largest prime.
const LARGE_PRIME: u64 = 60;

/// Bits of a value that the sieve may miss: the part of the primes that are left out, and what rounding takes.
const MISSED_BITS: f64 = 7.0;

/// About the bits of the prime factors of a. Smaller ones make the same relations for several a.
const DIVISOR_BITS: f64 = 7.0;

/// Twenty times as many leading coefficients as numbers of 128 bits take.
const MAX_LEADING: usize = 2_000;

/// The multiples of n whose base has more small primes are factored: these are the multipliers to choose from.
const MULTIPLIERS: [u128; 20] = [1, 2, 3, 5, 6, 7, 10, 11, 13, 15, 17, 19, 21, 23, 29, 31, 33, 37, 41, 43];

/// Returns a factor, neither 1 nor n, of a composite n from 2⁶⁴ on that has no [small](small_primes) factor and is no
/// power.
///
/// # Source
/// C. Pomerance, "The quadratic sieve factoring algorithm" (1984), with the polynomials of P. L. Montgomery, as W. R.
/// Alford and C. Pomerance initialize them ("Implementing the self-initializing quadratic sieve", 1995), the multiplier
/// of D. E. Knuth and R. Schroeppel, and one large prime.
pub(super) fn split(n: u128) -> u128 {
    let bits = f64::from(u128::BITS - n.leading_zeros());
    let mut size = (150.0 * ((bits - 100.0) / 20.0).exp2()) as usize;
    let multipliers = ranked_multipliers(n);
    loop {
        // The first was enough for each of 100,000 random products of two primes.
        for multiplier in &multipliers {
            if let Some(factor) = Sieve::new(n, n * multiplier, size).split() {
                return factor;
            }
        }
        size *= 2;
    }
}

/// A prime of the base.
struct BasePrime {
    p: u32,
    /// ⌈2³²/p⌉, to divide numbers of 14 bits.
    reciprocal: u32,
    /// A square root of the multiple of n modulo p.
    root: u32,
    /// log₂ p, rounded.
    bits: u8,
}

/// (a·x + b)² less a multiple of n is a·(a·x² + 2b·x − c); the second factor is the value.
#[derive(Clone, Copy)]
struct SievePolynomial {
    a: i128,
    b: i128,
    c: i128,
}

/// Where a prime divides the values of a polynomial: at these places in the sieve and each p places on. `None` for primes
/// that are not sieved with.
type Zeros = Option<(u32, u32)>;

struct Sieve {
    n: u128,
    multiple: u128,
    modulus: ConstDivisor,
    /// The smallest primes modulo which the multiple is a square.
    base: Vec<BasePrime>,
    /// The index of the first prime in the base that is sieved with.
    first_sieved: usize,
    large_prime_limit: u64,
    /// The logarithm that a place must reach.
    threshold: u8,
    logarithms: Vec<u8>,
    dependencies: Dependencies,
    /// Relations with a large prime, by it.
    partial: BTreeMap<u64, Relation>,
}

impl Sieve {
    fn new(n: u128, multiple: u128, size: usize) -> Self {
        let base: Vec<BasePrime> =
            small_primes().iter().filter_map(|&p| BasePrime::new(p, multiple)).take(size).collect();
        let large_prime_limit = base.last().map_or(0, |prime| u64::from(prime.p)) * LARGE_PRIME;
        // Most values are near HALF·√(multiple/2).
        let value_bits = f64::from(HALF).log2() + ((multiple as f64).log2() - 1.0) / 2.0;
        Self {
            n,
            multiple,
            modulus: ConstDivisor::new(UBig::from(n)),
            first_sieved: base.partition_point(|prime| prime.p < LEAST_SIEVED),
            large_prime_limit,
            threshold: (value_bits - (large_prime_limit as f64).log2() - MISSED_BITS) as u8,
            logarithms: vec![0; 2 * HALF as usize],
            dependencies: Dependencies::new(base.len() + 1),
            partial: BTreeMap::new(),
            base,
        }
    }

    /// Returns a factor, or `None` if there are too few polynomials to find one.
    fn split(&mut self) -> Option<u128> {
        let mut leading = LeadingCoefficients::new(self);
        (0..MAX_LEADING).find_map(|_| {
            let divisors = leading.next(&self.base)?;
            self.try_leading(&divisors)
        })
    }

    /// Tries all polynomials whose a is the product of these primes, by their indexes in the base.
    fn try_leading(&mut self, divisors: &[usize]) -> Option<u128> {
        let a: u128 = divisors.iter().map(|&i| u128::from(self.base[i].p)).product();
        // The square of their sum is the multiple modulo a, with any signs.
        let terms = divisors.iter().map(|&i| {
            let BasePrime { p, root, .. } = self.base[i];
            let others = a / u128::from(p);
            others * u128::from(root * inverse(residue(others, p), p) % p)
        });
        let terms: Vec<u128> = terms.collect();
        let mut b = terms.iter().sum::<u128>() as i128;
        let mut zeros: Vec<Zeros> = vec![None; self.base.len()];
        // By how much the zeros move if the sign of a term changes.
        let mut moves = vec![vec![0; self.base.len()]; terms.len()];
        for (i, &BasePrime { p, root, .. }) in self.base.iter().enumerate().skip(self.first_sieved) {
            if divisors.contains(&i) {
                continue;
            }
            let inverse = inverse(residue(a, p), p);
            let b = residue(b as u128, p);
            let zero = |root: u32| (inverse * ((root + p - b) % p) + HALF) % p;
            zeros[i] = Some((zero(root), zero(p - root)));
            for (moves, &term) in moves.iter_mut().zip(&terms) {
                moves[i] = 2 * inverse % p * residue(term, p) % p;
            }
        }
        // Each polynomial differs from the one before in one sign, as in the code of F. Gray. The last term keeps its sign:
        // −b has the values of b.
        let mut is_subtracted = vec![false; terms.len()];
        for number in 1_u32.. {
            let c = (self.multiple - (b * b) as u128) / a;
            let polynomial = SievePolynomial { a: a as i128, b, c: c as i128 };
            if let Some(factor) = self.try_polynomial(polynomial, divisors, &zeros) {
                return Some(factor);
            }
            let changed = number.trailing_zeros() as usize;
            if changed + 1 == terms.len() {
                break;
            }
            is_subtracted[changed] = !is_subtracted[changed];
            let is_subtracted = is_subtracted[changed];
            b += if is_subtracted { -2 } else { 2 } * terms[changed] as i128;
            for ((zeros, &distance), prime) in zeros.iter_mut().zip(&moves[changed]).zip(&self.base) {
                if let Some((first, second)) = zeros {
                    let distance = if is_subtracted { distance } else { prime.p - distance };
                    *first = (*first + distance) % prime.p;
                    *second = (*second + distance) % prime.p;
                }
            }
        }
        None
    }

    fn try_polynomial(&mut self, polynomial: SievePolynomial, divisors: &[usize], zeros: &[Zeros]) -> Option<u128> {
        // 128 is one bit, which eight places are tested for at once.
        self.logarithms.fill(128 - self.threshold);
        for (zeros, prime) in zeros.iter().zip(&self.base) {
            let &Some((first, second)) = zeros else { continue };
            let (step, mut low, mut high) = (prime.p as usize, first.min(second) as usize, first.max(second) as usize);
            while high < self.logarithms.len() {
                self.logarithms[low] += prime.bits;
                self.logarithms[high] += prime.bits;
                low += step;
                high += step;
            }
            if let Some(logarithm) = self.logarithms.get_mut(low) {
                *logarithm += prime.bits;
            }
        }
        let mut reached = Vec::new();
        for (block, logarithms) in self.logarithms.chunks_exact(32).enumerate() {
            if logarithms.iter().fold(0, |all, logarithm| all | logarithm) >= 128 {
                let places = logarithms.iter().enumerate().filter(|&(_, &logarithm)| logarithm >= 128);
                reached.extend(places.map(|(i, _)| (32 * block + i) as u32));
            }
        }
        reached.into_iter().find_map(|place| self.try_place(polynomial, divisors, zeros, place))
    }

    /// Divides the value at a place by the primes of the base, and adds the relation if it is one.
    fn try_place(
        &mut self,
        polynomial: SievePolynomial,
        divisors: &[usize],
        zeros: &[Zeros],
        place: u32,
    ) -> Option<u128> {
        let SievePolynomial { a, b, c } = polynomial;
        let x = i128::from(place) - i128::from(HALF);
        let value = (a * x + 2 * b) * x - c;
        // Factor 0 is −1, and i + 1 is prime i of the base.
        let mut factors: Vec<u16> = divisors.iter().map(|&i| i as u16 + 1).collect();
        factors.extend((value < 0).then_some(0));
        let mut rest = value.unsigned_abs();
        for (i, (zeros, prime)) in zeros.iter().zip(&self.base).enumerate() {
            let may_divide = zeros.is_none_or(|(first, second)| {
                let quotient = (u64::from(place) * u64::from(prime.reciprocal)) >> 32;
                let remainder = place - quotient as u32 * prime.p;
                remainder == first || remainder == second
            });
            // A value of 0 would have any number of factors.
            while may_divide && rest > 0 && rest.is_multiple_of(prime.p.into()) {
                rest /= u128::from(prime.p);
                factors.push(i as u16 + 1);
            }
        }
        let large = u64::try_from(rest).ok().filter(|rest| (1..self.large_prime_limit).contains(rest))?;
        let relation = Relation { x: (a * x + b).unsigned_abs() % self.n, root: 1, factors };
        if large == 1 {
            return self.add(relation);
        }
        match self.partial.get(&large) {
            Some(other) => {
                let factors = [&*relation.factors, &*other.factors].concat();
                self.add(Relation { x: self.product(relation.x, other.x), root: large.into(), factors })
            }
            None => {
                self.partial.insert(large, relation);
                None
            }
        }
    }

    /// Adds a relation, and returns a factor if it completes a square that has one.
    fn add(&mut self, relation: Relation) -> Option<u128> {
        let dependent = self.dependencies.add(relation)?;
        let (mut x, mut root) = (1, 1);
        let mut exponents = vec![0_u32; self.base.len() + 1];
        for relation in dependent {
            x = self.product(x, relation.x);
            root = self.product(root, relation.root);
            relation.factors.iter().for_each(|&factor| exponents[usize::from(factor)] += 1);
        }
        for (prime, exponent) in self.base.iter().zip(&exponents[1..]) {
            for _ in 0..exponent / 2 {
                root = self.product(root, prime.p.into());
            }
        }
        let factor = x.abs_diff(root).gcd(self.n);
        (factor > 1 && factor < self.n).then_some(factor)
    }

    fn product(&self, x: u128, y: u128) -> u128 {
        let product = self.modulus.reduce(UBig::from(x)) * self.modulus.reduce(UBig::from(y));
        u128::try_from(product.residue()).unwrap_or_default()
    }
}

impl BasePrime {
    /// Returns p with a root of the multiple, or `None` if the multiple is no square modulo p.
    fn new(p: u32, multiple: u128) -> Option<Self> {
        let root = square_root(residue(multiple, p), p)?;
        Some(Self { p, reciprocal: u32::MAX / p + 1, root, bits: f64::from(p).log2().round() as u8 })
    }
}

/// Products a of primes near √(2·multiple)/HALF, for which the values are smallest.
struct LeadingCoefficients {
    target: f64,
    /// The number of prime factors.
    count: usize,
    /// Where these are chosen from: indexes in the base.
    window: Range<usize>,
    state: u64,
    known: BTreeSet<BTreeSet<usize>>,
}

impl LeadingCoefficients {
    fn new(sieve: &Sieve) -> Self {
        let target = (2.0 * sieve.multiple as f64).sqrt() / f64::from(HALF);
        let count = (target.log2() / DIVISOR_BITS).round();
        let mean = target.powf(1.0 / count);
        let middle = sieve.base.partition_point(|prime| f64::from(prime.p) < mean);
        let window = middle.saturating_sub(15).max(sieve.first_sieved)..(middle + 15).min(sieve.base.len());
        Self { target, count: count as usize, window, state: 1, known: BTreeSet::new() }
    }

    /// Returns the indexes of the prime factors of one that was not returned before, if there seem to be more.
    fn next(&mut self, base: &[BasePrime]) -> Option<Vec<usize>> {
        (0..10_000).find_map(|_| {
            let mut chosen = BTreeSet::new();
            while chosen.len() + 1 < self.count {
                // D. E. Knuth's generator for MMIX. It need not be good, and is always the same.
                self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                chosen.insert(self.window.start + (self.state >> 33) as usize % self.window.len());
            }
            // The last one makes the product near the target.
            let product: f64 = chosen.iter().map(|&i| f64::from(base[i].p)).product();
            let last = base.partition_point(|prime| f64::from(prime.p) < self.target / product);
            let is_new = (self.window.start..base.len()).contains(&last)
                && chosen.insert(last)
                && self.known.insert(chosen.clone());
            is_new.then(|| chosen.into_iter().collect())
        })
    }
}

/// Returns the multipliers, first the one for which values have the most bits in small prime factors.
fn ranked_multipliers(n: u128) -> Vec<u128> {
    let bits = |multiplier: u128| {
        let multiple = n * multiplier;
        let odd = small_primes()[1..30].iter().map(|&p| {
            let roots = match residue(multiple, p) {
                0 => 1.0,
                residue => square_root(residue, p).map_or(0.0, |_| 2.0),
            };
            roots * f64::from(p).log2() / f64::from(p - 1)
        });
        let two = [0.0, 2.0, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5][(multiple % 8) as usize];
        two + odd.sum::<f64>() - (multiplier as f64).log2() / 2.0
    };
    let mut ranked: Vec<u128> = MULTIPLIERS.into_iter().filter(|&k| n.checked_mul(k).is_some()).collect();
    ranked.sort_by(|&x, &y| bits(y).total_cmp(&bits(x)));
    ranked
}

fn residue(x: u128, p: u32) -> u32 {
    (x % u128::from(p)) as u32
}

/// Returns a square root of a residue modulo p, if there is one, by trying.
fn square_root(residue: u32, p: u32) -> Option<u32> {
    let mut square = 0;
    (0..=p / 2).find(|root| {
        let is_root = square == residue;
        square = (square + 2 * root + 1) % p;
        is_root
    })
}

/// Returns 1/x modulo the prime p, as x to the power of p − 2.
fn inverse(x: u32, p: u32) -> u32 {
    let (mut inverse, mut power, mut exponent) = (1, x, p - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            inverse = inverse * power % p;
        }
        power = power * power % p;
        exponent >>= 1;
    }
    inverse
}
