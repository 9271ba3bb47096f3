//! Writes F(n) to standard output without holding its text:
//! `cargo run --release -p fibonacci --example stream -- 1000000 | sha256sum`.

use std::error::Error;
use std::io;

fn main() -> Result<(), Box<dyn Error>> {
    let n = std::env::args().nth(1).as_deref().unwrap_or("1000").parse()?;
    fibonacci::nth(n)?.write_to(io::stdout().lock())?;
    Ok(())
}
