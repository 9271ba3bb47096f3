//! PostgreSQL fails over to a standby that has everything. The old primary goes on answering what only reads, or vanishes
//! and leaves its connections open.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected};
use crate::ledger::Ledger;
use crate::systems::{Cluster, Component, System};

/// The behaviour of the old primary.
enum Failover {
    Answers,
    Vanishes,
}

pub(super) fn all() -> Faults<Cluster> {
    [Failover::Answers, Failover::Vanishes].map(|failover| Box::new(failover) as Box<dyn Fault<Cluster>>).into()
}

impl Fault<Cluster> for Failover {
    fn name(&self) -> String {
        let what = match self {
            Self::Answers => "answers",
            Self::Vanishes => "vanishes",
        };
        format!("PostgreSQL fails over, the old primary {what}")
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let standby = cluster.start_standby();
            cluster.postgres.refuse_writes();
            cluster.postgres.wait_until_replayed_by(&standby);
            if matches!(self, Self::Vanishes) {
                cluster.pause(Component::Postgres, true);
            }
            standby.promote();
            cluster.switch_to(standby);
            Injected::at(Instant::now())
        })
    }
}
