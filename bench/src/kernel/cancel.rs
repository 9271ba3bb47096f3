//! The time until a cancelled computation stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fibonacci::{Control, Error, nth_with};

use crate::samples::Samples;

/// Prints the time from the flag to the answer, for computations of F(10^`power`) cancelled at evenly spread times.
pub fn print(power: u32, rounds: usize, threads: usize) {
    let n = 10_i64.pow(power);
    let start = Instant::now();
    let whole = after(n, threads, Duration::MAX);
    let took = start.elapsed();
    assert_eq!(whole, None, "never cancelled");
    let rounds = 4 * rounds as u32;
    let mut samples: Samples =
        (1..=rounds).filter_map(|round| after(n, threads, took * round / (rounds + 1))).collect();
    let [median, most] = [50, 100].map(|percent| samples.percentile_ms(percent));
    println!(
        "cancelled F(10^{power}), {threads} threads, {rounds} times: stopped after {median:.1} ms, {most:.1} at most"
    );
}

/// Cancels after `wait`, and returns how long the answer took then; `None` if the value came before.
fn after(n: i64, threads: usize, wait: Duration) -> Option<Duration> {
    let cancelled = AtomicBool::new(false);
    let control = Control { progress: &|_| (), cancelled: &cancelled, threads: &|| threads };
    thread::scope(|scope| {
        let computation = scope.spawn(|| (nth_with(n, &control).err(), Instant::now()));
        if wait < Duration::MAX {
            thread::sleep(wait);
            cancelled.store(true, Ordering::Relaxed);
        }
        let raised = Instant::now();
        let (error, ended) = computation.join().expect("it does not panic");
        (error == Some(Error::Cancelled)).then(|| ended.saturating_duration_since(raised))
    })
}
