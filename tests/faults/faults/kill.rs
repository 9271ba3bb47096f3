//! kill -9 of a component, or of everything at once; restarted at once, as a restart policy does.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected, component_name};
use crate::cluster::{APIS, Cluster, Component, WORKERS};
use crate::ledger::Ledger;

/// kill -9 of one component, or of all.
enum Kill {
    One(Component),
    Everything,
}

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    let roles = (0..APIS).map(Component::Api).chain((0..WORKERS).map(Component::Worker));
    let others = [Component::Client, Component::Nginx, Component::Redis, Component::Postgres];
    let kills = roles.chain(others).map(Kill::One).chain([Kill::Everything]);
    kills.map(|kill| Box::new(kill) as Box<dyn Fault>).collect()
}

impl Fault for Kill {
    fn name(&self) -> String {
        match self {
            Self::One(component) => format!("kill -9, {}", component_name(*component)),
            Self::Everything => "kill -9, everything at once".to_owned(),
        }
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let ended_at = Instant::now();
            match *self {
                Self::One(component) => {
                    cluster.kill(component);
                    cluster.restart(component);
                }
                Self::Everything => cluster.restart_everything(),
            }
            Injected { ended_at, takeover: None }
        })
    }
}
