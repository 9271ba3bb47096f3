//! F(n) to decimal text: ours and others', round by round in the same process.

use std::time::Instant;

use crate::samples::Samples;

/// Computes F(n) and gives the number of its decimal digits.
type Library = fn(u32) -> usize;

/// Prints a table: n, and for each library the median time to the decimal text.
pub fn run(up_to: u32, rounds: usize) {
    let libraries: [(&str, Library); 4] =
        [("abaci", abaci), ("malachite", malachite), ("dashu", dashu), ("num-bigint", num_bigint)];
    println!("F(n) to decimal text in memory, one thread; median of {rounds} rounds, libraries in turn");
    println!("{:>12}  {}", "n", libraries.map(|(name, _)| format!("{name:>14}")).join(" "));
    for power in 3..=up_to {
        let n = 10_u32.pow(power);
        let mut samples = libraries.map(|_| Samples::default());
        let mut digits = Vec::new();
        for _ in 0..rounds {
            for ((name, library), samples) in libraries.iter().zip(&mut samples) {
                // These two take minutes from here on.
                if power > 7 && *name != "abaci" && *name != "malachite" {
                    continue;
                }
                let start = Instant::now();
                digits.push(library(n));
                samples.push(start.elapsed());
            }
        }
        assert!(digits.windows(2).all(|pair| pair[0] == pair[1]), "the libraries disagree at {n}");
        let row = libraries.iter().zip(&mut samples).map(|((name, _), samples)| {
            if power > 7 && *name != "abaci" && *name != "malachite" {
                return format!("{:>14}", "–");
            }
            format!("{:>12.2}ms", samples.percentile(50).as_secs_f64() * 1e3)
        });
        println!("{n:>12}  {}", row.collect::<Vec<_>>().join(" "));
    }
}

fn abaci(n: u32) -> usize {
    let value = fibonacci::nth(i64::from(n)).expect("memory enough");
    let mut text = Vec::new();
    value.write_to(&mut text).expect("memory takes everything");
    text.len()
}

/// Fast doubling for the binary libraries, the same for each.
macro_rules! doubling {
    ($integer:ty, $n:expr) => {{
        let (mut a, mut b) = (<$integer>::from(0u32), <$integer>::from(1u32));
        for bit in (1..u32::BITS - u32::leading_zeros($n)).rev() {
            let square_a = &a * &a;
            let square_b = &b * &b;
            let c = ((&a * &b) << 1u64) - &square_a;
            let d = square_a + square_b;
            (a, b) = if $n >> bit & 1 == 0 {
                (c, d)
            } else {
                let sum = c + &d;
                (d, sum)
            };
        }
        // The last step needs one of the two, so it costs one product.
        if $n & 1 == 0 { &a * ((&b << 1u64) - &a) } else { &a * &a + &b * &b }
    }};
}

fn malachite(n: u32) -> usize {
    doubling!(malachite_nz::natural::Natural, n).to_string().len()
}

fn dashu(n: u32) -> usize {
    use dashu_int::UBig;
    let (mut a, mut b) = (UBig::ZERO, UBig::ONE);
    for bit in (1..u32::BITS - n.leading_zeros()).rev() {
        let (square_a, square_b) = (a.sqr(), b.sqr());
        let c = ((&a * &b) << 1) - &square_a;
        let d = square_a + square_b;
        (a, b) = if n >> bit & 1 == 0 {
            (c, d)
        } else {
            let sum = c + &d;
            (d, sum)
        };
    }
    let value = if n & 1 == 0 { &a * ((&b << 1) - &a) } else { a.sqr() + b.sqr() };
    value.to_string().len()
}

fn num_bigint(n: u32) -> usize {
    doubling!(num_bigint::BigUint, n).to_string().len()
}
