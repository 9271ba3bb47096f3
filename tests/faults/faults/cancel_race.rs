//! Long work is cancelled while it runs, or just when it completes.
//!
//! A cancellation that was confirmed must stay until someone submits again.

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

pub(super) fn all<S: System>() -> Faults<S> {
    [0.3, 0.97].map(|progress| Box::new(CancelRace { progress }) as Box<dyn Fault<S>>).into()
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
