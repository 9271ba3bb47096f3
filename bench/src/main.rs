//! Every speed figure of Abaci, from one command. Figures, not tests: nothing here passes or fails.
//!
//! `bench/run kernel` holds the kernel against other libraries; `bench/run system` starts the real
//! program and measures it from outside, over HTTP, with the load on the same cores; `bench/run distributed`
//! does the same with its roles as processes of their own, behind nginx.

mod distributed;
mod http;
mod kernel;
mod load;
mod process;
mod record;
mod samples;
mod system;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Measures Abaci. Prints figures; judges nothing.")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// F(n) to decimal text, ours and other libraries' in turn.
    Kernel(kernel::Options),
    /// One value for `kernel`.
    #[command(hide = true)]
    KernelOnce(kernel::Once),
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
    /// Throughput, latency and memory of the roles as processes of their own, beside their floors.
    Distributed {
        /// The program to start, built with the feature `distributed`.
        #[arg(long)]
        abaci: PathBuf,
        /// Rounds per figure; medians and spreads are shown.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Seconds per throughput figure and round.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
}

fn main() {
    match Arguments::parse().what {
        What::Kernel(options) => kernel::run(&options),
        What::KernelOnce(once) => once.run(),
        What::System { abaci, rows, seconds } => {
            runtime().block_on(system::run(&abaci, rows, seconds));
        }
        What::Distributed { abaci, rounds, seconds } => {
            runtime().block_on(async {
                let mut ended = signal(SignalKind::terminate()).expect("signals can be heard");
                // Dropped at its next await, it takes everything with it that it started.
                tokio::select! {
                    () = distributed::run(&abaci, rounds, seconds) => {}
                    _ = ended.recv() => std::process::exit(143),
                    _ = tokio::signal::ctrl_c() => std::process::exit(130),
                }
            });
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}
