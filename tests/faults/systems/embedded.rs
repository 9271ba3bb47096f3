//! `serve` as one process, with its data on a small disk.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::role::RoleProcess;
use super::{Component, Disk, ProgramVersion, System, SystemClient};
use crate::support::servers::{FakeClock, free_port};
use crate::support::timeouts::eventually;

/// Everything in one process.
pub(crate) struct Embedded {
    client: SystemClient,
    disk: Disk,
    serve: RoleProcess,
    /// URLs that answer 200 when everything works.
    checked_urls: Vec<String>,
    unexpected_exits: Vec<String>,
    logs: TempDir,
}

impl Embedded {
    /// Values up to the limit, the rows of some hours, and a second copy of both.
    const DISK_MIB: u64 = 2_048;

    /// Starts it, in the previous version if there is one, and waits until it responds.
    pub(crate) async fn start() -> Self {
        let logs = tempfile::tempdir().expect("a temporary directory");
        let disk = Disk::new(Self::DISK_MIB);
        let [port, internal_port] = [(); 2].map(|()| free_port());
        let data = disk.path().join("data");
        let settings = [
            ("ABACI_LISTEN", format!("127.0.0.1:{port}")),
            ("ABACI_INTERNAL_LISTEN", format!("127.0.0.1:{internal_port}")),
            ("ABACI_DATA_DIR", data.display().to_string()),
            ("ABACI_STORE_BYTES", "400MB".to_owned()),
            ("ABACI_WORKER_THREADS", "2".to_owned()),
            ("ABACI_WORKER_MEMORY_BYTES", "2GB".to_owned()),
            ("ABACI_RATE", "off".to_owned()),
            ("ABACI_LOG", "info".to_owned()),
        ];
        let clock = FakeClock::new(logs.path());
        let serve = RoleProcess::new("serve", settings.into(), Some(clock), logs.path().join("serve.log"));
        let client = SystemClient::new(format!("http://127.0.0.1:{port}"));
        let checked_urls = vec![
            format!("{}/", client.url),
            format!("{}/api/system", client.url),
            format!("http://127.0.0.1:{internal_port}/readyz"),
        ];
        let mut embedded = Self { client, disk, serve, checked_urls, unexpected_exits: Vec::new(), logs };
        embedded.serve.set_version(ProgramVersion::first());
        embedded.serve.start();
        let started = &embedded;
        eventually("it responds", async || started.is_complete().await.then_some(())).await;
        embedded
    }

    /// Returns its data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.disk.path().join("data")
    }

    /// Returns a path on the disk of the data directory.
    pub(crate) fn beside_data(&self, name: &str) -> PathBuf {
        self.disk.path().join(name)
    }
}

impl System for Embedded {
    fn roles(&self) -> Vec<Component> {
        vec![Component::Serve]
    }

    fn client(&self) -> &SystemClient {
        &self.client
    }

    fn logs(&self) -> &Path {
        self.logs.path()
    }

    fn disk(&self) -> &Disk {
        &self.disk
    }

    fn kill(&mut self, _component: Component) {
        self.serve.kill();
    }

    fn terminate(&mut self, _component: Component) {
        self.unexpected_exits.extend(self.serve.terminate());
    }

    fn set_version(&mut self, _component: Component, version: ProgramVersion) {
        self.serve.set_version(version);
    }

    fn restart(&mut self, _component: Component) {
        self.serve.start();
    }

    fn restart_everything(&mut self) {
        self.serve.kill();
        self.serve.start();
    }

    fn pause(&mut self, _component: Component, paused: bool) {
        self.serve.pause(paused);
    }

    fn set_clock(&mut self, _component: Component, secs: i64) {
        self.serve.clock().set_offset(secs);
    }

    async fn is_complete(&self) -> bool {
        for url in &self.checked_urls {
            if !self.client.serves(url).await {
                return false;
            }
        }
        true
    }

    fn supervise(&mut self) {
        self.unexpected_exits.extend(self.serve.restart_if_exited());
    }

    fn unexpected_exits(&self) -> &[String] {
        &self.unexpected_exits
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.logs.disable_cleanup(true);
            println!("its log and the ledger are in {}", self.logs.path().display());
        }
    }
}
