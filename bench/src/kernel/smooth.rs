//! How smoothly the time of F(n) grows with n.

use super::contenders::Contender;
use super::estimates::median;
use super::once::measure;

/// The lengths of transforms repeat when n doubles, so one octave has them all.
const FIRST: f64 = 46_000_000.0;
const STEP: f64 = 1.03;
const REFERENCE: u64 = 70_000_000;

/// Prints the time of F(n) on one thread divided by n·log n, for n over one octave.
///
/// The clock rate of a machine changes, so each time is compared with those of a reference before and after it.
pub fn print(rounds: usize) {
    let indexes: Vec<_> =
        (0..).map(|i| (FIRST * STEP.powi(i)) as u64).take_while(|&n| (n as f64) < 2.0 * FIRST).collect();
    let mut relative = vec![Vec::new(); indexes.len()];
    for _ in 0..rounds {
        for (n, relative) in indexes.iter().zip(&mut relative) {
            let [before, time, after] = [REFERENCE, *n, REFERENCE].map(seconds);
            relative.push(time / ((before + after) / 2.0) / smooth(*n) * smooth(REFERENCE));
        }
    }
    let medians: Vec<_> = relative.iter_mut().map(|relative| median(relative)).collect();
    let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
    let most = medians.iter().copied().fold(0.0, f64::max);
    let middle = (least + most) / 2.0;
    println!("{:>12} {:>24}", "n", "time / (n·log n), scaled");
    for (n, relative) in indexes.iter().zip(&medians) {
        println!("{n:>12} {:>24.3}", relative / middle);
    }
    println!("Within ±{:.1} % over {} values, medians of {rounds}.", 100.0 * (most / middle - 1.0), indexes.len());
}

fn smooth(n: u64) -> f64 {
    n as f64 * (n as f64).ln()
}

fn seconds(n: u64) -> f64 {
    measure(Contender::AbaciOneThread, n, 1).time.as_secs_f64()
}
