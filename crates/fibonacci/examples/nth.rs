//! Times F(n) for each n given: `cargo run --release -p fibonacci --example nth -- 1000000`.

use std::error::Error;
use std::io::{self, Write};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for argument in std::env::args().skip(1) {
        let n = argument.parse()?;
        let estimate = fibonacci::estimate(n);
        let start = Instant::now();
        let value = fibonacci::nth(n)?;
        let computed = start.elapsed();
        value.write_to(io::sink())?;
        writeln!(
            out,
            "F({n}): {} digits, computed in {computed:.2?} (estimated {:.2?}), written in {:.2?}, {} kB",
            value.digits(),
            estimate.work,
            start.elapsed() - computed,
            estimate.memory_bytes / 1000,
        )?;
    }
    Ok(())
}
