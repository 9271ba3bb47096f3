//! kill -9 of a component, or of everything at once; restarted at once, as a restart policy does.

use std::time::{Duration, Instant};

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, component_name};
use crate::ledger::Ledger;
use crate::systems::{APIS, Cluster, Component, Embedded, System, WORKERS};

/// kill -9 of one component, or of all.
enum Kill {
    One(Component),
    /// Again and again while it starts, after these times.
    WhileStarting(Component, &'static [u64]),
    Everything,
}

pub(super) fn of_cluster() -> Faults<Cluster> {
    let roles = (0..APIS).map(Component::Api).chain((0..WORKERS).map(Component::Worker));
    let others = [Component::Client, Component::Nginx, Component::Redis, Component::Postgres];
    let kills = roles.chain(others).map(Kill::One).chain([Kill::Everything]);
    kills.map(|kill| Box::new(kill) as Box<dyn Fault<Cluster>>).collect()
}

pub(super) fn of_embedded() -> Faults<Embedded> {
    let kills = (0..6).map(|_| Kill::One(Component::Serve));
    let kills = kills.chain([Kill::WhileStarting(Component::Serve, &[5, 20, 40, 80, 160])]);
    kills.map(|kill| Box::new(kill) as Box<dyn Fault<Embedded>>).collect()
}

impl<S: System> Fault<S> for Kill {
    fn name(&self) -> String {
        match self {
            Self::One(component) => format!("kill -9, {}", component_name(*component)),
            Self::WhileStarting(component, delays_ms) => {
                format!("kill -9, {}, {} times while it starts", component_name(*component), delays_ms.len())
            }
            Self::Everything => "kill -9, everything at once".to_owned(),
        }
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let mut ended_at = Instant::now();
            match *self {
                Self::One(component) => {
                    system.kill(component);
                    system.restart(component);
                }
                Self::WhileStarting(component, delays_ms) => {
                    for delay_ms in delays_ms {
                        system.kill(component);
                        system.restart(component);
                        tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
                    }
                    ended_at = Instant::now();
                    system.kill(component);
                    system.restart(component);
                }
                Self::Everything => system.restart_everything(),
            }
            Injected::at(ended_at)
        })
    }
}
