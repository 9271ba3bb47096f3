//! The proof that nothing leaves the range in which it is exact, for any input and any length.
//!
//! The kernel itself runs here, on [`Bounds`]: each lane is an upper bound of a magnitude, and each
//! operation asserts what makes it exact. Blocks are proven by induction: a pass down takes and leaves
//! points up to [`DOWN`]·p, a pass up takes and leaves points up to [`UP`]·p, and leaves lead from one to
//! the other.

use std::sync::atomic::AtomicBool;

use super::block::multiply_block;
use super::butterflies::{inverse_tree, tree};
use super::carry::Carry;
use super::crt::Garner;
use super::entry::{Entry, ShortEntry};
use super::exit::Exit;
use super::extra::ExtraRoots;
use super::field::{PRIMES, Prime};
use super::lanes::bounds::{Bounds, take_extremes};
use super::lanes::{Lanes, Octet};
use super::local::{LOCAL, LocalRoots};
use super::passes::{FORWARD, INVERSE, Layers2, Layers4, Layers16};
use super::phases::with_extra;
use super::product::{Even, LastEven, LastOdd, Odd, Product};
use super::roots::Roots;

/// The largest magnitude that a block takes, as a multiple of p.
const DOWN: f64 = 4.6;
/// The largest magnitude that a block leaves.
const UP: f64 = 1.8;
/// The largest magnitude that the last layers leave, for the carries.
const COEFFICIENT: f64 = 6.0;

fn largest(x: &[Octet]) -> f64 {
    x.iter().flat_map(|octet| octet.0).fold(0.0, f64::max)
}

fn points(octets: usize, bound: f64) -> Vec<Octet> {
    vec![Octet([bound; 8]); octets]
}

/// Asserts that a block of each of these lengths leads from [`DOWN`] to [`UP`].
fn block_stays_in_range<P: Product>(product: P, prime: &'static Prime) {
    let roots = Roots::new(prime, 1 << 20);
    for layers in 6..=LOCAL.ilog2() + 2 {
        let octets = 1 << (layers - 3);
        let (mut a, mut b) = (points(octets, DOWN * prime.p), points(octets, DOWN * prime.p));
        let tables = &mut LocalRoots::new();
        multiply_block(Bounds, product, (&mut a, &mut b), 5, &roots, tables, &AtomicBool::new(false));
        assert!(largest(&a) <= UP * prime.p, "2^{layers}: {}", largest(&a) / prime.p);
        assert!(!P::TWO || largest(&b) <= UP * prime.p, "2^{layers}: {}", largest(&b) / prime.p);
    }
}

#[test]
fn blocks_stay_in_range() {
    for prime in &PRIMES {
        block_stays_in_range(Even, prime);
        block_stays_in_range(Odd, prime);
        block_stays_in_range(LastEven, prime);
        block_stays_in_range(LastOdd, prime);
    }
}

#[test]
fn passes_over_longer_blocks_leave_what_they_take() {
    for prime in &PRIMES {
        let roots = Roots::new(prime, 1 << 10);
        let (down, up) = (tree(&roots, 5), inverse_tree(&roots, 5));
        let stays = |bound: f64, pass: &dyn Fn(&mut [Octet])| {
            let mut x = points(16, bound * prime.p);
            pass(&mut x);
            assert!(largest(&x) <= bound * prime.p, "{} from {bound}", largest(&x) / prime.p);
        };
        stays(DOWN, &|block| Bounds.run(Layers16::<FORWARD> { prime, block, roots: &down }));
        stays(DOWN, &|block| Bounds.run(Layers4::<FORWARD> { prime, block, roots: [down[1], down[2], down[3]] }));
        stays(DOWN, &|block| Bounds.run(Layers2::<FORWARD> { prime, block, root: down[1] }));
        stays(UP, &|block| Bounds.run(Layers16::<INVERSE> { prime, block, roots: &up }));
        stays(UP, &|block| Bounds.run(Layers4::<INVERSE> { prime, block, roots: [up[1], up[2], up[3]] }));
        stays(UP, &|block| Bounds.run(Layers2::<INVERSE> { prime, block, root: up[1] }));
    }
}

/// The octets as rows of one octet each.
fn rows<const N: usize>(x: &mut [Octet]) -> [&mut [Octet]; N] {
    let mut rows = x.chunks_mut(1);
    std::array::from_fn(|_| rows.next().unwrap())
}

/// Asserts that limbs lead to what blocks take, and what these leave to what the carries take.
fn ends_stay_in_range<const E: usize>() {
    for prime in &PRIMES {
        let roots = Roots::new(prime, 1 << 10);
        let extra_roots = &ExtraRoots::new(&roots, E);
        let (mut x, mut extra) = (points(16, 0.0), points(E, 0.0));
        let limbs = [[0; 8]];
        let task = Entry {
            prime,
            tree: &tree(&roots, 0),
            extra_roots,
            limbs: [&limbs; 16],
            rows: rows(&mut x),
            extra_rows: rows::<E>(&mut extra),
        };
        Bounds.run(task);
        let found = largest(&x).max(largest(&extra)) / prime.p;
        assert!(found <= DOWN, "{found}p from limbs with {E} extra blocks");

        let (mut x, mut extra) = (points(16, UP * prime.p), points(E, UP * prime.p));
        let task = Exit {
            prime,
            tree: &inverse_tree(&roots, 0),
            extra_roots,
            rows: rows(&mut x),
            extra_rows: rows::<E>(&mut extra),
        };
        Bounds.run(task);
        let found = largest(&x).max(largest(&extra)) / prime.p;
        assert!(found <= COEFFICIENT, "{found}p to coefficients with {E} extra blocks");
    }
}

#[test]
fn the_first_and_last_layers_stay_in_range_with_any_extra_blocks() {
    for extra in 0..16 {
        with_extra!(extra, E => ends_stay_in_range::<E>());
    }
}

#[test]
fn short_transforms_start_in_range() {
    for prime in &PRIMES {
        let mut x = points(2, 0.0);
        Bounds.run(ShortEntry { prime, limbs: &[[0; 8]], points: &mut x });
        assert!(largest(&x) <= DOWN * prime.p);
    }
}

#[test]
fn carries_stay_in_range() {
    let residues = PRIMES.each_ref().map(|prime| points(4, COEFFICIENT * prime.p));
    let residues = [&residues[0][..], &residues[1][..], &residues[2][..]];
    let garner = &Garner::new(1 << 20);
    Bounds.run(Carry::<false> { garner, residues, limbs: &mut [[0; 8]; 4] });
}

#[test]
fn quotients_come_close_to_their_limit_and_no_closer_than_shown() {
    take_extremes();
    blocks_stay_in_range();
    the_first_and_last_layers_stay_in_range_with_any_extra_blocks();
    let (quotient, sum) = take_extremes();
    let (quotient, sum) = (quotient / 2_f64.powi(51), sum / PRIMES[0].p);
    assert!((0.5..0.96).contains(&quotient), "a quotient of {quotient}·2⁵¹");
    assert!((4.0..9.0).contains(&sum), "a sum of {sum}p");
}
