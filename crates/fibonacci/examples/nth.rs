//! Times F(n) for each n given, by the kernel and on the threads named before:
//! `cargo run --release -p fibonacci --example nth -- fastest 2 1000000`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use fibonacci::{Control, Kernel};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let named = |kernel: &Kernel| format!("{kernel:?}").eq_ignore_ascii_case(&name);
    let kernel = Kernel::available().find(named).unwrap_or_else(Kernel::fastest);
    let threads: usize = arguments.next().unwrap_or_default().parse()?;
    let cancelled = AtomicBool::new(false);
    let control = Control { progress: &|_| (), cancelled: &cancelled, threads: &|| threads };
    let mut out = io::stdout().lock();
    for argument in arguments {
        let n = argument.parse()?;
        let estimate = fibonacci::estimate(n);
        let start = Instant::now();
        let value = kernel.nth_with(n, &control)?;
        let computed = start.elapsed();
        let mut text = Vec::with_capacity(value.text_len() as usize);
        value.write_to(&mut text)?;
        writeln!(
            out,
            "F({n}) by {kernel:?}: {} digits, computed in {computed:.2?} (estimated {:.2?}), written in {:.2?}, {} kB",
            value.digits(),
            estimate.work,
            start.elapsed() - computed,
            estimate.memory_bytes / 1000,
        )?;
    }
    Ok(())
}
