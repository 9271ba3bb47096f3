//! The disk for values or that of PostgreSQL is full for some seconds. Embedded, the database is on the disk for values.

use std::time::Instant;

use futures_util::future::LocalBoxFuture;

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::systems::{Cluster, Component, Embedded, System};

/// A disk that is full for some seconds.
struct DiskFull(u64);

/// A disk of PostgreSQL that is full for some seconds. PostgreSQL ends if it cannot write its log.
struct PostgresDiskFull(u64);

/// A kill while the disk is full, and a start with space again.
struct KillOnFullDisk;

pub(super) fn all<S: System>() -> Faults<S> {
    [4, 12].map(|secs| Box::new(DiskFull(secs)) as Box<dyn Fault<S>>).into()
}

pub(super) fn of_cluster() -> Faults<Cluster> {
    vec![Box::new(PostgresDiskFull(4))]
}

pub(super) fn of_embedded() -> Faults<Embedded> {
    vec![Box::new(KillOnFullDisk)]
}

impl<S: System> Fault<S> for DiskFull {
    fn name(&self) -> String {
        format!("disk for values full for {} s", self.0)
    }

    fn inject<'a>(&'a self, system: &'a mut S, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let ballast = system.disk().fill();
            last(self.0).await;
            drop(ballast);
            Injected::now()
        })
    }
}

impl Fault<Cluster> for PostgresDiskFull {
    fn name(&self) -> String {
        format!("disk of PostgreSQL full for {} s", self.0)
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let ballast = cluster.postgres_disk().fill();
            last(self.0).await;
            drop(ballast);
            let ended_at = Instant::now();
            cluster.postgres.restart();
            Injected::at(ended_at)
        })
    }
}

impl Fault<Embedded> for KillOnFullDisk {
    fn name(&self) -> String {
        "kill -9, serve on a full disk".to_owned()
    }

    fn inject<'a>(&'a self, system: &'a mut Embedded, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let ballast = system.disk().fill();
            last(2).await;
            system.kill(Component::Serve);
            drop(ballast);
            system.restart(Component::Serve);
            Injected::now()
        })
    }
}
