//! The attacked system, with the limits of a public site.

use std::path::Path;

use crate::distributed::cpu::{CpuSeconds, own_seconds};
use crate::distributed::system::DistributedSystem;
use crate::process::{Abaci, resident_mb, with_descendants};

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

    /// Returns the resident memory in MB of `serve`, or of API, client, worker and nginx.
    pub fn resident_mb(&self) -> Vec<f64> {
        match &self.system {
            TargetSystem::One(abaci) => vec![abaci.resident_mb().0],
            TargetSystem::BehindRouter(system) => {
                let router = with_descendants(system.router.process(), |process| resident_mb(process).0);
                system.resident_mb().into_iter().chain([router]).collect()
            }
        }
    }

    /// Returns the seconds of processor time of all its processes so far.
    pub fn processor_seconds(&self) -> f64 {
        match &self.system {
            TargetSystem::One(abaci) => own_seconds(abaci.process()),
            TargetSystem::BehindRouter(system) => CpuSeconds::of(system.processes()).sum(),
        }
    }
}
