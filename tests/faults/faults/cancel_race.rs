//! Long work is cancelled while it runs, or just when it completes.
//!
//! A cancellation that was confirmed must stay until someone submits again.

use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;
use reqwest::StatusCode;

use super::{Fault, Injected};
use crate::cluster::Cluster;
use crate::ledger::Ledger;
use crate::probe;
use crate::support::timeouts::eventually;

/// A cancellation at some progress of the work.
struct CancelRace {
    progress: f64,
}

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    [0.3, 0.97].map(|progress| Box::new(CancelRace { progress }) as Box<dyn Fault>).into()
}

impl Fault for CancelRace {
    fn name(&self) -> String {
        format!("cancelled at {:.0} % of the work", self.progress * 100.0)
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            race(cluster, ledger, self.progress).await;
            Injected::now()
        })
    }
}

async fn race(cluster: &Cluster, ledger: &Ledger, progress: f64) {
    let n = probe::next_long();
    let token = probe::submit_long(cluster, ledger, n).await;
    eventually("the work progresses", async || {
        let calculation = cluster.json(&format!("/api/calculations/{n}")).await?;
        let is_reached = calculation["progress"].as_f64().is_some_and(|fraction| fraction >= progress);
        (is_reached || calculation["status"] == "done").then_some(())
    })
    .await;
    if probe::cancel(cluster, n, &token).await != StatusCode::OK {
        return;
    }
    let confirmed_at = Instant::now();
    while confirmed_at.elapsed() < Duration::from_secs(4) {
        if let Some((status, _)) = probe::state(cluster, n).await
            && status != "cancelled"
        {
            ledger.violation(format!("final state changed: F({n}) was cancelled and is {status}"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
