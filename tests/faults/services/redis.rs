//! A Redis that keeps nothing on disk, as ElastiCache does by default.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{FakeClock, free_port, until};
use crate::process::{Process, program_path};

/// A Redis server.
pub(crate) struct Redis {
    pub(crate) port: u16,
    pub(crate) clock: FakeClock,
    directory: TempDir,
    log: PathBuf,
    process: Option<Process>,
}

impl Redis {
    pub(crate) fn start(log: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = FakeClock::new(directory.path());
        let mut redis = Self { port: free_port(), clock, directory, log, process: None };
        redis.restart();
        redis
    }

    /// Ends it as a power switch would.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it, empty, if it does not run; returns when it answers.
    pub(crate) fn restart(&mut self) {
        if self.process.is_none() {
            let mut server = self.clock.command(&program_path("redis-server", "redis-server"), "KILL", None);
            server.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            server.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(self.directory.path());
            self.process = Some(Process::start(server, &self.log));
        }
        until("Redis answers", || self.ask("PING").is_some_and(|answer| answer == "+PONG"));
    }

    /// Stops it in its tracks or lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("Redis runs").signal(signal);
    }

    /// Forgets everything while running.
    pub(crate) fn flush(&self) {
        assert_eq!(self.ask("FLUSHALL").as_deref(), Some("+OK"));
    }

    /// The first line of the answer to a command.
    pub(crate) fn ask(&self, command: &str) -> Option<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        connection.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }
}

#[test]
fn redis_comes_back_empty_and_goes_by_its_own_clock() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let mut redis = Redis::start(logs.path().join("redis.log"));
    assert_eq!(redis.ask("SET a 1").as_deref(), Some("+OK"));
    assert_eq!(redis.ask("DBSIZE").as_deref(), Some(":1"));
    redis.flush();
    assert_eq!(redis.ask("DBSIZE").as_deref(), Some(":0"));

    assert_eq!(redis.ask("SET a 1 EX 600").as_deref(), Some("+OK"));
    redis.clock.step(3_600);
    until("a key of ten minutes is gone an hour later", || redis.ask("EXISTS a").as_deref() == Some(":0"));
    redis.clock.step(0);

    assert_eq!(redis.ask("SET a 1").as_deref(), Some("+OK"));
    redis.kill();
    assert_eq!(redis.ask("PING"), None);
    redis.restart();
    assert_eq!(redis.ask("DBSIZE").as_deref(), Some(":0"));
}
