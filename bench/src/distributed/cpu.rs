//! Processor time of the system's processes, user and system, by program.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use super::system::DistributedSystem;
use super::table::Rounds;
use crate::http::{WAIT, get, post, post_batch};
use crate::load;
use crate::process::with_descendants;

/// Seconds of processor time of each part: the API, the worker, PostgreSQL, Redis and nginx.
#[derive(Clone, Copy, Default)]
pub struct CpuSeconds([f64; 5]);

pub const PARTS: [&str; 5] = ["api", "worker", "PostgreSQL", "Redis", "nginx"];

impl CpuSeconds {
    /// Adds up what the processes and all their descendants have used so far.
    pub fn of(processes: [u32; 5]) -> Self {
        for process in processes {
            assert!(
                Path::new("/proc").join(process.to_string()).exists(),
                "process {process} of {processes:?} has ended"
            );
        }
        Self(processes.map(|process| with_descendants(process, own_seconds)))
    }

    /// Returns the seconds of all parts.
    pub fn sum(self) -> f64 {
        self.0.iter().sum()
    }

    /// Returns the microseconds used since `earlier` for each of `count` things.
    pub fn microseconds_each(self, earlier: Self, count: f64) -> [f64; 5] {
        let mut each = self.0;
        for (now, before) in each.iter_mut().zip(earlier.0) {
            *now = (*now - before) * 1e6 / count;
        }
        each
    }
}

/// Returns user and system time of a process and of its children that have ended.
pub fn own_seconds(process: u32) -> f64 {
    /// Linux counts in hundredths of a second for every program.
    const TICKS_PER_SECOND: f64 = 100.0;
    // A child that has just ended is counted by its parent.
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { return 0.0 };
    // The name may contain spaces; what follows it does not.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(4).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_SECOND
}

/// The measurements of one program.
#[derive(Default)]
struct Measured {
    name: String,
    submissions: Rounds,
    recorded: Rounds,
    submitting: [Rounds; 5],
    reads: Rounds,
    reading: [Rounds; 5],
    accepted: Rounds,
    bulk_recorded: Rounds,
    batches: [Rounds; 5],
    median: Rounds,
    p99: Rounds,
}

/// Compares programs: the processor time of submissions, reads and batches by process, in alternate rounds.
pub async fn run(programs: &[std::path::PathBuf], rounds: usize, seconds: u64) {
    let mut systems: Vec<(DistributedSystem, Arc<AtomicI64>, Measured)> = Vec::new();
    for program in programs {
        let name = program.display().to_string();
        systems.push((start(program).await, Arc::new(AtomicI64::new(3_000)), Measured { name, ..Measured::default() }));
    }
    for _ in 0..rounds {
        for (system, next, measured) in &mut systems {
            round(system, next, measured, Duration::from_secs(seconds)).await;
        }
    }
    for (_, _, measured) in &systems {
        measured.print();
    }
}

async fn start(program: &Path) -> DistributedSystem {
    let system = DistributedSystem::start(program);
    load::latencies(&system.router.address, (20..220).map(|n| post(n, WAIT))).await;
    system
}

async fn round(system: &DistributedSystem, next: &Arc<AtomicI64>, measured: &mut Measured, lasting: Duration) {
    let router = system.router.address.as_str();
    let cpu = || CpuSeconds::of(system.processes());

    let (before, began, counter) = (cpu(), Instant::now(), Arc::clone(next));
    let rate = load::rate(router, lasting, move || post(counter.fetch_add(1, Ordering::Relaxed), "")).await;
    let submitted = rate * began.elapsed().as_secs_f64();
    system.until_finished().await;
    measured.submissions.push(rate);
    measured.recorded.push(submitted / began.elapsed().as_secs_f64());
    push(&mut measured.submitting, cpu().microseconds_each(before, submitted));

    let (before, began) = (cpu(), Instant::now());
    let rate = load::rate(router, lasting, || get("/api/calculations/25")).await;
    measured.reads.push(rate);
    push(&mut measured.reading, cpu().microseconds_each(before, rate * began.elapsed().as_secs_f64()));

    let first = next.fetch_add(300, Ordering::Relaxed);
    let mut latencies = load::latencies(router, (first..first + 300).map(|n| post(n, WAIT))).await;
    measured.median.push(latencies.percentile_ms(50));
    measured.p99.push(latencies.percentile_ms(99));

    let first = next.fetch_add(BATCHES * BATCH, Ordering::Relaxed);
    let batches =
        (first..first + BATCHES * BATCH).step_by(BATCH as usize).map(|first| post_batch(first, first + BATCH - 1));
    let (before, began) = (cpu(), Instant::now());
    load::all(router, BATCH_CONNECTIONS, batches.collect()).await;
    let accepted = began.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let indexes = (BATCHES * BATCH) as f64;
    measured.accepted.push(indexes / accepted.as_secs_f64());
    system.until_finished().await;
    measured.bulk_recorded.push(indexes / began.elapsed().as_secs_f64());
    push(&mut measured.batches, cpu().microseconds_each(before, indexes));
}

/// Batches of each round, indexes in each, and the connections that send them.
const BATCHES: i64 = 10;
const BATCH: i64 = 1_000;
const BATCH_CONNECTIONS: usize = 8;

fn push(rounds: &mut [Rounds; 5], figures: [f64; 5]) {
    for (rounds, figure) in rounds.iter_mut().zip(figures) {
        rounds.push(figure);
    }
}

impl Measured {
    fn print(&self) {
        println!("\n{}", self.name);
        let parts = |what: &str, parts: &[Rounds; 5]| {
            let sum: f64 = parts.iter().map(Rounds::median).sum();
            let each: Vec<String> =
                PARTS.iter().zip(parts).map(|(name, part)| format!("{name} {:.1}", part.median())).collect();
            println!("  µs of processor time for each {what}: {} = {sum:.1}", each.join(" + "));
        };
        println!("  submissions {}/s, until the last value {}/s", self.submissions.show(0), self.recorded.show(0));
        parts("submission with its computation", &self.submitting);
        println!("  reads {}/s", self.reads.show(0));
        parts("read", &self.reading);
        println!("  POST to value, one at a time: median {} ms, 99 % {} ms", self.median.show(2), self.p99.show(2));
        println!(
            "  batches of {BATCH}: {}/s accepted, {}/s computed and on disk",
            self.accepted.show(0),
            self.bulk_recorded.show(0)
        );
        parts("index of a batch, with its computation", &self.batches);
    }
}
