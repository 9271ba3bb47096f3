//! Every speed figure of Abaci, from one command. Figures, not tests: nothing here passes or fails.
//!
//! `bench/run kernel` holds the kernel against other libraries; `bench/run system` starts the real
//! program and measures it from outside, over HTTP, with the load on the same cores.

mod http;
mod kernel;
mod process;
mod record;
mod samples;
mod system;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures Abaci. Prints figures; judges nothing.")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// F(n) to decimal text, ours and other libraries' in turn, in this process.
    Kernel {
        /// The largest power of ten to take n from.
        #[arg(long, default_value_t = 7)]
        up_to: u32,
        /// Rounds per library; the median is shown.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Latency, throughput, memory and start of `abaci serve`.
    System {
        /// The program to start.
        #[arg(long)]
        abaci: PathBuf,
        /// Rows of the record for the listing figure; 0 leaves it out.
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        /// Seconds per throughput figure.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

fn main() {
    match Arguments::parse().what {
        What::Kernel { up_to, rounds } => kernel::run(up_to, rounds),
        What::System { abaci, rows, seconds } => {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(system::run(&abaci, rows, seconds));
        }
    }
}
