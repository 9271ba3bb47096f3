//! SIGTERM to a role, which must exit with 0; restarted at once.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected, component_name};
use crate::cluster::{Cluster, Component};
use crate::ledger::Ledger;

/// SIGTERM to a role.
struct Terminate(Component);

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    let roles = [Component::Api(1), Component::Worker(1), Component::Client];
    roles.map(|role| Box::new(Terminate(role)) as Box<dyn Fault>).into()
}

impl Fault for Terminate {
    fn name(&self) -> String {
        format!("SIGTERM, {}", component_name(self.0))
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            cluster.terminate(self.0);
            let ended_at = Instant::now();
            cluster.restart(self.0);
            Injected { ended_at, takeover: None }
        })
    }
}
