//! The disk for long values is full for some seconds.

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected, last};
use crate::cluster::Cluster;
use crate::ledger::Ledger;

/// A disk that is full for some seconds.
struct DiskFull(u64);

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    [4, 12].map(|secs| Box::new(DiskFull(secs)) as Box<dyn Fault>).into()
}

impl Fault for DiskFull {
    fn name(&self) -> String {
        format!("disk for values full for {} s", self.0)
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, _ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let ballast = cluster.disk.fill();
            last(self.0).await;
            drop(ballast);
            Injected::now()
        })
    }
}
