//! F(n) to decimal text: ours and others', round by round.
//!
//! Long values are computed in a process of their own each, which tells its peak of memory; short ones
//! many times in this process.

mod cancel;
mod chart;
mod contenders;
mod estimates;
#[cfg(feature = "flint")]
mod flint;
mod once;
mod smooth;
mod table;

use std::path::PathBuf;

use clap::Args;

pub use once::Once;

/// The measurements of `bench kernel`.
#[derive(Args)]
pub struct Options {
    /// The largest power of ten to take n from.
    #[arg(long, default_value_t = 7)]
    up_to: u32,
    /// Rounds per figure; the median is shown, and the least and most.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Threads for the contenders that use several.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Writes a chart of the medians to this file, as SVG.
    #[arg(long)]
    chart: Option<PathBuf>,
    /// Looks for the largest n within a second.
    #[arg(long)]
    record: bool,
    /// Compares the estimates with what is measured, up to the same power of ten, and nothing else.
    #[arg(long)]
    estimates: bool,
    /// Measures how smoothly the time grows from n = 46,000,000 to twice that, and nothing else.
    #[arg(long)]
    smooth: bool,
    /// Measures how soon the largest value stops when it is cancelled, and nothing else.
    #[arg(long)]
    cancel: bool,
}

/// Prints the tables.
pub fn run(options: &Options) {
    if options.estimates {
        return estimates::print(options.up_to, options.rounds);
    }
    if options.smooth {
        return smooth::print(options.rounds);
    }
    if options.cancel {
        return cancel::print(options.up_to, options.rounds, options.threads);
    }
    table::print_short(options.rounds);
    let rows = table::print_long(options.up_to, options.rounds, options.threads);
    if let Some(file) = &options.chart {
        std::fs::write(file, chart::svg(&rows, options.threads)).expect("the chart can be written");
        println!("\nchart: {}", file.display());
    }
    if options.record {
        table::print_record(options.rounds, options.threads);
    }
}
