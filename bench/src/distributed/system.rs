//! The roles, on servers of the measurement's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::servers::{Nginx, Postgres, Redis, Running, own_folder, tied};
use crate::process::resident_mb;

/// One api, one client and one worker behind the router. Ends with everything it started.
pub struct System {
    // In the order of their ends: roles before what they stand on, and the folder last.
    roles: Roles,
    pub router: Nginx,
    pub redis: Redis,
    pub postgres: Postgres,
    abaci: PathBuf,
    pub folder: TempDir,
}

struct Roles {
    client: Role,
    worker: Option<Role>,
    api: Role,
}

impl System {
    pub fn start(abaci: &Path) -> Self {
        let folder = own_folder();
        let path = folder.path();
        let (postgres, redis) = (Postgres::start(path), Redis::start(path));
        let roles = Roles::start(abaci, path, &postgres, &redis);
        let router = Nginx::router(path, "router", &roles.api.address, &roles.client.address);
        Self { roles, router, redis, postgres, abaci: abaci.to_owned(), folder }
    }

    /// Resident memory of the api, the client and the worker, in MB.
    pub fn resident_mb(&self) -> [f64; 3] {
        let Roles { api, client, worker } = &self.roles;
        let worker = worker.as_ref().expect("it runs");
        [api, client, worker].map(|role| resident_mb(role.process.id()).0)
    }

    /// A worker more. With a core, it and whatever it computes has only that one.
    pub fn another_worker(&self, name: &str, core: Option<usize>) -> Role {
        let Self { abaci, folder, postgres, redis, .. } = self;
        let mut worker = tied(if core.is_some() { Path::new("taskset") } else { abaci }, "TERM");
        if let Some(core) = core {
            worker.args(["--cpu-list", &core.to_string()]).arg(abaci);
        }
        worker.arg("worker");
        Role::start(settle(worker, folder.path(), postgres, redis), abaci, folder.path(), name)
    }

    /// Ends the worker that was there from the start.
    pub fn stop_worker(&mut self) {
        self.roles.worker = None;
    }

    /// Rows that nobody has finished.
    pub fn unfinished(&self) -> u64 {
        let unfinished = self.postgres.ask("select count(*) from calculations where status in ('queued', 'running')");
        unfinished.parse().expect("a number")
    }

    /// Rows that a worker computes under a lease.
    pub fn running(&self) -> u64 {
        let running = self.postgres.ask("select count(*) from calculations where status = 'running'");
        running.parse().expect("a number")
    }
}

impl Roles {
    fn start(abaci: &Path, folder: &Path, postgres: &Postgres, redis: &Redis) -> Self {
        let role = |name: &str, api: &str| {
            let mut command = tied(abaci, "TERM");
            command.arg(name).env("ABACI_API_URL", format!("http://{api}"));
            Role::start(settle(command, folder, postgres, redis), abaci, folder, name)
        };
        let api = role("api", "127.0.0.1:9");
        Self { worker: Some(role("worker", &api.address)), client: role("client", &api.address), api }
    }
}

/// A role's process that says it is ready.
pub struct Role {
    process: Running,
    /// `host:port`; of a worker, its internal one.
    address: String,
}

impl Role {
    fn start(command: Command, abaci: &Path, folder: &Path, name: &str) -> Self {
        let mut process = Running::start(command, folder, name, Signal::TERM);
        process.until("it says where it is", |process| process.said().contains("Health and metrics are at"));
        let said = process.said();
        let addresses: Vec<&str> = said.lines().filter_map(|line| Some(line.split_once(" at http://")?.1)).collect();
        let (first, internal) = (addresses.first().expect("said"), addresses.last().expect("said"));
        process.until("it is ready", |_| {
            let mut healthcheck = Command::new(abaci);
            healthcheck.args(["healthcheck", "--url", &format!("http://{internal}")]);
            healthcheck.output().is_ok_and(|said| said.status.success())
        });
        Self { process, address: (*first).to_owned() }
    }
}

/// Tells a role where everything is.
fn settle(mut role: Command, folder: &Path, postgres: &Postgres, redis: &Redis) -> Command {
    role.env("PGHOST", "127.0.0.1").env("PGPORT", postgres.port.to_string()).env("PGSSLMODE", "disable");
    role.env("PGUSER", "abaci").env("PGDATABASE", "abaci");
    role.env("REDIS_HOST", "127.0.0.1").env("REDIS_PORT", redis.port.to_string());
    role.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0");
    role.env("ABACI_TRUSTED_PROXIES", "127.0.0.0/8").env("ABACI_RATE", "off").env("ABACI_LOG", "warn");
    role.env("ABACI_DATA_DIR", folder.join("data"));
    role
}
