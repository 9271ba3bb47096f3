//! The attacked system, with the limits of a public site.

use std::path::Path;

use crate::distributed::system::DistributedSystem;
use crate::process::{Abaci, resident_mb};

/// On loopback the limits of an address are off by default.
const LIMITS: [(&str, &str); 2] = [("ABACI_RATE", "300"), ("ABACI_QUEUED_SECONDS_PER_ADDRESS", "600")];

pub struct AttackedSystem {
    system: TargetSystem,
    /// `host:port`.
    pub address: String,
    _data: Option<tempfile::TempDir>,
}

enum TargetSystem {
    One(Abaci),
    BehindRouter(Box<DistributedSystem>),
}

impl AttackedSystem {
    pub async fn start(abaci: &Path, router: bool) -> Self {
        if router {
            let system = DistributedSystem::with(abaci, &LIMITS);
            let address = system.router.address.clone();
            return Self { system: TargetSystem::BehindRouter(Box::new(system)), address, _data: None };
        }
        let data = tempfile::tempdir().expect("a directory");
        let abaci = Abaci::with(abaci, data.path(), &LIMITS).await;
        let address = abaci.address.clone();
        Self { system: TargetSystem::One(abaci), address, _data: Some(data) }
    }

    /// Returns the resident memory of `serve`, or of API, client, worker and nginx, in MB.
    pub fn resident_mb(&self) -> f64 {
        match &self.system {
            TargetSystem::One(abaci) => abaci.resident_mb().0,
            TargetSystem::BehindRouter(system) => {
                let router = system.router.process();
                let workers = children(router).into_iter().chain([router]).map(|process| resident_mb(process).0);
                system.resident_mb().into_iter().chain(workers).sum()
            }
        }
    }
}

fn children(process: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}
