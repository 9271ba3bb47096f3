//! Everything that is done to the system, and how it is undone.

use std::fmt;
use std::time::{Duration, Instant};

use crate::cluster::{APIS, Cluster, Part, Service, WORKERS};
use crate::ledger::Ledger;
use crate::probe;
use crate::proxy::Condition;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// kill -9; the part is started again at once, as a restart policy does.
    Kill(Part),
    /// SIGTERM; the part is started again when it has ended, and must have ended well.
    Told(Part),
    /// kill -9 of the worker that computes something long; it stays away until another has taken over.
    KillWorkerAtWork,
    /// Everything at once, Redis and PostgreSQL too.
    PowerCut,
    /// SIGSTOP and, so many seconds later, SIGCONT.
    Pause(Part, u64),
    /// Redis forgets everything while it runs.
    RedisFlushed,
    /// PostgreSQL is restarted in order.
    PostgresRestarted,
    /// Every session of Abaci is ended by the server.
    SessionsEnded,
    /// No connection to PostgreSQL is left for three seconds.
    ConnectionsUsedUp,
    /// The network between some and a service misbehaves for so many seconds.
    Network(Whose, Service, Condition, u64),
    /// One worker reaches neither Redis nor PostgreSQL for five seconds, and finds its work taken by others.
    WorkerAlone(usize),
    /// The disk for long values is full for four seconds.
    DiskFull,
    /// A clock jumps so many seconds, and two seconds later back.
    ClockStep(Part, i64),
}

/// Whose network misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Apis,
    Workers,
    Everybodys,
}

/// How a fault went.
pub(crate) struct Struck {
    /// From here on nothing was wrong with the surroundings.
    pub(crate) healed: Instant,
    /// From the kill of a worker to its job running elsewhere.
    pub(crate) takeover: Option<Duration>,
}

impl Fault {
    /// One of everything.
    pub(crate) fn all(disk_can_be_filled: bool) -> Vec<Self> {
        use Condition::{Cut, Delayed, Silent, Throttled};
        use Service::{Postgres, Redis};
        let apis = (0..APIS).map(Part::Api);
        let workers = (0..WORKERS).map(Part::Worker);
        let others = [Part::Client, Part::Router, Part::Redis, Part::Postgres];
        let mut faults: Vec<Self> = apis.chain(workers).chain(others).map(Self::Kill).collect();
        faults.extend([Part::Api(1), Part::Worker(1), Part::Client].map(Self::Told));
        faults.extend([Self::KillWorkerAtWork; 3]);
        faults.extend([Part::Api(0), Part::Worker(1), Part::Redis, Part::Postgres].map(|part| Self::Pause(part, 10)));
        faults.extend([Part::Client, Part::Router].map(|part| Self::Pause(part, 2)));
        faults.extend([Self::PowerCut, Self::RedisFlushed, Self::RedisFlushed, Self::PostgresRestarted]);
        faults.extend([Self::SessionsEnded, Self::ConnectionsUsedUp, Self::WorkerAlone(2)]);
        let slow = Delayed(Duration::from_millis(50));
        faults.extend([
            Self::Network(Whose::Apis, Postgres, Cut, 2),
            Self::Network(Whose::Apis, Redis, Cut, 2),
            Self::Network(Whose::Workers, Postgres, Cut, 2),
            Self::Network(Whose::Workers, Redis, Cut, 2),
            Self::Network(Whose::Apis, Postgres, Silent, 4),
            Self::Network(Whose::Apis, Redis, Silent, 4),
            Self::Network(Whose::Everybodys, Redis, Silent, 4),
            Self::Network(Whose::Everybodys, Postgres, slow, 3),
            Self::Network(Whose::Everybodys, Redis, slow, 3),
            Self::Network(Whose::Workers, Redis, Throttled(20_000), 3),
        ]);
        for hours in [-1, 1] {
            faults.extend(
                [Part::Redis, Part::Postgres, Part::Api(0), Part::Worker(0)]
                    .map(|part| Self::ClockStep(part, hours * 3_600)),
            );
        }
        if disk_can_be_filled {
            faults.push(Self::DiskFull);
        }
        faults
    }

    /// Does it, and undoes it.
    pub(crate) async fn strike(self, cluster: &mut Cluster, ledger: &Ledger) -> Struck {
        let mut healed = None;
        let mut takeover = None;
        match self {
            Self::Kill(part) => {
                cluster.kill(part);
                healed = Some(Instant::now());
                cluster.restart(part);
            }
            Self::Told(part) => {
                cluster.terminate(part);
                healed = Some(Instant::now());
                cluster.restart(part);
            }
            Self::KillWorkerAtWork => takeover = probe::takeover(cluster, ledger).await,
            Self::PowerCut => {
                healed = Some(Instant::now());
                cluster.power_cut();
            }
            Self::Pause(part, secs) => {
                cluster.pause(part, true);
                hold(secs).await;
                cluster.pause(part, false);
            }
            Self::RedisFlushed => cluster.redis.flush(),
            Self::PostgresRestarted => {
                cluster.postgres.stop();
                cluster.postgres.restart();
            }
            Self::SessionsEnded => cluster.postgres.end_sessions(),
            Self::ConnectionsUsedUp => {
                let held = cluster.postgres.exhaust();
                hold(3).await;
                drop(held);
            }
            Self::Network(whose, service, condition, secs) => {
                cluster.network(service, condition, |part| whose.includes(part));
                hold(secs).await;
                cluster.network(service, Condition::Clear, |part| whose.includes(part));
            }
            Self::WorkerAlone(number) => {
                for condition in [Condition::Silent, Condition::Clear] {
                    for service in [Service::Postgres, Service::Redis] {
                        cluster.network(service, condition, |part| part == Part::Worker(number));
                    }
                    if condition == Condition::Silent {
                        hold(5).await;
                    }
                }
            }
            Self::DiskFull => {
                let ballast = cluster.disk.fill();
                hold(4).await;
                drop(ballast);
            }
            Self::ClockStep(part, secs) => {
                cluster.set_clock(part, secs);
                hold(2).await;
                cluster.set_clock(part, 0);
            }
        }
        Struck { healed: healed.unwrap_or_else(Instant::now), takeover }
    }
}

/// How long a fault lasts is the fault itself, not a wait for something to happen.
async fn hold(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

impl Whose {
    const fn includes(self, part: Part) -> bool {
        match self {
            Self::Apis => matches!(part, Part::Api(_)),
            Self::Workers => matches!(part, Part::Worker(_)),
            Self::Everybodys => true,
        }
    }
}

/// The kind of fault, as the report counts them.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(part) => write!(f, "kill -9, {part}"),
            Self::Told(part) => write!(f, "SIGTERM, {part}"),
            Self::KillWorkerAtWork => f.write_str("kill -9, worker at work"),
            Self::PowerCut => f.write_str("kill -9, everything at once"),
            Self::Pause(part, secs) => write!(f, "stopped for {secs} s, {part}"),
            Self::RedisFlushed => f.write_str("FLUSHALL"),
            Self::PostgresRestarted => f.write_str("PostgreSQL restarted"),
            Self::SessionsEnded => f.write_str("PostgreSQL ends all sessions"),
            Self::ConnectionsUsedUp => f.write_str("PostgreSQL connections used up"),
            Self::Network(whose, service, condition, secs) => {
                write!(f, "network {condition:?} for {secs} s, {whose:?} to {service:?}")
            }
            Self::WorkerAlone(_) => f.write_str("network Silent for 5 s, one worker to all"),
            Self::DiskFull => f.write_str("disk for values full for 4 s"),
            Self::ClockStep(part, secs) => write!(f, "clock {secs:+} s and back, {part}"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Api(_) => "api",
            Self::Worker(_) => "worker",
            Self::Client => "client",
            Self::Router => "nginx",
            Self::Redis => "Redis",
            Self::Postgres => "PostgreSQL",
        })
    }
}
