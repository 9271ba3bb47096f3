//! A PostgreSQL server with one role and one database, made from nothing.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{FakeClock, Identity, free_port, until};
use crate::process::{Process, command, is_root, output, program_path};

/// A PostgreSQL server.
pub(crate) struct Postgres {
    pub(crate) port: u16,
    pub(crate) clock: FakeClock,
    directory: TempDir,
    /// With one, it is reached over TLS alone, and Abaci by its password.
    identity: Option<Identity>,
    log: PathBuf,
    process: Option<Process>,
}

impl Postgres {
    /// The role and the database that Abaci uses.
    pub(crate) const NAME: &str = "abaci";

    /// Few enough to be used up quickly, enough for the pools of two apis and three workers.
    const CONNECTIONS: usize = 80;

    /// A server that lets in whoever comes.
    pub(crate) fn start(log: PathBuf) -> Self {
        Self::begin(None, log)
    }

    /// A server that is reached over TLS alone, by name and password.
    pub(crate) fn secured(identity: Identity, log: PathBuf) -> Self {
        Self::begin(Some(identity), log)
    }

    fn begin(identity: Option<Identity>, log: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = FakeClock::new(directory.path());
        let data = directory.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        if let Some(user) = user() {
            // It refuses to run as root.
            std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o711)).expect("a folder of ours");
            let mut chown = Command::new("chown");
            chown.arg(user).arg(&data);
            output(chown);
        }
        let mut initdb = command(program_path("initdb", "postgresql"), "KILL", user());
        initdb
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data);
        output(initdb);
        if identity.is_some() {
            let hosts = directory.path().join("hosts");
            std::fs::write(&hosts, HOSTS_OVER_TLS).expect("written");
            std::fs::set_permissions(&hosts, PermissionsExt::from_mode(0o644)).expect("a file of ours");
        }
        let mut postgres = Self { port: free_port(), clock, directory, identity, log, process: None };
        postgres.restart();
        postgres.sql("postgres", &format!("create role {0} login password '{0}'", Self::NAME));
        postgres.sql("postgres", &format!("create database {0} owner {0}", Self::NAME));
        postgres
    }

    /// Ends it as a power switch would.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Ends it in order, breaking off what runs.
    pub(crate) fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.terminate(Signal::INT);
        }
    }

    /// Starts it if it does not run; returns when it answers.
    pub(crate) fn restart(&mut self) {
        let probe = |postgres: &Self| {
            let mut psql = postgres.psql("postgres", "select 1");
            psql.output().is_ok_and(|answer| answer.status.success())
        };
        until("PostgreSQL answers", || {
            // It ends by itself while a backend of its former life still holds the shared memory.
            if self.process.as_mut().is_none_or(|process| process.ended().is_some()) {
                self.process = Some(Process::start(self.server(), &self.log));
            }
            probe(self)
        });
    }

    /// Stops it in its tracks, backends too, or lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("PostgreSQL runs").signal(signal);
    }

    /// Ends every session of Abaci.
    pub(crate) fn end_sessions(&self) {
        let query = format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}'", Self::NAME);
        self.sql("postgres", &query);
    }

    /// Takes every connection that is free, and ends Abaci's own so that it has to ask for new ones.
    pub(crate) fn exhaust(&self) -> Vec<TcpStream> {
        let mut held = Vec::new();
        for _ in 0..2 {
            while held.len() < Self::CONNECTIONS {
                match self.session() {
                    Some(session) => held.push(session),
                    None => break,
                }
            }
            self.end_other_sessions();
        }
        held
    }

    /// Runs a statement as the superuser and gives what it answers.
    pub(crate) fn sql(&self, database: &str, query: &str) -> String {
        output(self.psql(database, query))
    }

    /// Ends Abaci's sessions, except those that [`session`](Self::session) opened.
    fn end_other_sessions(&self) {
        let query = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}' and application_name <> 'hoarder'",
            Self::NAME
        );
        self.sql("postgres", &query);
    }

    /// A connection of Abaci's role that does nothing, if there is one left: the protocol's start message
    /// and its answer are all it takes.
    pub(crate) fn session(&self) -> Option<TcpStream> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let parameters = format!("user\0{0}\0database\0{0}\0application_name\0hoarder\0\0", Self::NAME);
        let version = 3_u32 << 16;
        let length = (8 + parameters.len()) as u32;
        connection.write_all(&[&length.to_be_bytes(), &version.to_be_bytes(), parameters.as_bytes()].concat()).ok()?;
        loop {
            // A kind, a length that counts itself, and as much as it says. `Z`: ready; `E`: refused.
            let (mut kind, mut length) = ([0], [0; 4]);
            connection.read_exact(&mut kind).ok()?;
            connection.read_exact(&mut length).ok()?;
            let mut rest = vec![0; u32::from_be_bytes(length).checked_sub(4)? as usize];
            connection.read_exact(&mut rest).ok()?;
            match &kind {
                b"Z" => return Some(connection),
                b"E" => return None,
                _ => {}
            }
        }
    }

    fn psql(&self, database: &str, query: &str) -> Command {
        let mut psql = Command::new(program_path("psql", "postgresql-client"));
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"]);
        psql.args(["-p", &self.port.to_string(), "-d", database, "-c", query]);
        psql.env("PGSSLMODE", if self.identity.is_some() { "require" } else { "disable" });
        psql.env("PGCONNECT_TIMEOUT", "5").env_remove("PGSERVICE");
        psql
    }

    fn server(&self) -> Command {
        let mut server = self.clock.command(&program_path("postgres", "postgresql"), "QUIT", user());
        server.arg("-D").arg(self.directory.path().join("data"));
        server.args(["-p", &self.port.to_string()]);
        // Processes die here, not machines: what reached the kernel stays.
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=64MB",
            // Killed, it leaves this behind; in its own folder it goes with it.
            "dynamic_shared_memory_type=mmap",
            &format!("max_connections={}", Self::CONNECTIONS),
        ] {
            server.args(["-c", setting]);
        }
        if let Some(identity) = &self.identity {
            let key = identity.key_for(user(), self.directory.path());
            let hosts = self.directory.path().join("hosts");
            for (setting, file) in
                [("ssl_cert_file", &identity.certificate), ("ssl_key_file", &key), ("hba_file", &hosts)]
            {
                server.args(["-c", &format!("{setting}={}", file.display())]);
            }
            server.args(["-c", "ssl=on"]);
        }
        server
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Nobody without TLS; the superuser for the tests' own questions, everybody else by password.
const HOSTS_OVER_TLS: &str = "hostssl all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

/// Who runs it: not root.
fn user() -> Option<&'static str> {
    is_root().then_some("postgres")
}
