//! PostgreSQL fails over to a standby that has everything, while the old primary goes on answering what only reads.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected};
use crate::ledger::Ledger;
use crate::systems::Cluster;

/// A failover.
struct Failover;

pub(super) fn all() -> Faults<Cluster> {
    vec![Box::new(Failover)]
}

impl Fault<Cluster> for Failover {
    fn name(&self) -> String {
        "PostgreSQL fails over, the old primary answers".to_owned()
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let standby = cluster.start_standby();
            cluster.postgres.refuse_writes();
            cluster.postgres.wait_until_replayed_by(&standby);
            standby.promote();
            cluster.switch_to(standby);
            Injected::at(Instant::now())
        })
    }
}
