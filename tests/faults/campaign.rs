//! The driver: injects one fault after the other under traffic, and checks everything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::audit::{Audit, audit};
use crate::faults::{self, Faults};
use crate::ledger::Ledger;
use crate::probe;
use crate::random::Random;
use crate::report::Report;
use crate::support::timeouts::eventually;
use crate::systems::{Cluster, Embedded, System};
use crate::traffic::Traffic;
use crate::verifier::CalculationVerifier;
use crate::watcher::{CATCH_UP_TIMEOUT, Watcher};

/// A promise of the contract: the maximum time from the death of a worker to its job running on another.
const MAX_TAKEOVER: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_breaks_a_promise() {
    run(Cluster::start().await, faults::of_cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_one_process_breaks_a_promise() {
    run(Embedded::start().await, faults::of_embedded).await;
}

/// Injects the faults of a system for as long as the settings say.
async fn run<S: System>(mut system: S, all_faults: fn(&S) -> Faults<S>) {
    let seed: u64 = setting("ABACI_FAULTS_SEED").unwrap_or(1);
    let minutes: u64 = setting("ABACI_FAULTS_MINUTES").unwrap_or(0);
    let only: String = setting("ABACI_FAULTS_ONLY").unwrap_or_default();
    let count: usize = setting("ABACI_FAULTS_COUNT").unwrap_or(usize::MAX);
    let mut random = Random::new(seed);
    let ledger = Arc::new(Ledger::create(&system.logs().join("ledger.jsonl")));
    let mut report = Report::default();
    let (verifier, tasks) = CalculationVerifier::start(&system.client().url, &ledger);
    let traffic = Traffic::start(&system.client().url, &ledger, &verifier, seed);
    // Likely to be connected to different APIs.
    let watchers = [(); 2].map(|()| Watcher::open(&system.client().url));
    probe::time_to_recovery(&mut system, &ledger, Instant::now()).await.expect("it works before the first fault");

    let mut first = faults::first();
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    loop {
        let mut faults = all_faults(&system);
        faults.retain(|fault| fault.name().contains(&only));
        assert!(!faults.is_empty(), "no fault has a name with {only:?}");
        random.shuffle(&mut faults);
        faults.truncate(count);
        for fault in first.take().into_iter().chain(faults) {
            let refused = ledger.refused();
            verifier.set_fault_active(true);
            ledger.fault(&fault.name(), "start");
            let injected = fault.inject(&mut system, &ledger).await;
            ledger.fault(&fault.name(), "end");
            let recovery = probe::time_to_recovery(&mut system, &ledger, injected.ended_at).await;
            verifier.set_fault_active(false);
            let Some(recovery) = recovery else {
                report.print(&ledger, &Audit::default());
                panic!("it never recovered from: {}, seed {seed}", fault.name());
            };
            for watcher in &watchers {
                watcher.verify_done(&ledger).await;
            }
            probe::wait_until_complete(&mut system, &ledger).await;
            for watcher in &watchers {
                watcher.verify(&ledger, CATCH_UP_TIMEOUT).await;
            }
            system.supervise();
            println!("{}: recovered after {recovery:.2?}", fault.name());
            report.add(fault.name(), recovery, ledger.refused() - refused, injected.takeover);
        }
        if Instant::now() >= end {
            break;
        }
    }

    eventually("there was traffic", async || (ledger.accepted().len() > 100).then_some(())).await;
    traffic.stop().await;
    verifier.finish().await;
    drop(tasks);
    let audit = audit(system.client(), &ledger).await;
    for watcher in &watchers {
        watcher.verify(&ledger, CATCH_UP_TIMEOUT).await;
        println!("an open page received {:?}", watcher.stats());
    }
    report.print(&ledger, &audit);
    let mut violations = ledger.violations();
    violations.extend(system.unexpected_exits().iter().cloned());
    violations.iter().take(50).for_each(|violation| println!("{violation}"));
    assert!(violations.is_empty(), "{} violations, seed {seed}", violations.len());
    for watcher in &watchers {
        let stats = watcher.stats();
        let received_everything = stats.events > 100 && stats.connections > 1 && stats.resets > 0;
        assert!(received_everything || !only.is_empty() || count < usize::MAX, "{stats:?}");
    }
    assert!(report.worst_takeover().is_none_or(|worst| worst <= MAX_TAKEOVER), "{:?}", report.worst_takeover());
}

/// Returns a setting of this test.
fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} cannot be {text:?}")))
}
