//! A backup of the database is put back, while everything else stays as it is.
//!
//! Calculations accepted since the backup are lost. But a new submission of one must be stored
//! and computed again, whatever the cache and the objects say.

use std::path::Path;
use std::time::Instant;

use futures_util::future::{LocalBoxFuture, join_all};

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::probe;
use crate::support::process::copy_folder;
use crate::support::timeouts::eventually;
use crate::systems::{Cluster, Component, Embedded, System};

/// Seconds from the backup to its return.
const AGE_SECS: u64 = 5;
/// Maximum number of lost indexes that are submitted again at once.
const SUBMITTED_AGAIN: usize = 20;

/// A PostgreSQL that is older than queue, cache and objects.
struct OlderDatabase;

/// A data directory that is older than the last process, with or without its objects.
struct OlderFiles {
    with_objects: bool,
}

pub(super) fn of_cluster() -> Faults<Cluster> {
    vec![Box::new(OlderDatabase)]
}

pub(super) fn of_embedded() -> Faults<Embedded> {
    [false, true].map(|with_objects| Box::new(OlderFiles { with_objects }) as Box<dyn Fault<Embedded>>).into()
}

impl Fault<Cluster> for OlderDatabase {
    fn name(&self) -> String {
        "older database put back".to_owned()
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            cluster.postgres.stop();
            let backup = cluster.postgres.back_up();
            let backed_up_at = Instant::now();
            cluster.postgres.restart();
            last(AGE_SECS).await;

            cluster.kill_roles();
            cluster.kill(Component::Postgres);
            cluster.postgres.restore(&backup);
            let lost = ledger.forget_accepted_since(backed_up_at);
            cluster.postgres.restart();
            cluster.start_roles();
            let ended_at = Instant::now();
            submit_again(cluster, ledger, lost).await;
            Injected::at(ended_at)
        })
    }
}

impl Fault<Embedded> for OlderFiles {
    fn name(&self) -> String {
        format!("older {} put back", if self.with_objects { "data directory" } else { "database" })
    }

    fn inject<'a>(&'a self, embedded: &'a mut Embedded, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let (data, backup) = (embedded.data(), embedded.beside_data("backup"));
            embedded.terminate(Component::Serve);
            copy_folder(&data, &backup);
            let backed_up_at = Instant::now();
            embedded.restart(Component::Serve);
            last(AGE_SECS).await;

            embedded.kill(Component::Serve);
            if self.with_objects {
                std::fs::remove_dir_all(&data).expect("the data can be removed");
                std::fs::rename(&backup, &data).expect("the backup can be moved");
            } else {
                replace_database(&backup, &data);
                std::fs::remove_dir_all(&backup).expect("the backup can be removed");
            }
            let lost = ledger.forget_accepted_since(backed_up_at);
            let ended_at = Instant::now();
            embedded.restart(Component::Serve);
            submit_again(embedded, ledger, lost).await;
            Injected::at(ended_at)
        })
    }
}

/// Replaces a database by that of a process which had closed it: without the files beside it.
fn replace_database(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(to).expect("the data directory") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DATABASE)) {
            std::fs::remove_file(path).expect("the file can be removed");
        }
    }
    std::fs::copy(from.join(DATABASE), to.join(DATABASE)).expect("the backup can be copied");
}

/// Name of the database in a data directory.
pub(super) const DATABASE: &str = "abaci.sqlite";

/// Submits some of what was lost, at once: that is part of the time to recovery.
async fn submit_again(system: &impl System, ledger: &Ledger, lost: Vec<i64>) {
    let client = system.client();
    let submissions = lost.into_iter().take(SUBMITTED_AGAIN).map(async |n| {
        eventually("it is accepted again", async || {
            let (status, _) = probe::submit(client, ledger, n).await?;
            status.is_success().then_some(())
        })
        .await;
    });
    join_all(submissions).await;
}
