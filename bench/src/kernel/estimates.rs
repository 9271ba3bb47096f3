//! The estimates of `fibonacci::estimate` beside what is measured.

use rustix::time::{ClockId, clock_gettime};

use super::contenders::Contender;
use super::once::measure;

/// Prints, for n from 100 on, the estimate of the time on one thread and the processor time it takes.
///
/// Processor time, because other programs on the machine do not change it much.
pub fn print(up_to: u32, rounds: usize) {
    println!("{:>12} {:>14} {:>14} {:>7} {:>10} {:>10}", "n", "estimated µs", "measured µs", "ratio", "MB", "peak MB");
    let mut n = 100.0_f64;
    while n <= 10_f64.powi(up_to as i32) {
        let index = n as i64;
        let estimate = fibonacci::estimate(index);
        let measured = (0..rounds).map(|_| processor_micros(index)).fold(f64::MAX, f64::min);
        let estimated = estimate.work.as_secs_f64() * 1e6;
        let peak = measure(Contender::AbaciOneThread, index as u64, 1).peak_mb;
        println!(
            "{index:>12} {estimated:>14.2} {measured:>14.2} {:>7.2} {:>10.1} {peak:>10.1}",
            estimated / measured,
            estimate.memory_bytes as f64 / 1e6
        );
        n *= 1.47;
    }
}

/// Processor time of F(n), without its text, on this thread.
fn processor_micros(n: i64) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 * 1e-3
    };
    let calls = if n < 100_000 { 20 } else { 1 };
    let start = now();
    for _ in 0..calls {
        std::hint::black_box(fibonacci::nth(n).expect("enough memory"));
    }
    (now() - start) / f64::from(calls)
}
