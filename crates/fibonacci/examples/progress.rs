//! Computes F(n) on all cores, shows how far it is, and gives up after a time:
//! `cargo run --release -p fibonacci --example progress -- 300000000 10`.

use std::error::Error;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fibonacci::Control;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let n = arguments.next().as_deref().unwrap_or("100000000").parse()?;
    let seconds = arguments.next().as_deref().unwrap_or("60").parse()?;

    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (percent, cancelled, done) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
    let progress = |fraction: f64| percent.store((100.0 * fraction) as u64, Ordering::Relaxed);
    let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| cores };

    let value = thread::scope(|scope| {
        scope.spawn(|| {
            let start = Instant::now();
            while !done.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(50));
                // A bar that cannot be shown is no reason to stop.
                let _ = write!(io::stderr(), "\r{} %", percent.load(Ordering::Relaxed));
                if start.elapsed() > Duration::from_secs(seconds) {
                    cancelled.store(true, Ordering::Relaxed);
                }
            }
        });
        let value = fibonacci::nth_with(n, &control);
        done.store(true, Ordering::Relaxed);
        value
    })?;
    writeln!(io::stdout(), "\rF({n}) = {value:?}")?;
    Ok(())
}
