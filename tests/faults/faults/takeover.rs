//! kill -9 of the worker that computes something long, which stays dead until another has taken over.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected};
use crate::ledger::Ledger;
use crate::probe;
use crate::systems::Cluster;

/// kill -9 of a computing worker.
struct KillComputing;

pub(super) fn all() -> Faults<Cluster> {
    (0..3).map(|_| Box::new(KillComputing) as Box<dyn Fault<Cluster>>).collect()
}

impl Fault<Cluster> for KillComputing {
    fn name(&self) -> String {
        "kill -9, computing worker".to_owned()
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let takeover = probe::time_to_takeover(cluster, ledger).await;
            Injected { takeover, ..Injected::now() }
        })
    }
}
