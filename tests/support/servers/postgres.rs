//! A PostgreSQL server with one role and one database.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::super::process::{ChildProcess, command, copy_folder, is_root, program_path, run_to_end};
use super::{FakeClock, ServerCertificate, free_port, until};

/// A PostgreSQL server.
pub(crate) struct PostgresServer {
    pub(crate) port: u16,
    pub(crate) clock: FakeClock,
    directory: TempDir,
    /// With one, it requires TLS, and a password of Abaci.
    certificate: Option<ServerCertificate>,
    log: PathBuf,
    process: Option<ChildProcess>,
}

impl PostgresServer {
    /// Name of Abaci's role and database.
    pub(crate) const NAME: &str = "abaci";

    /// Few enough to exhaust quickly, enough for the pools of two APIs and three workers.
    const MAX_CONNECTIONS: usize = 80;

    /// Starts a server without authentication.
    pub(crate) fn start(log: PathBuf) -> Self {
        Self::start_on(&std::env::temp_dir(), log)
    }

    /// Starts a server without authentication whose data are below a folder.
    pub(crate) fn start_on(disk: &Path, log: PathBuf) -> Self {
        Self::start_with(folder(disk), None, log)
    }

    /// Starts a server that requires TLS and a password.
    pub(crate) fn secured(certificate: ServerCertificate, log: PathBuf) -> Self {
        Self::start_with(folder(&std::env::temp_dir()), Some(certificate), log)
    }

    /// Starts a streaming standby of this server, on the same disk.
    pub(crate) fn start_standby(&self, log: PathBuf) -> Self {
        let directory = folder(self.directory.path().parent().expect("a folder in a disk"));
        let data = directory.path().join("data");
        let mut copy = command(program_path("pg_basebackup", "postgresql-client"), "KILL", user());
        copy.args(["--host=127.0.0.1", "--username=postgres", "--port", &self.port.to_string()]);
        copy.args(["--wal-method=stream", "--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--pgdata"]);
        copy.arg(&data);
        run_to_end(copy);
        let clock = FakeClock::new(directory.path());
        let mut standby = Self { port: free_port(), clock, directory, certificate: None, log, process: None };
        standby.restart();
        standby
    }

    fn start_with(directory: TempDir, certificate: Option<ServerCertificate>, log: PathBuf) -> Self {
        let clock = FakeClock::new(directory.path());
        let data = directory.path().join("data");
        let mut initdb = command(program_path("initdb", "postgresql"), "KILL", user());
        initdb
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data);
        run_to_end(initdb);
        if certificate.is_some() {
            let hosts = directory.path().join("hosts");
            std::fs::write(&hosts, HOSTS_OVER_TLS).expect("written");
            std::fs::set_permissions(&hosts, PermissionsExt::from_mode(0o644)).expect("a file of ours");
        }
        let mut postgres = Self { port: free_port(), clock, directory, certificate, log, process: None };
        postgres.restart();
        postgres.sql("postgres", &format!("create role {0} login password '{0}'", Self::NAME));
        postgres.sql("postgres", &format!("create database {0} owner {0}", Self::NAME));
        postgres
    }

    /// Kills it and its backends.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Shuts it down; running statements are cancelled.
    pub(crate) fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.terminate(Signal::INT);
        }
    }

    /// Starts it if it is not running; returns when it responds.
    pub(crate) fn restart(&mut self) {
        let probe = |postgres: &Self| {
            let mut psql = postgres.psql("postgres", "select 1");
            psql.output().is_ok_and(|answer| answer.status.success())
        };
        until("PostgreSQL responds", || {
            // It exits while a backend from before a kill still uses the shared memory.
            if self.process.as_mut().is_none_or(|process| process.exit_status().is_some()) {
                self.process = Some(ChildProcess::start(self.server(), &self.log));
            }
            probe(self)
        });
    }

    /// Starts it below another program, given with its arguments, and with everything synced as in production.
    pub(crate) fn start_traced(&mut self, tracer: Vec<OsString>) {
        let (tracer, arguments) = tracer.split_first().expect("a program");
        let mut server = self.clock.command(tracer.as_ref(), "QUIT", user());
        server.args(arguments).arg(program_path("postgres", "postgresql"));
        self.add_settings(&mut server);
        server.args(["-c", "fsync=on", "-c", "full_page_writes=on"]);
        self.process = Some(ChildProcess::start(server, &self.log));
        self.restart();
    }

    /// Returns its process, which the caller ends.
    pub(crate) fn take_process(&mut self) -> ChildProcess {
        self.process.take().expect("PostgreSQL runs")
    }

    /// Returns the folder of its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Sends it a signal, to its backends too.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("PostgreSQL runs").signal(signal);
    }

    /// Locks a table for some seconds, which stalls all other statements on it. Wait for the result.
    pub(crate) fn hold_lock(&self, table: &str, secs: u64) -> Child {
        let query = format!("begin; lock table {table} in access exclusive mode; select pg_sleep({secs}); commit");
        self.psql(Self::NAME, &query).stdout(Stdio::null()).spawn().expect("psql runs")
    }

    /// Copies the data of a stopped server.
    pub(crate) fn back_up(&self) -> TempDir {
        assert!(self.process.is_none(), "stop the server first");
        let backup = tempfile::tempdir().expect("a temporary directory");
        copy_folder(&self.data(), &backup.path().join("data"));
        backup
    }

    /// Replaces the data of a stopped server by a backup.
    pub(crate) fn restore(&self, backup: &TempDir) {
        assert!(self.process.is_none(), "stop the server first");
        let data = self.data();
        std::fs::remove_dir_all(&data).expect("the data can be removed");
        copy_folder(&backup.path().join("data"), &data);
        give_to_user(&data);
    }

    /// Terminates every session of Abaci.
    pub(crate) fn end_sessions(&self) {
        let query = format!("select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}'", Self::NAME);
        self.sql("postgres", &query);
    }

    /// Takes every connection that is free, and ends Abaci's own so that it has to ask for new ones.
    pub(crate) fn exhaust(&self) -> Vec<TcpStream> {
        let mut held = Vec::new();
        for _ in 0..2 {
            while held.len() < Self::MAX_CONNECTIONS {
                match self.session() {
                    Some(session) => held.push(session),
                    None => break,
                }
            }
            self.end_other_sessions();
        }
        held
    }

    /// Makes it refuse to write, as a primary that was demoted does. Open sessions stay, and answer what only reads.
    pub(crate) fn refuse_writes(&self) {
        self.sql("postgres", "alter system set default_transaction_read_only = on");
        self.sql("postgres", "select pg_reload_conf()");
        // It holds for transactions that begin later, in each session once it has noticed.
        const WRITING: &str = "select count(*) from pg_stat_activity \
            where backend_xid is not null or usename = 'abaci' and xact_start < clock_timestamp() - interval '1 s'";
        until("it refuses to write", || self.sql("postgres", "show default_transaction_read_only") == "on");
        std::thread::sleep(Duration::from_secs(1));
        until("nothing is being written", || self.sql("postgres", WRITING) == "0");
    }

    /// Waits until a standby has everything that was written here.
    pub(crate) fn wait_until_replayed_by(&self, standby: &Self) {
        let written = self.sql("postgres", "select pg_current_wal_flush_lsn()");
        let has_all = format!("select pg_last_wal_replay_lsn() >= '{written}'");
        until("the standby has everything", || standby.sql("postgres", &has_all) == "t");
    }

    /// Makes a standby a primary.
    pub(crate) fn promote(&self) {
        assert_eq!(self.sql("postgres", "select pg_promote()"), "t");
    }

    /// Returns the number of Abaci's sessions.
    pub(crate) fn sessions(&self) -> usize {
        let query = format!("select count(*) from pg_stat_activity where usename = '{}'", Self::NAME);
        self.sql("postgres", &query).parse().expect("a number")
    }

    /// Runs a statement as the superuser and gives what it answers.
    pub(crate) fn sql(&self, database: &str, query: &str) -> String {
        run_to_end(self.psql(database, query))
    }

    /// Terminates Abaci's sessions, except those that [`session`](Self::session) opened.
    fn end_other_sessions(&self) {
        let query = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}' and application_name <> 'idle'",
            Self::NAME
        );
        self.sql("postgres", &query);
    }

    /// Opens an idle connection of Abaci's role, if one is left, with the start message of the protocol.
    pub(crate) fn session(&self) -> Option<TcpStream> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let parameters = format!("user\0{0}\0database\0{0}\0application_name\0idle\0\0", Self::NAME);
        let version = 3_u32 << 16;
        let length = (8 + parameters.len()) as u32;
        connection.write_all(&[&length.to_be_bytes(), &version.to_be_bytes(), parameters.as_bytes()].concat()).ok()?;
        loop {
            // A type, a length that includes itself, and the rest. `Z`: ready; `E`: refused.
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
        psql.env("PGSSLMODE", if self.certificate.is_some() { "require" } else { "disable" });
        psql.env("PGCONNECT_TIMEOUT", "5").env_remove("PGSERVICE");
        psql
    }

    fn server(&self) -> Command {
        let mut server = self.clock.command(&program_path("postgres", "postgresql"), "QUIT", user());
        self.add_settings(&mut server);
        server
    }

    fn add_settings(&self, server: &mut Command) {
        server.arg("-D").arg(self.data());
        server.args(["-p", &self.port.to_string()]);
        // These tests kill processes, not the machine: what reached the kernel is safe.
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            "shared_buffers=64MB",
            // A killed server leaves it behind; in its own folder it is deleted with the rest.
            "dynamic_shared_memory_type=mmap",
            &format!("max_connections={}", Self::MAX_CONNECTIONS),
        ] {
            server.args(["-c", setting]);
        }
        if let Some(certificate) = &self.certificate {
            let key = certificate.key_for(user(), self.directory.path());
            let hosts = self.directory.path().join("hosts");
            for (setting, file) in
                [("ssl_cert_file", &certificate.certificate), ("ssl_key_file", &key), ("hba_file", &hosts)]
            {
                server.args(["-c", &format!("{setting}={}", file.display())]);
            }
            server.args(["-c", "ssl=on"]);
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// TLS only; the superuser without, everyone else with a password.
const HOSTS_OVER_TLS: &str = "hostssl all postgres 127.0.0.1/32 trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

/// Makes a folder on a disk, with an empty folder for data.
fn folder(disk: &Path) -> TempDir {
    let directory = tempfile::tempdir_in(disk).expect("a temporary directory");
    let data = directory.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o711)).expect("a folder of ours");
    give_to_user(&data);
    directory
}

/// Gives data to the user that runs it, who accepts none that others may read.
fn give_to_user(data: &Path) {
    if let Some(user) = user() {
        let mut chown = Command::new("chown");
        chown.args(["--recursive", user]).arg(data);
        run_to_end(chown);
    }
    std::fs::set_permissions(data, PermissionsExt::from_mode(0o700)).expect("a folder of ours");
}

/// Returns the user that runs it, which must not be root.
fn user() -> Option<&'static str> {
    is_root().then_some("postgres")
}
