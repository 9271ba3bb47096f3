//! The roles, on servers of this benchmark.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::servers::{BenchNginx, BenchPostgres, BenchProcess, BenchRedis, bound_command, own_folder};
use crate::process::resident_mb;

/// One API, one client and one worker behind nginx. Dropping it ends everything.
pub struct DistributedSystem {
    // Dropped in this order: roles before their backends, and the folder last.
    roles: Roles,
    pub router: BenchNginx,
    pub redis: BenchRedis,
    pub postgres: BenchPostgres,
    abaci: PathBuf,
    pub folder: TempDir,
}

struct Roles {
    client: BenchRole,
    worker: Option<BenchRole>,
    api: BenchRole,
}

impl DistributedSystem {
    pub fn start(abaci: &Path) -> Self {
        Self::with(abaci, &[])
    }

    /// Starts the system with further settings of the roles.
    pub fn with(abaci: &Path, settings: &[(&str, &str)]) -> Self {
        let folder = own_folder();
        let path = folder.path();
        let (postgres, redis) = (BenchPostgres::start(path), BenchRedis::start(path));
        let roles = Roles::start(abaci, path, &postgres, &redis, settings);
        let router = BenchNginx::router(path, "router", &roles.api.address, &roles.client.address);
        Self { roles, router, redis, postgres, abaci: abaci.to_owned(), folder }
    }

    /// Returns the resident memory of the API, the client and the worker in MB.
    pub fn resident_mb(&self) -> [f64; 3] {
        let Roles { api, client, worker } = &self.roles;
        let worker = worker.as_ref().expect("it runs");
        [api, client, worker].map(|role| resident_mb(role.process.id()).0)
    }

    /// Starts another worker, pinned to a core if one is given.
    pub fn another_worker(&self, name: &str, core: Option<usize>) -> BenchRole {
        let Self { abaci, folder, postgres, redis, .. } = self;
        let mut worker = bound_command(if core.is_some() { Path::new("taskset") } else { abaci }, "TERM");
        if let Some(core) = core {
            worker.args(["--cpu-list", &core.to_string()]).arg(abaci);
        }
        worker.arg("worker");
        BenchRole::start(configure(worker, folder.path(), postgres, redis), abaci, folder.path(), name)
    }

    /// Returns `host:port` of the API.
    pub fn api_address(&self) -> &str {
        &self.roles.api.address
    }

    /// Kills the first worker.
    pub fn kill_worker(&self) {
        self.roles.worker.as_ref().expect("it runs").process.kill();
    }

    /// Stops the first worker.
    pub fn stop_worker(&mut self) {
        self.roles.worker = None;
    }

    /// Returns the number of unfinished calculations.
    pub fn unfinished(&self) -> u64 {
        let sql = "select count(*) from calculations where status in ('queued', 'running')";
        self.postgres.query(sql).parse().expect("a number")
    }

    /// Waits until nothing is unfinished.
    pub async fn until_finished(&self) {
        while self.unfinished() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Returns the processes of the API, the worker, PostgreSQL, Redis and nginx.
    pub fn processes(&self) -> [u32; 5] {
        let Roles { api, worker, .. } = &self.roles;
        let worker = worker.as_ref().expect("it runs");
        [api.process.id(), worker.process.id(), self.postgres.process(), self.redis.process(), self.router.process()]
    }

    /// Returns the number of running calculations.
    pub fn running(&self) -> u64 {
        let sql = "select count(*) from calculations where status = 'running'";
        self.postgres.query(sql).parse().expect("a number")
    }
}

impl Roles {
    fn start(
        abaci: &Path,
        folder: &Path,
        postgres: &BenchPostgres,
        redis: &BenchRedis,
        settings: &[(&str, &str)],
    ) -> Self {
        let role = |name: &str, api: &str| {
            let mut command = bound_command(abaci, "TERM");
            command.arg(name).env("ABACI_API_URL", format!("http://{api}"));
            let mut command = configure(command, folder, postgres, redis);
            command.envs(settings.iter().copied());
            BenchRole::start(command, abaci, folder, name)
        };
        let api = role("api", "127.0.0.1:9");
        Self { worker: Some(role("worker", &api.address)), client: role("client", &api.address), api }
    }
}

/// The process of a role that is ready.
pub struct BenchRole {
    process: BenchProcess,
    /// `host:port`; the internal one of a worker.
    address: String,
}

impl BenchRole {
    fn start(command: Command, abaci: &Path, folder: &Path, name: &str) -> Self {
        let mut process = BenchProcess::start(command, folder, name, Signal::TERM);
        process.until("it prints its addresses", |process| process.output().contains("Health and metrics are at"));
        let output = process.output();
        let addresses: Vec<&str> = output.lines().filter_map(|line| Some(line.split_once(" at http://")?.1)).collect();
        let (first, internal) = (addresses.first().expect("printed"), addresses.last().expect("printed"));
        process.until("it is ready", |_| {
            let mut healthcheck = Command::new(abaci);
            healthcheck.args(["healthcheck", "--url", &format!("http://{internal}")]);
            healthcheck.output().is_ok_and(|output| output.status.success())
        });
        Self { process, address: (*first).to_owned() }
    }
}

/// Sets the addresses of the backends.
fn configure(mut role: Command, folder: &Path, postgres: &BenchPostgres, redis: &BenchRedis) -> Command {
    role.env("PGHOST", "127.0.0.1").env("PGPORT", postgres.port.to_string()).env("PGSSLMODE", "disable");
    role.env("PGUSER", "abaci").env("PGDATABASE", "abaci");
    role.env("REDIS_HOST", "127.0.0.1").env("REDIS_PORT", redis.port.to_string());
    role.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0");
    role.env("ABACI_TRUSTED_PROXIES", "127.0.0.0/8").env("ABACI_RATE", "off").env("ABACI_LOG", "warn");
    role.env("ABACI_DATA_DIR", folder.join("data"));
    role
}
