//! A role as a process with settings, a log and perhaps a clock of its own.

use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::support::process::{ChildProcess, command};
use crate::support::servers::{FakeClock, PostgresServer};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_abaci");

/// A version of the executable.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ProgramVersion {
    /// [`PROGRAM`].
    Current,
    /// That of [`previous_program`].
    Previous,
}

impl ProgramVersion {
    /// Returns the version in which a system starts: the previous one, whose schema it has then.
    pub(super) fn first() -> Self {
        if previous_program().is_some() { Self::Previous } else { Self::Current }
    }

    pub(super) fn program(self) -> PathBuf {
        match self {
            Self::Current => PathBuf::from(PROGRAM),
            Self::Previous => previous_program().expect("the previous version"),
        }
    }
}

/// Returns the executable of the previous version, if the setting names it.
pub(crate) fn previous_program() -> Option<PathBuf> {
    std::env::var_os("ABACI_FAULTS_PREVIOUS").map(PathBuf::from)
}

/// One of Abaci's own processes.
pub(super) struct RoleProcess {
    name: &'static str,
    version: ProgramVersion,
    settings: Vec<(&'static str, String)>,
    clock: Option<FakeClock>,
    log: PathBuf,
    process: Option<ChildProcess>,
}

impl RoleProcess {
    pub(super) const fn new(
        name: &'static str,
        settings: Vec<(&'static str, String)>,
        clock: Option<FakeClock>,
        log: PathBuf,
    ) -> Self {
        Self { name, version: ProgramVersion::Current, settings, clock, log, process: None }
    }

    /// Sets the version that starts next.
    pub(super) const fn set_version(&mut self, version: ProgramVersion) {
        self.version = version;
    }

    /// Starts it if it is not running.
    pub(super) fn start(&mut self) {
        if self.process.is_none() {
            let program = self.version.program();
            let mut role = match &self.clock {
                Some(clock) => clock.command(&program, "KILL", None),
                None => command(program, "KILL", None),
            };
            role.arg(self.name).envs(self.settings.iter().map(|(name, value)| (name, value)));
            self.process = Some(ChildProcess::start(role, &self.log));
        }
    }

    pub(super) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Sends SIGTERM and waits until it exits. Returns an exit that is not a success.
    pub(super) fn terminate(&mut self) -> Option<String> {
        let status = self.process.take()?.terminate(Signal::TERM);
        (!status.success()).then(|| format!("{} exited after SIGTERM with {status}", self.name))
    }

    /// Stops it with SIGSTOP, or continues it.
    pub(super) fn pause(&self, paused: bool) {
        self.process.as_ref().expect("it runs").signal(if paused { Signal::STOP } else { Signal::CONT });
    }

    pub(super) fn clock(&self) -> &FakeClock {
        self.clock.as_ref().expect("a role with a clock of its own")
    }

    pub(super) fn process_id(&self) -> Option<String> {
        self.process.as_ref().map(|process| process.id().to_string())
    }

    /// Starts it again if it has exited by itself, and returns that exit.
    pub(super) fn restart_if_exited(&mut self) -> Option<String> {
        let status = self.process.as_mut().and_then(ChildProcess::exit_status)?;
        self.process = None;
        self.start();
        Some(format!("{} exited by itself with {status}", self.name))
    }
}

/// Returns the settings of the connections to the backends, with the folder of values.
pub(crate) fn backend_settings(postgres: u16, redis: u16, values: &Path) -> Vec<(&'static str, String)> {
    [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", &postgres.to_string()),
        ("PGUSER", PostgresServer::NAME),
        ("PGPASSWORD", PostgresServer::NAME),
        ("PGDATABASE", PostgresServer::NAME),
        ("PGSSLMODE", "disable"),
        ("REDIS_HOST", "127.0.0.1"),
        ("REDIS_PORT", &redis.to_string()),
        ("ABACI_INTERNAL_LISTEN", "127.0.0.1:0"),
        ("ABACI_VALUES_URL", &format!("file://{}", values.display())),
        // Less than the disk, so that values are evicted before it is full.
        ("ABACI_STORE_BYTES", "400MB"),
        ("ABACI_LOG", "info"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}
