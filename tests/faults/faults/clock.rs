//! The wall clock of a component jumps, and back two seconds later.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, component_name, last};
use crate::ledger::Ledger;
use crate::systems::{Component, System};

/// A jump of a component's clock by some seconds.
struct ClockJump(Component, i64);

pub(super) fn of<S: System>(components: impl IntoIterator<Item = Component>) -> Faults<S> {
    const HOUR_SECS: i64 = 3_600;
    let jumps = components.into_iter().flat_map(|it| [ClockJump(it, -HOUR_SECS), ClockJump(it, HOUR_SECS)]);
    jumps.map(|jump| Box::new(jump) as Box<dyn Fault<S>>).collect()
}

impl<S: System> Fault<S> for ClockJump {
    fn name(&self) -> String {
        format!("clock {:+} s and back, {}", self.1, component_name(self.0))
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            system.set_clock(self.0, self.1);
            last(2).await;
            system.set_clock(self.0, 0);
            Injected::now()
        })
    }
}
