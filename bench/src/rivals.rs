//! Abaci beside other job queues at equal durability, in alternate rounds.
//!
//! Every queue has servers of its own: PostgreSQL with its default durability, Redis with `appendfsync always` where it
//! holds the jobs. Jobs of the others store a text as long as F(n) and compute nothing; Abaci computes the number and
//! is called over HTTP. `bench/rivals/README.md` says how the others are driven.

mod ours;
mod theirs;

use std::path::Path;
use std::time::Duration;

use self::ours::Ours;
use self::theirs::{QueueProgram, Theirs};
use crate::distributed::table::Rounds;

/// Jobs of each figure and round.
const SINGLE: i64 = 2_000;
const BULK: i64 = 5_000;
const ONE_AT_A_TIME: i64 = 100;

/// Timeout for the redelivery of an interrupted job.
const RESULT_TIMEOUT: Duration = Duration::from_secs(90);

/// Prints the table of all queues.
pub async fn run(abaci: &Path, programs: &Path, rounds: usize) {
    let mut queues = vec![(Queue::Ours(Ours::start(abaci).await), QueueMeasurements::default())];
    for program in QueueProgram::all(programs) {
        queues.push((Queue::Theirs(Theirs::start(program).await), QueueMeasurements::default()));
    }
    let mut first = 3_000;
    for _ in 0..rounds {
        for (queue, measured) in &mut queues {
            queue.round(measured, first).await;
        }
        first += SINGLE + BULK + ONE_AT_A_TIME;
    }
    for (queue, measured) in &mut queues {
        measured.worker_mb = queue.worker_mb();
        measured.recovery = queue.recovery().await;
    }
    println!("{rounds} rounds in turn; medians (spread). {SINGLE} jobs by single calls, {BULK} in bulk.");
    for (queue, measured) in &queues {
        measured.print(queue.name());
    }
}

/// The way in which jobs are enqueued.
#[derive(Clone, Copy)]
enum Enqueue {
    Single,
    Bulk,
}

/// Seconds until all jobs of a figure are enqueued, and until all their results are stored.
struct Throughput {
    enqueued: f64,
    stored: f64,
}

/// Median and 99th percentile in milliseconds.
struct Latency {
    median: f64,
    p99: f64,
}

enum Queue {
    Ours(Ours),
    Theirs(Theirs),
}

impl Queue {
    const fn name(&self) -> &str {
        match self {
            Self::Ours(_) => "Abaci, over HTTP",
            Self::Theirs(queue) => queue.name(),
        }
    }

    async fn round(&mut self, measured: &mut QueueMeasurements, first: i64) {
        let before = self.cpu_seconds();
        let single = self.throughput(Enqueue::Single, first, SINGLE).await;
        measured.single.push(SINGLE, &single, self.cpu_seconds() - before);
        let before = self.cpu_seconds();
        let bulk = self.throughput(Enqueue::Bulk, first + SINGLE, BULK).await;
        measured.bulk.push(BULK, &bulk, self.cpu_seconds() - before);
        let latency = self.latency(first + SINGLE + BULK, ONE_AT_A_TIME).await;
        measured.median.push(latency.median);
        measured.p99.push(latency.p99);
    }

    async fn throughput(&mut self, enqueue: Enqueue, first: i64, count: i64) -> Throughput {
        match self {
            Self::Ours(ours) => ours.throughput(enqueue, first, count).await,
            Self::Theirs(theirs) => theirs.throughput(enqueue, first, count).await,
        }
    }

    async fn latency(&mut self, first: i64, count: i64) -> Latency {
        match self {
            Self::Ours(ours) => ours.latency(first, count).await,
            Self::Theirs(theirs) => theirs.latency(first, count).await,
        }
    }

    /// Kills the worker amid a job of about a second, starts another and returns the seconds until the result is stored.
    async fn recovery(&mut self) -> Option<f64> {
        match self {
            Self::Ours(ours) => ours.recovery().await,
            Self::Theirs(theirs) => theirs.recovery().await,
        }
    }

    fn cpu_seconds(&self) -> f64 {
        match self {
            Self::Ours(ours) => ours.cpu_seconds(),
            Self::Theirs(theirs) => theirs.cpu_seconds(),
        }
    }

    fn worker_mb(&self) -> f64 {
        match self {
            Self::Ours(ours) => ours.worker_mb(),
            Self::Theirs(theirs) => theirs.worker_mb(),
        }
    }
}

/// Jobs per second and microseconds of processor time for each.
#[derive(Default)]
struct Rates {
    enqueued: Rounds,
    stored: Rounds,
    cpu: Rounds,
}

impl Rates {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn push(&mut self, count: i64, throughput: &Throughput, cpu_seconds: f64) {
        let count = count as f64;
        self.enqueued.push(count / throughput.enqueued);
        self.stored.push(count / throughput.stored);
        self.cpu.push(cpu_seconds * 1e6 / count);
    }

    fn print(&self, what: &str) {
        let Self { enqueued, stored, cpu } = self;
        println!(
            "  {what}: {}/s enqueued, {}/s until the last result, {} µs of processor time each",
            enqueued.show(0),
            stored.show(0),
            cpu.show(0)
        );
    }
}

/// The figures of one queue.
#[derive(Default)]
struct QueueMeasurements {
    single: Rates,
    bulk: Rates,
    median: Rounds,
    p99: Rounds,
    worker_mb: f64,
    /// `None` if the result was not stored in time.
    recovery: Option<f64>,
}

impl QueueMeasurements {
    fn print(&self, name: &str) {
        println!("\n{name}");
        self.single.print("single calls, 64 at a time");
        self.bulk.print("bulk");
        println!("  call to result, one at a time: median {} ms, 99 % {} ms", self.median.show(1), self.p99.show(1));
        println!("  memory of the worker: {:.0} MB", self.worker_mb);
        let recovery = self
            .recovery
            .map_or_else(|| format!("not within {} s", RESULT_TIMEOUT.as_secs()), |seconds| format!("{seconds:.1} s"));
        println!("  kill -9 of the worker amid a job of about a second, until its result: {recovery}");
    }
}
