//! The tables of `bench kernel`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::contenders::Contender;
use super::once::{Taken, measure};
use crate::samples::Samples;

/// The medians for one n, in milliseconds; `None` where a contender was left out.
pub struct Row {
    pub n: u64,
    pub medians_ms: Vec<(Contender, Option<f64>)>,
}

const SHORT: [u64; 13] = [0, 10, 50, 93, 186, 300, 600, 1_000, 2_000, 3_000, 5_000, 10_000, 30_000];

/// Prints nanoseconds for short values, each contender many times in turn with the others.
pub fn print_short(rounds: usize) {
    let contenders = Contender::short();
    println!("F(n) to decimal text, nanoseconds, one thread: median of {} rounds in turn", 5 * rounds);
    header(&contenders);
    for n in SHORT {
        let mut samples: Vec<_> = contenders.iter().map(|_| Samples::default()).collect();
        let calls = 1 + 200_000 / (n * n / 100 + 200);
        for _ in 0..5 * rounds {
            for (contender, samples) in contenders.iter().zip(&mut samples) {
                let start = Instant::now();
                for _ in 0..calls {
                    black_box(contender.text(black_box(n), 1));
                }
                samples.push(start.elapsed() / calls as u32);
            }
        }
        print!("{n:>12}");
        for samples in &mut samples {
            print!(" {:>17}", samples.percentile(50).as_nanos());
        }
        println!();
    }
}

/// Prints times and peaks of memory from 10⁴ on, each value in a fresh process.
pub fn print_long(up_to: u32, rounds: usize, threads: usize) -> Vec<Row> {
    println!("\nF(n) to decimal text in memory, fresh processes, {threads} threads where not said otherwise:");
    println!("median [least–most] of {rounds} rounds in turn, and the peak of memory");
    header(&Contender::all());
    (4..=up_to).map(|power| print_row(10_u64.pow(power), rounds, threads)).collect()
}

fn print_row(n: u64, rounds: usize, threads: usize) -> Row {
    let mut taken: Vec<(Contender, Vec<Taken>)> =
        Contender::all().into_iter().map(|contender| (contender, Vec::new())).collect();
    for _ in 0..rounds {
        for (contender, taken) in &mut taken {
            if contender.takes_on(n) {
                taken.push(measure(*contender, n, threads));
            }
        }
    }
    let hashes: Vec<_> = taken.iter().flat_map(|(_, taken)| taken.iter().map(|taken| taken.hash)).collect();
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "the contenders disagree at {n}");
    let mut lines = [format!("{n:>12}"), " ".repeat(12), " ".repeat(12)];
    let mut medians_ms = Vec::new();
    for (contender, taken) in &taken {
        let mut samples: Samples = taken.iter().map(|taken| taken.time).collect();
        if taken.is_empty() {
            lines.iter_mut().zip(["–", "", ""]).for_each(|(line, cell)| line.push_str(&format!(" {cell:>17}")));
            medians_ms.push((*contender, None));
            continue;
        }
        let [least, median, most] = [0, 50, 100].map(|percent| samples.percentile_ms(percent));
        let peak = taken.iter().map(|taken| taken.peak_mb).fold(0.0, f64::max);
        lines[0].push_str(&format!(" {:>17}", milliseconds(median)));
        lines[1].push_str(&format!(" {:>17}", format!("[{}–{}]", short(least), short(most))));
        lines[2].push_str(&format!(" {:>17}", format!("{peak:.0} MB")));
        medians_ms.push((*contender, Some(median)));
    }
    lines.iter().for_each(|line| println!("{line}"));
    Row { n, medians_ms }
}

/// Prints the largest n, to 2 %, whose median is within a second.
pub fn print_record(rounds: usize, threads: usize) {
    let within = |n: u64| {
        let mut samples: Samples = (0..rounds).map(|_| measure(Contender::Abaci, n, threads).time).collect();
        samples.percentile(50) <= Duration::from_secs(1)
    };
    let (mut below, mut above) = (1_000_000, 10_000_000_000);
    while above - below > below / 50 {
        // In the middle of the logarithms.
        let middle = ((below as f64) * (above as f64)).sqrt() as u64;
        if within(middle) { below = middle } else { above = middle }
    }
    println!("\nlargest n within a second, {threads} threads, median of {rounds}: {below}");
}

fn header(contenders: &[Contender]) {
    let names: Vec<_> = contenders.iter().map(|contender| format!("{:>17}", contender.name())).collect();
    println!("{:>12} {}", "n", names.join(" "));
}

fn milliseconds(ms: f64) -> String {
    format!("{} ms", short(ms))
}

/// Three digits.
fn short(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2}"),
        ms if ms < 100.0 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}
