//! The distributed shape under faults: two apis, three workers, a client and nginx as processes of their
//! own, on PostgreSQL and Redis, with a network between them that can be cut.
//!
//! `ABACI_FAULTS_MINUTES` goes on for so long instead of once through everything, `ABACI_FAULTS_SEED`
//! chooses another order, `ABACI_FAULTS_ONLY` takes only those whose name in the report contains it,
//! `ABACI_FAULTS_COUNT` only so many each time.
//! Everything listens on loopback and ends with the test.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a test has settings and says what it measured")]

mod cluster;
mod detection;
mod disk;
mod faults;
#[path = "../http.rs"]
mod http;
mod ledger;
mod oracle;
mod patience;
mod probe;
mod process;
mod proxy;
mod random;
mod report;
mod router;
mod servers;
mod services;
mod verify;
mod watcher;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::Cluster;
use faults::Fault;
use ledger::{Ledger, Traffic};
use patience::eventually;
use random::Random;
use report::Report;
use watcher::{CATCHES_UP, Watcher};

/// A promise of the contract: a job whose worker dies is running elsewhere within this time.
const TAKEOVER: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_every_promise_is_kept() {
    let seed: u64 = setting("ABACI_FAULTS_SEED").unwrap_or(1);
    let minutes: u64 = setting("ABACI_FAULTS_MINUTES").unwrap_or(0);
    let only: String = setting("ABACI_FAULTS_ONLY").unwrap_or_default();
    let count: usize = setting("ABACI_FAULTS_COUNT").unwrap_or(usize::MAX);
    let mut random = Random::new(seed);
    let mut cluster = Cluster::start().await;
    let ledger = Arc::new(Ledger::default());
    let mut report = Report::default();
    let traffic = Traffic::start(&cluster.url(), &ledger, seed);
    // One is likely to watch through one api and one through the other.
    let watchers = [(); 2].map(|()| Watcher::open(&cluster.url()));
    probe::works_again(&mut cluster, &ledger, Instant::now()).await.expect("it works before anything fails");

    let end = Instant::now() + Duration::from_secs(minutes * 60);
    loop {
        let mut faults = Fault::all(cluster.disk.can_be_filled());
        faults.retain(|fault| fault.to_string().contains(&only));
        assert!(!faults.is_empty(), "no fault is called {only:?}");
        random.shuffle(&mut faults);
        faults.truncate(count);
        for fault in faults {
            let refused = ledger.refused();
            let struck = fault.strike(&mut cluster, &ledger).await;
            let Some(recovery) = probe::works_again(&mut cluster, &ledger, struck.healed).await else {
                report.print(&ledger);
                panic!("it never worked again after: {fault}, seed {seed}");
            };
            for watcher in &watchers {
                watcher.verify_done(&ledger).await;
            }
            probe::whole_again(&mut cluster, &ledger).await;
            for watcher in &watchers {
                watcher.verify(&ledger, CATCHES_UP).await;
            }
            cluster.supervise();
            println!("{fault}: works again after {recovery:.2?}");
            report.add(fault.to_string(), recovery, ledger.refused() - refused, struck.takeover);
        }
        if Instant::now() >= end {
            break;
        }
    }

    eventually("the stream is a stream", async || (ledger.accepted().len() > 100).then_some(())).await;
    traffic.stop().await;
    verify::verify(&cluster, &ledger).await;
    for watcher in &watchers {
        watcher.verify(&ledger, CATCHES_UP).await;
        println!("an open page went through {:?}", watcher.seen());
    }
    report.print(&ledger);
    let mut violations = ledger.violations();
    violations.extend(cluster.deserters().iter().cloned());
    violations.iter().take(50).for_each(|violation| println!("{violation}"));
    assert!(violations.is_empty(), "{} promises were broken, seed {seed}", violations.len());
    for watcher in &watchers {
        let seen = watcher.seen();
        let went_through_all = seen.events > 100 && seen.connections > 1 && seen.resets > 0;
        assert!(went_through_all || !only.is_empty(), "it was open: {seen:?}");
    }
    assert!(report.worst_takeover().is_none_or(|worst| worst <= TAKEOVER), "{:?}", report.worst_takeover());
}

/// A setting of this test.
fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} cannot be {text:?}")))
}
