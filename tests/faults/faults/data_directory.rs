//! The data directory is moved away or replaced, or its lock is removed, while `serve` has it open.
//!
//! Its open files still work, and everything written to them would be lost with the process. So it must refuse
//! submissions, until the directory is back or it is started again.

use futures_util::future::LocalBoxFuture;
use reqwest::StatusCode;

use super::{Fault, Faults, Injected, last};
use crate::ledger::Ledger;
use crate::probe;
use crate::support::process::copy_folder;
use crate::support::timeouts::eventually;
use crate::systems::{Component, Embedded, System};

/// A directory that is no longer the one that is open.
enum DirectoryFault {
    /// Moved away, and back some seconds later.
    Moved(u64),
    /// Replaced by a copy of itself.
    Replaced,
    LockRemoved,
}

pub(super) fn all() -> Faults<Embedded> {
    let faults = [DirectoryFault::Moved(3), DirectoryFault::Replaced, DirectoryFault::LockRemoved];
    faults.map(|fault| Box::new(fault) as Box<dyn Fault<Embedded>>).into()
}

impl Fault<Embedded> for DirectoryFault {
    fn name(&self) -> String {
        match self {
            Self::Moved(secs) => format!("data directory moved away for {secs} s"),
            Self::Replaced => "data directory replaced by a copy".to_owned(),
            Self::LockRemoved => "lock of the data directory removed".to_owned(),
        }
    }

    fn inject<'a>(&'a self, embedded: &'a mut Embedded, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            let (data, away) = (embedded.data(), embedded.beside_data("away"));
            let rename = |from, to| std::fs::rename(from, to).expect("the directory can be moved");
            match self {
                Self::Moved(secs) => {
                    rename(&data, &away);
                    submissions_are_refused(embedded, ledger).await;
                    last(*secs).await;
                    rename(&away, &data);
                    return Injected::now();
                }
                Self::Replaced => {
                    // Stopped, so that nothing is accepted after the copy.
                    embedded.pause(Component::Serve, true);
                    rename(&data, &away);
                    copy_folder(&away, &data);
                    embedded.pause(Component::Serve, false);
                }
                Self::LockRemoved => std::fs::remove_file(data.join("abaci.lock")).expect("the lock can be removed"),
            }
            submissions_are_refused(embedded, ledger).await;
            last(1).await;
            embedded.kill(Component::Serve);
            if away.exists() {
                std::fs::remove_dir_all(&away).expect("the directory can be removed");
            }
            embedded.restart(Component::Serve);
            Injected::now()
        })
    }
}

/// Waits until a submission is refused.
async fn submissions_are_refused(embedded: &Embedded, ledger: &Ledger) {
    eventually("a submission is refused", async || {
        let (status, _) = probe::submit(embedded.client(), ledger, 1).await?;
        (status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
}
