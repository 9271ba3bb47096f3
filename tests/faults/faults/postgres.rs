//! PostgreSQL restarts, terminates its sessions, has no connection left, or stalls all statements, those of more requests
//! than the APIs have connections too.

use futures_util::future::{LocalBoxFuture, join_all};

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::systems::{Cluster, System};

/// A fault injected into PostgreSQL.
enum PostgresFault {
    Restart,
    TerminateSessions,
    /// No connection is left for some seconds.
    ConnectionsExhausted(u64),
    /// A lock on the main table stalls every statement for some seconds.
    StatementsStalled(u64),
    /// The same, while many requests wait for a connection of the APIs.
    PoolsExhausted(u64),
}

/// Number of different lists that are read at once.
const READS: usize = 100;

pub(super) fn all() -> Faults<Cluster> {
    use PostgresFault::{ConnectionsExhausted, PoolsExhausted, Restart, StatementsStalled, TerminateSessions};
    let stalls = [StatementsStalled(2), StatementsStalled(8), PoolsExhausted(6)];
    let faults = [Restart, TerminateSessions, ConnectionsExhausted(3)].into_iter().chain(stalls);
    faults.map(|fault| Box::new(fault) as Box<dyn Fault<Cluster>>).collect()
}

impl Fault<Cluster> for PostgresFault {
    fn name(&self) -> String {
        match self {
            Self::Restart => "PostgreSQL restarted".to_owned(),
            Self::TerminateSessions => "PostgreSQL sessions terminated".to_owned(),
            Self::ConnectionsExhausted(secs) => format!("PostgreSQL connections exhausted for {secs} s"),
            Self::StatementsStalled(secs) => format!("PostgreSQL statements stalled for {secs} s"),
            Self::PoolsExhausted(secs) => format!("connection pools exhausted for {secs} s"),
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
                Self::PoolsExhausted(secs) => {
                    let mut lock = cluster.postgres.hold_lock("calculations", *secs);
                    let client = cluster.client();
                    let list = |limit| client.http.get(format!("{}/api/calculations?limit={limit}", client.url)).send();
                    // What they are answered is not checked here.
                    let _ = tokio::join!(join_all((1..=READS).map(list)), last(*secs));
                    assert!(lock.wait().expect("psql ends").success(), "the table was locked");
                }
            }
            Injected::now()
        })
    }
}
