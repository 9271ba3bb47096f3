//! SIGTERM to a role, which must exit with 0; restarted at once.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, component_name};
use crate::ledger::Ledger;
use crate::systems::{Component, System};

/// SIGTERM to a role.
struct Terminate(Component);

pub(super) fn of<S: System>(roles: impl IntoIterator<Item = Component>) -> Faults<S> {
    roles.into_iter().map(|role| Box::new(Terminate(role)) as Box<dyn Fault<S>>).collect()
}

impl<S: System> Fault<S> for Terminate {
    fn name(&self) -> String {
        format!("SIGTERM, {}", component_name(self.0))
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            system.terminate(self.0);
            let ended_at = Instant::now();
            system.restart(self.0);
            Injected::at(ended_at)
        })
    }
}
