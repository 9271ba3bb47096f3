//! One honest client beside each kind of attack.

mod attackers;
mod honest;
mod target;

pub use self::attackers::Attack;

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::attackers::AttackersProcess;
use self::honest::HonestClient;
use self::target::AttackedSystem;

/// The arguments of the measurement.
#[derive(clap::Args)]
pub struct AttackOptions {
    /// The program to start; with `--router` built with the feature `distributed`.
    #[arg(long)]
    abaci: std::path::PathBuf,
    /// Attacks the roles behind nginx instead of `abaci serve`.
    #[arg(long)]
    router: bool,
    /// Seconds before each attack, and seconds of it.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only these attacks, by their names in the table.
    #[arg(value_name = "ATTACK")]
    only: Vec<Attack>,
}

/// Prints the table.
pub async fn run(options: &AttackOptions) {
    raise_open_files();
    let attacks = if options.only.is_empty() { Attack::value_variants() } else { &options.only };
    println!(
        "{} for {} s each, {} cores, shared by servers and attackers; attackers at the lowest priority.",
        if options.router { "Behind nginx" } else { "abaci serve" },
        options.seconds,
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    println!(
        "Honest: submit a new small n and wait for it, read a value, read the list. Milliseconds; cores in use; MB of {}.",
        if options.router { "API, client, worker and nginx" } else { "the process" }
    );
    println!();
    println!(
        "| attack | before p50 | p99 | during p50 | p99 | failed | attackers' requests | refused | cores before | during | attackers' | MB before | most | after |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for attack in attacks {
        println!("{}", row(&options.abaci, options.router, *attack, Duration::from_secs(options.seconds)).await);
    }
}

/// Measures one attack on a system of its own, and returns its row.
async fn row(abaci: &Path, router: bool, attack: Attack, lasting: Duration) -> String {
    let target = AttackedSystem::start(abaci, router).await;
    attack.prepare(&target.address).await;
    let honest = HonestClient::new(&target.address);
    honest.run(Duration::from_secs(2)).await;
    let before_mb = megabytes(&target.resident_mb());
    let cpu_start = target.processor_seconds();
    let mut before = honest.run(lasting).await;
    let cpu_before = target.processor_seconds();
    let attackers = AttackersProcess::start(attack, &target.address);
    // The attackers need a second until all of them are connected.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (cpu_begin, attackers_begin) = (target.processor_seconds(), attackers.processor_seconds());
    let (mut during, most_mb) = tokio::join!(honest.run(lasting), highest_mb(&target, lasting));
    let (cpu_end, attackers_end) = (target.processor_seconds(), attackers.processor_seconds());
    let (requests, refused) = attackers.stop();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (most_mb, after_mb) = (megabytes(&most_mb), megabytes(&target.resident_mb()));
    let cores = |from: f64, to: f64| (to - from) / lasting.as_secs_f64();
    format!(
        "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {} of {} | {requests} | {refused} | {:.2} | {:.2} | {:.2} | {before_mb} | {most_mb} | {after_mb} |",
        attack.name(),
        before.samples.percentile_ms(50),
        before.samples.percentile_ms(99),
        during.samples.percentile_ms(50),
        during.samples.percentile_ms(99),
        during.failed,
        during.requests,
        cores(cpu_start, cpu_before),
        cores(cpu_begin, cpu_end),
        cores(attackers_begin, attackers_end),
    )
}

/// Returns the most that each process had.
async fn highest_mb(target: &AttackedSystem, lasting: Duration) -> Vec<f64> {
    let end = tokio::time::Instant::now() + lasting;
    let mut most = target.resident_mb();
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(250)).await;
        for (most, now) in most.iter_mut().zip(target.resident_mb()) {
            *most = most.max(now);
        }
    }
    most
}

fn megabytes(processes: &[f64]) -> String {
    let texts: Vec<_> = processes.iter().map(|megabytes| format!("{megabytes:.0}")).collect();
    texts.join(", ")
}

/// Thousands of connections need as many open files; the servers inherit the limit.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("up to the maximum it is allowed");
}
