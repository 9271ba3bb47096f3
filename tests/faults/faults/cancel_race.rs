//! Long work is cancelled at some moment, perhaps just when it completes.
//!
//! A cancellation that was confirmed must stay until someone submits again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{LocalBoxFuture, join_all};
use reqwest::StatusCode;

use super::{Fault, Injected};
use crate::cluster::Cluster;
use crate::ledger::Ledger;
use crate::probe;

/// Cancellations at different moments of the work.
struct CancelRace;

/// Work of a second or so, the least that can be cancelled.
const INDEX: u64 = 250_000_000;

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    vec![Box::new(CancelRace)]
}

impl Fault for CancelRace {
    fn name(&self) -> String {
        "cancelled while it runs or completes".to_owned()
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let cluster = &*cluster;
            join_all([0, 400, 800, 1_200, 1_600, 2_400].map(|ms| race(cluster, ledger, Duration::from_millis(ms))))
                .await;
            Injected::now()
        })
    }
}

async fn race(cluster: &Cluster, ledger: &Ledger, delay: Duration) {
    static NEXT: AtomicU64 = AtomicU64::new(INDEX);
    let n = NEXT.fetch_add(1, Ordering::Relaxed) as i64;
    let token = probe::submit_long(cluster, ledger, n).await;
    tokio::time::sleep(delay).await;
    if probe::cancel(cluster, n, &token).await != StatusCode::OK {
        return;
    }
    let confirmed = Instant::now();
    while confirmed.elapsed() < Duration::from_secs(4) {
        if let Some((status, _)) = probe::state(cluster, n).await
            && status != "cancelled"
        {
            ledger.violation(format!("final state changed: F({n}) was cancelled and is {status}"));
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
