//! The whole system as processes, and the hand that starts, stops and parts them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::disk::Disk;
use crate::patience::eventually;
use crate::process::{Process, command, output};
use crate::proxy::{Condition, Proxy};
use crate::services::{FakeClock, Nginx, Postgres, Redis, free_port};

/// One thing that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Api(usize),
    Worker(usize),
    Client,
    Router,
    Redis,
    Postgres,
}

/// What the apis and the workers reach over a network that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    Redis,
    Postgres,
}

/// Two apis, three workers and a client behind nginx, on PostgreSQL and Redis.
pub(crate) struct Cluster {
    pub(crate) http: reqwest::Client,
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    pub(crate) disk: Disk,
    nginx: Nginx,
    roles: BTreeMap<Part, Role>,
    /// Where the apis and the page answer without the router.
    doors: Vec<String>,
    links: BTreeMap<(Part, Service), Proxy>,
    /// Roles that ended although nobody had told them to, or not well although they were told.
    deserters: Vec<String>,
    logs: TempDir,
}

/// One of our own processes.
struct Role {
    word: &'static str,
    settings: Vec<(&'static str, String)>,
    clock: Option<FakeClock>,
    log: PathBuf,
    process: Option<Process>,
}

pub(crate) const APIS: usize = 2;
pub(crate) const WORKERS: usize = 3;

impl Cluster {
    /// Starts everything and waits until it answers.
    pub(crate) async fn start() -> Self {
        let logs = tempfile::tempdir().expect("a temporary directory");
        let log = |name: &str| logs.path().join(format!("{name}.log"));
        let postgres = Postgres::start(log("postgres"));
        let redis = Redis::start(log("redis"));
        let disk = Disk::new();
        let apis: Vec<u16> = (0..APIS).map(|_| free_port()).collect();
        let page = free_port();
        let nginx = Nginx::start(&apis, page, &[], log("nginx"));

        let mut links = BTreeMap::new();
        let mut roles = BTreeMap::new();
        let parts = (0..APIS).map(Part::Api).chain((0..WORKERS).map(Part::Worker));
        for part in parts {
            for (service, port) in [(Service::Postgres, postgres.port), (Service::Redis, redis.port)] {
                links.insert((part, service), Proxy::start(port).await);
            }
            let port = |service| links[&(part, service)].port;
            let mut settings = backends(port(Service::Postgres), port(Service::Redis), &disk);
            let (word, first) = match part {
                Part::Api(number) => {
                    settings.push(("ABACI_LISTEN", format!("127.0.0.1:{}", apis[number])));
                    settings.push(("ABACI_TRUSTED_PROXIES", "127.0.0.1/32".to_owned()));
                    settings.push(("ABACI_RATE", "off".to_owned()));
                    ("api", number == 0)
                }
                _ => {
                    settings.push(("ABACI_WORKER_THREADS", "2".to_owned()));
                    settings.push(("ABACI_WORKER_MEMORY_BYTES", "2GB".to_owned()));
                    ("worker", part == Part::Worker(0))
                }
            };
            // One of each kind lives by a clock that can be set.
            let name = format!("{part:?}").to_lowercase().replace(['(', ')'], "");
            let folder = logs.path().join(format!("clock-{name}"));
            let clock = first.then(|| {
                std::fs::create_dir(&folder).expect("a folder");
                FakeClock::new(&folder)
            });
            roles.insert(part, Role { word, settings, clock, log: log(&name), process: None });
        }
        let settings = vec![
            ("ABACI_LISTEN", format!("127.0.0.1:{page}")),
            ("ABACI_INTERNAL_LISTEN", "127.0.0.1:0".to_owned()),
            ("ABACI_TRUSTED_PROXIES", "127.0.0.1/32".to_owned()),
            // Through the router, so that one dead api leaves the page working.
            ("ABACI_API_URL", nginx.url()),
        ];
        roles.insert(Part::Client, Role { word: "client", settings, clock: None, log: log("client"), process: None });

        let mut migrate = Command::new(PROGRAM);
        migrate.arg("migrate").envs(backends(postgres.port, redis.port, &disk));
        output(migrate);

        let http = reqwest::Client::builder().timeout(Duration::from_secs(45)).build().expect("an HTTP client");
        let mut doors: Vec<String> = apis.iter().map(|port| format!("http://127.0.0.1:{port}/api/system")).collect();
        doors.push(format!("http://127.0.0.1:{page}/"));
        let deserters = Vec::new();
        let mut cluster = Self { http, postgres, redis, disk, nginx, roles, doors, links, deserters, logs };
        cluster.roles.values_mut().for_each(Role::start);
        let started = &cluster;
        eventually("every part answers", async || started.is_whole().await.then_some(())).await;
        cluster
    }

    /// Where people find it, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        self.nginx.url()
    }

    /// Ends a part as a power switch would.
    pub(crate) fn kill(&mut self, part: Part) {
        match part {
            Part::Router => self.nginx.kill(),
            Part::Redis => self.redis.kill(),
            Part::Postgres => self.postgres.kill(),
            _ => {
                if let Some(process) = self.role(part).process.take() {
                    process.kill();
                }
            }
        }
    }

    /// Asks one of our own processes to end; what it has to say about that goes with the deserters.
    pub(crate) fn terminate(&mut self, part: Part) {
        if let Some(process) = self.role(part).process.take() {
            let status = process.terminate(Signal::TERM);
            if !status.success() {
                self.deserters.push(format!("{part:?} was told to end: {status}"));
            }
        }
    }

    /// Starts a part again if it does not run, without waiting until it is ready to serve.
    pub(crate) fn restart(&mut self, part: Part) {
        match part {
            Part::Router => self.nginx.restart(),
            Part::Redis => self.redis.restart(),
            Part::Postgres => self.postgres.restart(),
            _ => self.role(part).start(),
        }
    }

    /// Ends everything at once, as a power cut would, and starts it again in order.
    pub(crate) fn power_cut(&mut self) {
        let parts: Vec<Part> = self.roles.keys().copied().collect();
        for part in parts.into_iter().chain([Part::Router, Part::Redis, Part::Postgres]) {
            self.kill(part);
        }
        self.postgres.restart();
        self.redis.restart();
        self.nginx.restart();
        self.roles.values_mut().for_each(Role::start);
    }

    /// Stops a part in its tracks, or lets it go on.
    pub(crate) fn pause(&mut self, part: Part, paused: bool) {
        let signal = if paused { Signal::STOP } else { Signal::CONT };
        match part {
            Part::Router => self.nginx.signal(signal),
            Part::Redis => self.redis.signal(signal),
            Part::Postgres => self.postgres.signal(signal),
            _ => self.role(part).process.as_ref().expect("it runs").signal(signal),
        }
    }

    /// How the network between some parts and a service behaves.
    pub(crate) fn network(&self, service: Service, condition: Condition, concerns: impl Fn(Part) -> bool) {
        for ((_, _), proxy) in self.links.iter().filter(|((part, its), _)| *its == service && concerns(*part)) {
            proxy.set(condition);
        }
    }

    /// Sets a part's clock so many seconds off.
    pub(crate) fn set_clock(&mut self, part: Part, secs: i64) {
        match part {
            Part::Redis => self.redis.clock.step(secs),
            Part::Postgres => self.postgres.clock.step(secs),
            _ => self.role(part).clock.as_ref().expect("a part with a clock of its own").step(secs),
        }
    }

    /// The worker that says it computes F(n).
    pub(crate) async fn worker_of(&self, n: i64) -> Option<usize> {
        let system = self.json("/api/system").await?;
        let workers = system["workers"].as_array()?;
        let subject = Value::from(format!("F({n})"));
        let computes = |worker: &&Value| worker["computing"].as_array().is_some_and(|all| all.contains(&subject));
        let worker = workers.iter().find(computes)?;
        (0..WORKERS).find(|&number| self.is_name_of(worker, number))
    }

    /// Whether each part, and not only some of its kind, is there and serves.
    pub(crate) async fn is_whole(&self) -> bool {
        for door in &self.doors {
            let response = self.http.get(door).timeout(Duration::from_secs(3)).send().await;
            if !response.is_ok_and(|response| response.status() == StatusCode::OK) {
                return false;
            }
        }
        let system = self.json("/api/system").await.unwrap_or_default();
        let workers = system["workers"].as_array().map_or(&[][..], Vec::as_slice);
        (0..WORKERS).all(|number| workers.iter().any(|worker| self.is_name_of(worker, number)))
    }

    /// Whether a worker in `/api/system` is this one of ours: a worker's name holds its process id, so
    /// that names on one machine differ.
    fn is_name_of(&self, worker: &Value, number: usize) -> bool {
        let id = self.roles[&Part::Worker(number)].process.as_ref().map(|process| process.id().to_string());
        let mut words = worker["id"].as_str().unwrap_or_default().split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(|word| Some(word) == id.as_deref())
    }

    /// `GET` of a path that answers JSON with 200, or nothing.
    pub(crate) async fn json(&self, path: &str) -> Option<Value> {
        let response = self.http.get(format!("{}{path}", self.url())).send().await.ok()?;
        if response.status() == StatusCode::OK { response.json().await.ok() } else { None }
    }

    /// Starts again what ended by itself, as a container's restart policy does, and remembers that it did.
    pub(crate) fn supervise(&mut self) {
        for (part, role) in &mut self.roles {
            if let Some(status) = role.process.as_mut().and_then(Process::ended) {
                self.deserters.push(format!("{part:?} ended by itself: {status}"));
                role.process = None;
                role.start();
            }
        }
    }

    /// Processes that ended by themselves, and those that did not end well when told to.
    pub(crate) fn deserters(&self) -> &[String] {
        &self.deserters
    }

    fn role(&mut self, part: Part) -> &mut Role {
        self.roles.get_mut(&part).expect("a role of this cluster")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.logs.disable_cleanup(true);
            println!("what every process said is kept in {}", self.logs.path().display());
        }
    }
}

impl Role {
    fn start(&mut self) {
        if self.process.is_none() {
            let mut role = match &self.clock {
                Some(clock) => clock.command(PROGRAM.as_ref(), "KILL", None),
                None => command(PROGRAM, "KILL", None),
            };
            role.arg(self.word).envs(self.settings.iter().map(|(name, value)| (name, value)));
            self.process = Some(Process::start(role, &self.log));
        }
    }
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_abaci");

/// The settings that say where everything is.
fn backends(postgres: u16, redis: u16, disk: &Disk) -> Vec<(&'static str, String)> {
    [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &postgres.to_string()),
        ("PGUSER", Postgres::NAME),
        ("PGPASSWORD", Postgres::NAME),
        ("PGDATABASE", Postgres::NAME),
        ("PGSSLMODE", "disable"),
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", &redis.to_string()),
        ("ABACI_INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ABACI_VALUES_URL", &format!("file://{}", disk.path().display())),
        // Less than the disk: what is read least makes room before that is full.
        ("ABACI_STORE_BYTES", "400MB"),
        ("ABACI_LOG", "info"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}
