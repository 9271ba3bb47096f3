//! One honest client beside each kind of attack.

mod attackers;
mod honest;
mod target;

use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::attackers::Attack;
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
    only: Vec<String>,
}

/// Prints the table.
pub async fn run(options: &AttackOptions) {
    raise_open_files();
    let attacks: Vec<Attack> = Attack::ALL
        .into_iter()
        .filter(|attack| options.only.is_empty() || options.only.iter().any(|name| name == attack.name()))
        .collect();
    for name in &options.only {
        let names: Vec<_> = Attack::ALL.iter().map(|attack| attack.name()).collect();
        assert!(names.contains(&name.as_str()), "there is no attack '{name}', only: {}", names.join(", "));
    }
    println!(
        "{} for {} s each, {} cores, attackers and servers on the same ones.",
        if options.router { "Behind nginx" } else { "abaci serve" },
        options.seconds,
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    println!(
        "Honest: submit a new small n and wait for it, read a value, read the list. Milliseconds; MB of all processes."
    );
    println!();
    println!(
        "| attack | before p50 | p99 | during p50 | p99 | failed | attackers' requests | refused | MB before | most | after |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for attack in attacks {
        println!("{}", row(&options.abaci, options.router, attack, Duration::from_secs(options.seconds)).await);
    }
}

/// Measures one attack on a system of its own, and returns its row.
async fn row(abaci: &Path, router: bool, attack: Attack, lasting: Duration) -> String {
    let target = AttackedSystem::start(abaci, router).await;
    attack.prepare(&target.address).await;
    let honest = HonestClient::new(&target.address);
    honest.run(Duration::from_secs(2)).await;
    let before_mb = target.resident_mb();
    let mut before = honest.run(lasting).await;
    let attackers = attack.start(&target.address);
    // The attackers need a second until all of them are connected.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (mut during, most_mb) = tokio::join!(honest.run(lasting), highest_mb(&target, lasting));
    let (requests, refused) = attackers.stop().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after_mb = target.resident_mb();
    format!(
        "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {} of {} | {requests} | {refused} | {before_mb:.0} | {most_mb:.0} | {after_mb:.0} |",
        attack.name(),
        before.samples.percentile_ms(50),
        before.samples.percentile_ms(99),
        during.samples.percentile_ms(50),
        during.samples.percentile_ms(99),
        during.failed,
        during.requests,
    )
}

async fn highest_mb(target: &AttackedSystem, lasting: Duration) -> f64 {
    let end = tokio::time::Instant::now() + lasting;
    let mut most = 0.0_f64;
    while tokio::time::Instant::now() < end {
        most = most.max(target.resident_mb());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    most
}

/// Thousands of connections need as many open files; the servers inherit the limit.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("up to the maximum it is allowed");
}
