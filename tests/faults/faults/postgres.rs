//! PostgreSQL restarts, terminates its sessions, has no connection left, or stalls all statements.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::systems::Cluster;

/// A fault injected into PostgreSQL.
enum PostgresFault {
    Restart,
    TerminateSessions,
    /// No connection is left for some seconds.
    ConnectionsExhausted(u64),
    /// A lock on the main table stalls every statement for some seconds.
    StatementsStalled(u64),
}

pub(super) fn all() -> Faults<Cluster> {
    use PostgresFault::{ConnectionsExhausted, Restart, StatementsStalled, TerminateSessions};
    let faults = [Restart, TerminateSessions, ConnectionsExhausted(3), StatementsStalled(2), StatementsStalled(8)];
    faults.map(|fault| Box::new(fault) as Box<dyn Fault<Cluster>>).into()
}

impl Fault<Cluster> for PostgresFault {
    fn name(&self) -> String {
        match self {
            Self::Restart => "PostgreSQL restarted".to_owned(),
            Self::TerminateSessions => "PostgreSQL sessions terminated".to_owned(),
            Self::ConnectionsExhausted(secs) => format!("PostgreSQL connections exhausted for {secs} s"),
            Self::StatementsStalled(secs) => format!("PostgreSQL statements stalled for {secs} s"),
        }
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            match self {
                Self::Restart => {
                    cluster.postgres.stop();
                    cluster.postgres.restart();
                }
                Self::TerminateSessions => cluster.postgres.end_sessions(),
                Self::ConnectionsExhausted(secs) => {
                    let held = cluster.postgres.exhaust();
                    last(*secs).await;
                    drop(held);
                }
                Self::StatementsStalled(secs) => {
                    let mut lock = cluster.postgres.hold_lock("calculations", *secs);
                    last(*secs).await;
                    assert!(lock.wait().expect("psql ends").success(), "the table was locked");
                }
            }
            Injected::now()
        })
    }
}
