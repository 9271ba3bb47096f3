//! One value in a process of its own.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::contenders::Contender;
use crate::process::resident_mb;

/// The computation of the process.
#[derive(Args)]
pub struct Once {
    contender: Contender,
    n: u64,
    threads: usize,
}

/// Its cost.
pub struct Taken {
    pub time: Duration,
    /// FNV-1a of the text, to compare the contenders.
    pub hash: u64,
    pub peak_mb: f64,
}

impl Once {
    /// Computes, and prints what it took for [`measure`].
    pub fn run(&self) {
        let start = Instant::now();
        let text = self.contender.text(self.n, self.threads);
        let time = start.elapsed();
        let (_, peak_mb) = resident_mb(std::process::id());
        println!("{} {} {peak_mb}", time.as_nanos(), fnv(&text));
    }
}

/// Returns this program built with FLINT's transforms, where `bench/run kernel --flint-tuned` made one.
pub fn tuned_flint() -> Option<PathBuf> {
    env::var_os("BENCH_FLINT_TUNED").map(PathBuf::from)
}

/// Starts a process for one value and waits for it.
pub fn measure(contender: Contender, n: u64, threads: usize) -> Taken {
    let (program, name) = match contender {
        Contender::FlintTuned => (tuned_flint().expect("its program"), "flint".to_owned()),
        contender => {
            let name = contender.to_possible_value().expect("a name").get_name().to_owned();
            (env::current_exe().expect("its own path"), name)
        }
    };
    let output = Command::new(program)
        .args(["kernel-once", &name, &n.to_string(), &threads.to_string()])
        .output()
        .expect("it can be started");
    assert!(output.status.success(), "{name} failed at {n}: {}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout).expect("text");
    let mut words = line.split_whitespace();
    let mut word = || words.next().expect("three figures");
    Taken {
        time: Duration::from_nanos(word().parse().expect("nanoseconds")),
        hash: word().parse().expect("a hash"),
        peak_mb: word().parse().expect("megabytes"),
    }
}

fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
