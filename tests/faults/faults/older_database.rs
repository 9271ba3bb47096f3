//! A backup of PostgreSQL is put back, while Redis and the objects stay as they are.
//!
//! What was accepted since the backup is lost, and nothing can change that. But a new submission of it must be stored
//! and computed again, even if the cache says that it is done.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected, last};
use crate::cluster::{Cluster, Component};
use crate::ledger::Ledger;
use crate::probe;
use crate::support::timeouts::eventually;

/// A database that is older than the queue and the cache.
struct OlderDatabase;

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    vec![Box::new(OlderDatabase)]
}

impl Fault for OlderDatabase {
    fn name(&self) -> String {
        "older database put back".to_owned()
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            cluster.postgres.stop();
            let backup = cluster.postgres.back_up();
            let backed_up_at = Instant::now();
            cluster.postgres.restart();
            last(5).await;

            cluster.kill_roles();
            cluster.kill(Component::Postgres);
            cluster.postgres.restore(&backup);
            let lost = ledger.forget_accepted_since(backed_up_at);
            cluster.postgres.restart();
            cluster.start_roles();
            let ended_at = Instant::now();
            let running = &*cluster;
            for n in lost.into_iter().take(20) {
                eventually("it is accepted again", async || {
                    let (status, _) = probe::submit(running, ledger, n).await?;
                    status.is_success().then_some(())
                })
                .await;
            }
            Injected { ended_at, takeover: None }
        })
    }
}
