//! The distributed system: every role, server and network link can fail on its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::role::{RoleProcess, backend_settings};
use super::{Component, Disk, ProgramVersion, System, SystemClient};
use crate::support::process::run_to_end;
use crate::support::proxy::{LinkState, Proxy};
use crate::support::servers::{FakeClock, Nginx, PostgresServer, RedisServer, free_port};
use crate::support::timeouts::eventually;

/// A server that APIs and workers reach over a network that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BackendServer {
    Redis,
    Postgres,
}

/// Two APIs, three workers and a client behind nginx, on PostgreSQL and Redis.
pub(crate) struct Cluster {
    client: SystemClient,
    pub(crate) postgres: PostgresServer,
    /// The primary before the last failover.
    former_postgres: Option<PostgresServer>,
    pub(crate) redis: RedisServer,
    disk: Disk,
    /// The disk of PostgreSQL. Its servers are dropped before it.
    postgres_disk: Disk,
    nginx: Nginx,
    roles: BTreeMap<Component, RoleProcess>,
    /// URLs of the APIs and the client without nginx.
    direct_urls: Vec<String>,
    links: BTreeMap<(Component, BackendServer), Proxy>,
    /// Roles that exited unexpectedly, or with an error after SIGTERM.
    unexpected_exits: Vec<String>,
    logs: TempDir,
}

pub(crate) const APIS: usize = 2;
pub(crate) const WORKERS: usize = 3;

impl Cluster {
    /// Twice the largest value, and the values of a run; in a longer run, values are evicted.
    const DISK_MIB: u64 = 512;

    /// The rows and logs of a run, twice during a failover.
    const POSTGRES_DISK_MIB: u64 = 2_048;

    /// Starts everything and waits until it responds. With a previous version, all roles are of it.
    pub(crate) async fn start() -> Self {
        let version = ProgramVersion::first();
        let logs = tempfile::tempdir().expect("a temporary directory");
        let log = |name: &str| logs.path().join(format!("{name}.log"));
        let postgres_disk = Disk::new(Self::POSTGRES_DISK_MIB);
        let postgres = PostgresServer::start_on(postgres_disk.path(), log("postgres"));
        let redis = RedisServer::start(log("redis"));
        let disk = Disk::new(Self::DISK_MIB);
        let apis: Vec<u16> = (0..APIS).map(|_| free_port()).collect();
        let client_port = free_port();
        let nginx = Nginx::start(&apis, client_port, &[], log("nginx"));

        let mut links = BTreeMap::new();
        let mut roles = BTreeMap::new();
        for component in (0..APIS).map(Component::Api).chain((0..WORKERS).map(Component::Worker)) {
            for (backend, port) in [(BackendServer::Postgres, postgres.port), (BackendServer::Redis, redis.port)] {
                links.insert((component, backend), Proxy::start(port).await);
            }
            let port = |backend| links[&(component, backend)].port;
            let mut settings = backend_settings(port(BackendServer::Postgres), port(BackendServer::Redis), disk.path());
            let (name, has_fake_clock) = match component {
                Component::Api(number) => {
                    settings.push(("ABACI_LISTEN", format!("127.0.0.1:{}", apis[number])));
                    settings.push(("ABACI_TRUSTED_PROXIES", "127.0.0.1/32".to_owned()));
                    settings.push(("ABACI_RATE", "off".to_owned()));
                    ("api", number == 0)
                }
                _ => {
                    settings.push(("ABACI_WORKER_THREADS", "2".to_owned()));
                    settings.push(("ABACI_WORKER_MEMORY_BYTES", "2GB".to_owned()));
                    ("worker", component == Component::Worker(0))
                }
            };
            let log_name = format!("{component:?}").to_lowercase().replace(['(', ')'], "");
            let folder = logs.path().join(format!("clock-{log_name}"));
            let clock = has_fake_clock.then(|| {
                std::fs::create_dir(&folder).expect("a folder");
                FakeClock::new(&folder)
            });
            roles.insert(component, RoleProcess::new(name, settings, clock, log(&log_name)));
        }
        let settings = vec![
            ("ABACI_LISTEN", format!("127.0.0.1:{client_port}")),
            ("ABACI_INTERNAL_LISTEN", "127.0.0.1:0".to_owned()),
            ("ABACI_TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
            // Through nginx, so that one dead API leaves the pages working.
            ("ABACI_API_URL", nginx.url()),
        ];
        roles.insert(Component::Client, RoleProcess::new("client", settings, None, log("client")));

        let mut migrate = Command::new(version.program());
        migrate.arg("migrate").envs(backend_settings(postgres.port, redis.port, disk.path()));
        run_to_end(migrate);

        let client = SystemClient::new(nginx.url());
        let mut direct_urls: Vec<String> =
            apis.iter().map(|port| format!("http://127.0.0.1:{port}/api/system")).collect();
        direct_urls.push(format!("http://127.0.0.1:{client_port}/"));
        let unexpected_exits = Vec::new();
        let mut cluster = Self {
            client,
            postgres,
            former_postgres: None,
            redis,
            disk,
            postgres_disk,
            nginx,
            roles,
            direct_urls,
            links,
            unexpected_exits,
            logs,
        };
        for role in cluster.roles.values_mut() {
            role.set_version(version);
            role.start();
        }
        let started = &cluster;
        eventually("every component responds", async || started.is_complete().await.then_some(())).await;
        cluster
    }

    /// Returns the disk of PostgreSQL.
    pub(crate) const fn postgres_disk(&self) -> &Disk {
        &self.postgres_disk
    }

    /// Kills every role.
    pub(crate) fn kill_roles(&mut self) {
        self.roles.values_mut().for_each(RoleProcess::kill);
    }

    /// Starts every role that is not running.
    pub(crate) fn start_roles(&mut self) {
        self.roles.values_mut().for_each(RoleProcess::start);
    }

    /// Starts a standby of PostgreSQL.
    pub(crate) fn start_standby(&self) -> PostgresServer {
        self.postgres.start_standby(self.logs.path().join("postgres.log"))
    }

    /// Leads new connections to another PostgreSQL. The one before answers until the next switch.
    pub(crate) fn switch_to(&mut self, postgres: PostgresServer) {
        for (_, proxy) in self.links.iter().filter(|((_, backend), _)| *backend == BackendServer::Postgres) {
            proxy.redirect(postgres.port);
        }
        self.former_postgres = Some(std::mem::replace(&mut self.postgres, postgres));
    }

    /// Sets the state of the network between some components and a backend.
    pub(crate) fn set_link(&self, backend: BackendServer, state: LinkState, includes: impl Fn(Component) -> bool) {
        for (_, proxy) in self.links.iter().filter(|((component, its), _)| *its == backend && includes(*component)) {
            proxy.set(state);
        }
    }

    /// Returns the number of the worker that reports computing F(n).
    pub(crate) async fn worker_of(&self, n: i64) -> Option<usize> {
        let system = self.client.json("/api/system").await?;
        let workers = system["workers"].as_array()?;
        let subject = Value::from(format!("F({n})"));
        let computes = |worker: &&Value| worker["computing"].as_array().is_some_and(|all| all.contains(&subject));
        let worker = workers.iter().find(computes)?;
        (0..WORKERS).find(|&number| self.is_name_of(worker, number))
    }

    /// Returns whether a worker in `/api/system` has this number: its name contains its process id.
    fn is_name_of(&self, worker: &Value, number: usize) -> bool {
        let id = self.roles[&Component::Worker(number)].process_id();
        let mut words = worker["id"].as_str().unwrap_or_default().split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(|word| Some(word) == id.as_deref())
    }

    fn role(&mut self, component: Component) -> &mut RoleProcess {
        self.roles.get_mut(&component).expect("a role of this cluster")
    }
}

impl System for Cluster {
    fn roles(&self) -> Vec<Component> {
        self.roles.keys().copied().collect()
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

    fn kill(&mut self, component: Component) {
        match component {
            Component::Nginx => self.nginx.kill(),
            Component::Redis => self.redis.kill(),
            Component::Postgres => self.postgres.kill(),
            _ => self.role(component).kill(),
        }
    }

    fn terminate(&mut self, component: Component) {
        let exit = self.role(component).terminate();
        self.unexpected_exits.extend(exit);
    }

    fn set_version(&mut self, component: Component, version: ProgramVersion) {
        self.role(component).set_version(version);
    }

    fn restart(&mut self, component: Component) {
        match component {
            Component::Nginx => self.nginx.restart(),
            Component::Redis => self.redis.restart(),
            Component::Postgres => self.postgres.restart(),
            _ => self.role(component).start(),
        }
    }

    fn restart_everything(&mut self) {
        self.kill_roles();
        for component in [Component::Nginx, Component::Redis, Component::Postgres] {
            self.kill(component);
        }
        self.postgres.restart();
        self.redis.restart();
        self.nginx.restart();
        self.start_roles();
    }

    fn pause(&mut self, component: Component, paused: bool) {
        let signal = if paused { Signal::STOP } else { Signal::CONT };
        match component {
            Component::Nginx => self.nginx.signal(signal),
            Component::Redis => self.redis.signal(signal),
            Component::Postgres => self.postgres.signal(signal),
            _ => self.role(component).pause(paused),
        }
    }

    fn set_clock(&mut self, component: Component, secs: i64) {
        match component {
            Component::Redis => self.redis.clock.set_offset(secs),
            Component::Postgres => self.postgres.clock.set_offset(secs),
            _ => self.role(component).clock().set_offset(secs),
        }
    }

    async fn is_complete(&self) -> bool {
        for url in &self.direct_urls {
            if !self.client.serves(url).await {
                return false;
            }
        }
        let system = self.client.json("/api/system").await.unwrap_or_default();
        let workers = system["workers"].as_array().map_or(&[][..], Vec::as_slice);
        (0..WORKERS).all(|number| workers.iter().any(|worker| self.is_name_of(worker, number)))
    }

    fn supervise(&mut self) {
        let exits = self.roles.values_mut().filter_map(RoleProcess::restart_if_exited);
        self.unexpected_exits.extend(exits);
    }

    fn unexpected_exits(&self) -> &[String] {
        &self.unexpected_exits
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.logs.disable_cleanup(true);
            println!("the logs of every process and the ledger are in {}", self.logs.path().display());
        }
    }
}
