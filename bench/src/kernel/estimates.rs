//! The estimates of `fibonacci::estimate` beside what is measured.

use rustix::time::{ClockId, clock_gettime};

use super::contenders::Contender;
use super::once::measure;

/// Prints, for n from 100 on, the estimate of the time on one thread and the processor time it takes.
///
/// Processor time, because other programs on the machine do not change it much. Its clock rate does change, so a
/// ratio of estimated to measured time is taken beside that of a reference in the same round.
pub fn print(up_to: u32, rounds: usize) {
    println!("{:>12} {:>14} {:>14} {:>7} {:>10} {:>10}", "n", "estimated µs", "measured µs", "ratio", "MB", "peak MB");
    let mut n = 100.0_f64;
    let (mut ratios, mut speeds) = (Vec::new(), Vec::new());
    while n <= 10_f64.powi(up_to as i32) {
        let index = n as i64;
        let (mut beside, mut measured) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (reference_micros, micros) = (processor_micros(REFERENCE), processor_micros(index));
            let speed = estimated_micros(REFERENCE) / reference_micros;
            beside.push(estimated_micros(index) / micros / speed);
            measured.push(micros);
            speeds.push(speed);
        }
        let (micros, ratio) = (median(&mut measured), median(&mut beside));
        ratios.push(ratio);
        let peak = measure(Contender::AbaciOneThread, index as u64, 1).peak_mb;
        let (estimated, memory) = (estimated_micros(index), fibonacci::estimate(index).memory_bytes as f64 / 1e6);
        println!("{index:>12} {estimated:>14.2} {micros:>14.2} {ratio:>7.2} {memory:>10.1} {peak:>10.1}");
        n *= 1.47;
    }
    let all = median(&mut ratios);
    let (least, most) = (ratios[0] / all, ratios[ratios.len() - 1] / all);
    println!(
        "Ratios from {least:.2} to {most:.2} of their median. F({REFERENCE}): estimate over time {:.2}.",
        median(&mut speeds)
    );
}

const REFERENCE: i64 = 1_000_000;
/// A round takes at least this long, so that the clock's step does not matter.
const ROUND_MICROS: f64 = 2_000.0;

fn estimated_micros(n: i64) -> f64 {
    fibonacci::estimate(n).work.as_secs_f64() * 1e6
}

/// Sorts too.
pub(super) fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Processor time of F(n), without its text, on this thread.
fn processor_micros(n: i64) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 * 1e-3
    };
    let calls = (ROUND_MICROS / estimated_micros(n)).ceil() as u32;
    let start = now();
    for _ in 0..calls {
        std::hint::black_box(fibonacci::nth(n).expect("enough memory"));
    }
    (now() - start) / f64::from(calls)
}
