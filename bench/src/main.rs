//! The benchmarks of Abaci. They print measurements; nothing passes or fails.
//!
//! `bench/run kernel` compares the kernel with other libraries; `bench/run system` measures `abaci serve` over HTTP,
//! with the load on the same cores; `bench/run attack` attacks it; `bench/run distributed` measures the roles as processes, behind nginx.

mod attack;
mod distributed;
mod http;
#[cfg(feature = "kernel")]
mod kernel;
mod load;
mod process;
mod rivals;
mod rows;
mod samples;
mod system;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about = "Measures Abaci and prints the results.")]
struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Subcommand)]
enum Benchmark {
    /// One honest client beside each kind of attack.
    Attack(attack::AttackOptions),
    /// The attackers of `attack`, until the end of standard input.
    #[command(hide = true)]
    Attackers { attack: attack::Attack, address: String },
    /// F(n) to decimal text, ours and other libraries' in turn.
    #[cfg(feature = "kernel")]
    Kernel(kernel::Options),
    /// One value for `kernel`.
    #[cfg(feature = "kernel")]
    #[command(hide = true)]
    KernelOnce(kernel::Once),
    /// Latency, throughput, memory and start of `abaci serve`.
    System {
        /// The program to start.
        #[arg(long)]
        abaci: PathBuf,
        /// Number of rows for the measurement of lists; 0 skips it.
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        /// Seconds per throughput figure.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Throughput, latency and memory of the roles as processes, beside baselines.
    Distributed {
        /// The program to start, built with the feature `distributed`.
        #[arg(long)]
        abaci: PathBuf,
        /// Rounds per measurement; medians and spreads are shown.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Seconds per throughput figure and round.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
    /// Throughput, latency, memory and recovery beside other job queues.
    Rivals {
        /// The program to start, built with the feature `distributed`.
        #[arg(long)]
        abaci: PathBuf,
        /// `bench/rivals` with its libraries installed.
        #[arg(long)]
        programs: PathBuf,
        /// Rounds; medians and spreads are shown.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
    /// Processor time of submissions, reads and batches by process, of one or several builds in alternate rounds.
    Cpu {
        /// The programs to start, built with the feature `distributed`.
        #[arg(long, required = true)]
        abaci: Vec<PathBuf>,
        /// Rounds; medians and spreads are shown.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// Seconds per throughput figure and round.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
}

fn main() {
    match Arguments::parse().benchmark {
        Benchmark::Attack(options) => runtime().block_on(until_stopped(attack::run(&options))),
        Benchmark::Attackers { attack, address } => runtime().block_on(attack.run(&address)),
        #[cfg(feature = "kernel")]
        Benchmark::Kernel(options) => kernel::run(&options),
        #[cfg(feature = "kernel")]
        Benchmark::KernelOnce(once) => once.run(),
        Benchmark::System { abaci, rows, seconds } => {
            runtime().block_on(system::run(&abaci, rows, seconds));
        }
        Benchmark::Cpu { abaci, rounds, seconds } => {
            runtime().block_on(until_stopped(distributed::cpu::run(&abaci, rounds, seconds)));
        }
        Benchmark::Rivals { abaci, programs, rounds } => {
            runtime().block_on(until_stopped(rivals::run(&abaci, &programs, rounds)));
        }
        Benchmark::Distributed { abaci, rounds, seconds } => {
            runtime().block_on(until_stopped(distributed::run(&abaci, rounds, seconds)));
        }
    }
}

/// Runs a benchmark until its end or a signal.
async fn until_stopped(benchmark: impl Future<Output = ()>) {
    let mut ended = signal(SignalKind::terminate()).expect("signals can be heard");
    // Dropping the future ends everything that it started.
    tokio::select! {
        () = benchmark => {}
        _ = ended.recv() => std::process::exit(143),
        _ = tokio::signal::ctrl_c() => std::process::exit(130),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}
