//! Redis loses everything, or one key, while it runs.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected};
use crate::ledger::Ledger;
use crate::systems::Cluster;

/// Data that Redis loses.
enum DataLoss {
    Everything,
    /// One key, without the prefix.
    Key(&'static str),
}

/// The keys of the queue, the events and the workers.
const KEYS: [&str; 11] = [
    "{q}:stream:short",
    "{q}:stream:medium",
    "{q}:stream:long",
    "{q}:queued",
    "{q}:delayed",
    "{q}:waiting",
    "{q}:since",
    "{q}:finish",
    "{q}:epoch",
    "{e}:events",
    "workers",
];

pub(super) fn all() -> Faults<Cluster> {
    let losses = KEYS.map(DataLoss::Key).into_iter().chain([DataLoss::Everything, DataLoss::Everything]);
    losses.map(|loss| Box::new(loss) as Box<dyn Fault<Cluster>>).collect()
}

impl Fault<Cluster> for DataLoss {
    fn name(&self) -> String {
        match self {
            Self::Everything => "Redis FLUSHALL".to_owned(),
            Self::Key(key) => format!("Redis key lost, {key}"),
        }
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            match self {
                Self::Everything => cluster.redis.flush(),
                Self::Key(key) => {
                    let response = cluster.redis.command(&format!("DEL abaci:{key}"));
                    // The key may not exist at the moment.
                    assert!(matches!(response.as_deref(), Some(":0" | ":1")), "{response:?}");
                }
            }
            Injected::now()
        })
    }
}
