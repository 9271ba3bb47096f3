//! Long work is cancelled while it runs, just when it completes, or just before it is submitted again.
//!
//! A cancellation that was confirmed must stay until someone submits again, and must not touch what is submitted then.

use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use reqwest::StatusCode;

use super::{Fault, Faults, Injected};
use crate::ledger::Ledger;
use crate::probe;
use crate::support::timeouts::eventually;
use crate::systems::{System, SystemClient};

/// A cancellation at some progress of the work.
struct CancelRace {
    progress: f64,
}

/// A cancellation of running work, and a submission of the same right after it.
struct SubmittedAgain;

pub(super) fn all<S: System>() -> Faults<S> {
    let races = [0.3, 0.97].map(|progress| Box::new(CancelRace { progress }) as Box<dyn Fault<S>>);
    races.into_iter().chain([Box::new(SubmittedAgain) as Box<dyn Fault<S>>]).collect()
}

impl<S: System> Fault<S> for CancelRace {
    fn name(&self) -> String {
        format!("cancelled at {:.0} % of the work", self.progress * 100.0)
    }

    fn inject<'a>(&'a self, system: &'a mut S, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            race(system.client(), ledger, self.progress).await;
            Injected::now()
        })
    }
}

impl<S: System> Fault<S> for SubmittedAgain {
    fn name(&self) -> String {
        "cancelled and submitted again".to_owned()
    }

    fn inject<'a>(&'a self, system: &'a mut S, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            submit_again(system.client(), ledger).await;
            Injected::now()
        })
    }
}

async fn submit_again(client: &SystemClient, ledger: &Ledger) {
    let n = probe::next_long();
    let token = probe::submit_long(client, ledger, n).await;
    let begun = async || probe::state(client, n).await.map(|(status, _)| status).filter(|status| status != "queued");
    eventually("the work begins", begun).await;
    if probe::cancel(client, n, &token).await != StatusCode::OK {
        return;
    }
    let token = probe::submit_long(client, ledger, n).await;
    let status = eventually("it begins again", begun).await;
    if !["running", "done"].contains(&&*status) {
        ledger.violation(format!("submission undone: F({n}) was accepted again and is {status}"));
    }
    probe::cancel(client, n, &token).await;
}

async fn race(client: &SystemClient, ledger: &Ledger, progress: f64) {
    let n = probe::next_long();
    let token = probe::submit_long(client, ledger, n).await;
    let mut reached = 0.0;
    while reached < progress {
        // However slow: a busy machine fails no test.
        let before = reached;
        reached = eventually("the work progresses", async || {
            let calculation = client.json(&format!("/api/calculations/{n}")).await?;
            let fraction = if calculation["status"] == "done" { 1.0 } else { calculation["progress"].as_f64()? };
            (fraction > before).then_some(fraction)
        })
        .await;
    }
    if probe::cancel(client, n, &token).await != StatusCode::OK {
        return;
    }
    let confirmed_at = Instant::now();
    while confirmed_at.elapsed() < Duration::from_secs(4) {
        if let Some((status, _)) = probe::state(client, n).await
            && status != "cancelled"
        {
            ledger.violation(format!("final state changed: F({n}) was cancelled and is {status}"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
