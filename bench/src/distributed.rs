//! The distributed mode through nginx, beside baselines.
//!
//! Both are measured alternately, so that other load on the machine affects both.

mod baselines;
pub mod cpu;
pub mod servers;
pub mod system;
pub mod table;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use self::baselines::ConstantResponse;
use self::servers::version_of;
use self::system::DistributedSystem;
use self::table::{Rounds, TableRow, head};
use crate::http::{Connection, WAIT, get, post};
use crate::load::{self, CONNECTIONS};
use crate::samples::Samples;

/// Some milliseconds of work on one core.
const MEDIUM: i64 = 4_000_000;
/// More than a second of work on one core.
const LONG: i64 = 900_000_000;

/// Prints every measurement of the distributed mode.
pub async fn run(abaci: &Path, rounds: usize, seconds: u64) {
    let began = Instant::now();
    println!(
        "Abaci's distributed mode through nginx {}, PostgreSQL {} (fsync, synchronous_commit on), Redis {}.",
        version_of("nginx", "-v"),
        version_of("postgres", "--version"),
        version_of("redis-server", "--version"),
    );
    println!("{CONNECTIONS} connections; servers and load on the same {} cores; medians of {rounds} rounds.", cores());
    println!();
    head();
    print(memory(abaci, rounds.min(3)));
    let mut bench = Bench::start(abaci, Duration::from_secs(seconds)).await;
    let mut figures = Figures::default();
    for _ in 0..rounds {
        bench.round(&mut figures).await;
    }
    print(figures.lines());
    print(bench.small_beside_long(rounds.min(3)).await);
    print([bench.one_more_worker(rounds.min(3)).await]);
    drop(bench);
    println!();
    println!("Measured in {:.0} s.", began.elapsed().as_secs_f64());
}

fn print(rows: impl IntoIterator<Item = TableRow>) {
    rows.into_iter().for_each(|row| row.print());
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

/// Measures the resident memory of idle roles after their start.
fn memory(abaci: &Path, starts: usize) -> [TableRow; 3] {
    let mut roles = [const { Rounds::new() }; 3];
    for _ in 0..starts {
        let system = DistributedSystem::start(abaci);
        std::thread::sleep(Duration::from_secs(3));
        for (rounds, resident_mb) in roles.iter_mut().zip(system.resident_mb()) {
            rounds.push(resident_mb);
        }
    }
    let [api, client, worker] = roles;
    [
        ("resident memory at rest: api", api),
        ("resident memory at rest: client", client),
        ("resident memory at rest: worker", worker),
    ]
    .map(|(what, measured)| TableRow { what, unit: " MB", decimals: 1, measured, target: "≤ 20", baseline: None })
}

struct Bench {
    system: DistributedSystem,
    constant: ConstantResponse,
    lasting: Duration,
    /// The next index that was never submitted.
    next: Arc<AtomicI64>,
}

#[derive(Default)]
struct Figures {
    constant: Rounds,
    reads: Rounds,
    rows: Rounds,
    entries: Rounds,
    submissions: Rounds,
    recorded: Rounds,
    one_of_each: Rounds,
    median: Rounds,
    p99: Rounds,
}

impl Bench {
    async fn start(abaci: &Path, lasting: Duration) -> Self {
        let system = DistributedSystem::start(abaci);
        baselines::prepare_rows(&system.postgres, system.folder.path());
        let constant = ConstantResponse::start(system.folder.path());
        let bench = Self { system, constant, lasting, next: Arc::new(AtomicI64::new(3_000)) };
        // Warms up connections, plans and code, and makes F(25) known.
        bench.latencies((20..220).map(|n| post(n, WAIT))).await;
        bench
    }

    async fn latencies(&self, requests: impl Iterator<Item = Vec<u8>>) -> Samples {
        load::latencies(&self.system.router.address, requests).await
    }

    /// Returns requests for new values.
    fn new_values(&self, count: i64) -> impl Iterator<Item = Vec<u8>> {
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        (first..first + count).map(|n| post(n, WAIT))
    }

    async fn round(&mut self, figures: &mut Figures) {
        let Self { system, constant, lasting, next } = self;
        let (lasting, folder, router) = (*lasting, system.folder.path(), system.router.address.as_str());
        figures.constant.push(constant.rate(lasting).await);
        figures.reads.push(load::rate(router, lasting, || get("/api/calculations/25")).await);
        figures.entries.push(baselines::entries(&system.redis, CONNECTIONS, 100_000));
        figures.rows.push(baselines::rows(&system.postgres, folder, CONNECTIONS, lasting));

        let (began, next) = (Instant::now(), Arc::clone(next));
        let submissions = load::rate(router, lasting, move || post(next.fetch_add(1, Ordering::Relaxed), "")).await;
        let submitted = submissions * began.elapsed().as_secs_f64();
        while system.unfinished() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        figures.submissions.push(submissions);
        figures.recorded.push(submitted / began.elapsed().as_secs_f64());

        figures.one_of_each.push(baselines::one_of_each_ms(constant, &system.postgres, &system.redis, folder).await);
        let mut latencies = self.latencies(self.new_values(500)).await;
        figures.median.push(latencies.percentile_ms(50));
        figures.p99.push(latencies.percentile_ms(99));
    }

    /// Measures short calculations while every worker computes a long one.
    async fn small_beside_long(&self, rounds: usize) -> [TableRow; 3] {
        let _second = self.system.another_worker("worker-beside", None);
        let (mut median, mut p99, mut at_rest) = (Rounds::default(), Rounds::default(), Rounds::default());
        let mut long = LONG;
        let mut took = Rounds::default();
        for _ in 0..rounds {
            at_rest.push(self.latencies(self.new_values(200)).await.percentile_ms(50));
            let began = Instant::now();
            // Two for each of the two workers, so that each always has one.
            let running: Vec<_> = (long..long + 4)
                .map(|n| tokio::spawn(answered(self.system.router.address.clone(), post(n, WAIT))))
                .collect();
            long += 4;
            let none_is_done = || !running.iter().any(tokio::task::JoinHandle::is_finished);
            while none_is_done() && self.system.running() < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let mut samples = Samples::default();
            while none_is_done() {
                samples.extend(self.latencies(self.new_values(10)).await);
            }
            for long in running {
                long.await.expect("the value");
            }
            took.push(began.elapsed().as_secs_f64() / 4.0);
            median.push(samples.percentile_ms(50));
            p99.push(samples.percentile_ms(99));
        }
        [
            TableRow {
                what: "POST to value while each of 2 workers computes F(9·10^8): median",
                unit: " ms",
                decimals: 2,
                measured: median,
                target: "",
                baseline: Some(("the same at rest", at_rest.clone())),
            },
            TableRow {
                what: "… 99 %",
                unit: " ms",
                decimals: 2,
                measured: p99,
                target: "",
                baseline: Some(("median at rest", at_rest)),
            },
            TableRow {
                what: "F(9·10^8) meanwhile, four at once, each",
                unit: " s",
                decimals: 2,
                measured: took,
                target: "",
                baseline: None,
            },
        ]
    }

    /// Measures medium work by workers with one core each.
    async fn one_more_worker(&mut self, rounds: usize) -> TableRow {
        self.system.stop_worker();
        let (mut one, mut two) = (Rounds::default(), Rounds::default());
        let _first = self.system.another_worker("worker-0", Some(0));
        let mut medium = MEDIUM;
        for _ in 0..rounds {
            one.push(self.medium(&mut medium).await);
            let _second = self.system.another_worker("worker-1", Some(1));
            two.push(self.medium(&mut medium).await);
        }
        TableRow {
            what: "F(4·10^6) per second by 2 workers of a core each",
            unit: "/s",
            decimals: 1,
            measured: two,
            target: "",
            baseline: Some(("by 1 worker of a core", one)),
        }
    }

    /// Returns values of medium work per second, one from each connection.
    async fn medium(&self, next: &mut i64) -> f64 {
        let began = Instant::now();
        let asked: Vec<_> = (0..i64::try_from(CONNECTIONS).expect("few"))
            .map(|n| tokio::spawn(answered(self.system.router.address.clone(), post(*next + n, WAIT))))
            .collect();
        *next += i64::try_from(CONNECTIONS).expect("few");
        for asked in asked {
            asked.await.expect("the value");
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let asked = CONNECTIONS as f64;
        asked / began.elapsed().as_secs_f64()
    }
}

/// Sends a request over a new connection and waits for the value.
async fn answered(address: String, request: Vec<u8>) {
    let mut connection = Connection::open(&address).await.expect("it listens");
    let (status, body) = connection.call(&request).await.expect("a response");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(body));
}

impl Figures {
    fn lines(self) -> Vec<TableRow> {
        let line = |what, unit, decimals, measured, target, baseline| TableRow {
            what,
            unit,
            decimals,
            measured,
            target,
            baseline,
        };
        vec![
            line(
                "reads of a known value",
                "/s",
                0,
                self.reads,
                "15,000/s",
                Some(("nginx before a constant", self.constant)),
            ),
            line(
                "durable submissions of new indexes",
                "/s",
                0,
                self.submissions.clone(),
                "3,000/s",
                Some(("single committed rows", self.rows)),
            ),
            line("… beside Redis alone", "/s", 0, self.submissions, "", Some(("single XADDs", self.entries))),
            line("… submitted, computed and recorded, until the last", "/s", 0, self.recorded, "", None),
            line(
                "POST to value, one at a time: median",
                " ms",
                2,
                self.median,
                "≤ 3 ms",
                Some(("a row, an XADD, an answer of nginx", self.one_of_each.clone())),
            ),
            line("… 99 %", " ms", 2, self.p99, "", Some(("the same", self.one_of_each))),
        ]
    }
}
