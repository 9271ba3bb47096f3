//! A Redis that keeps nothing on disk, as ElastiCache does by default.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{FakeClock, Identity, free_port, until};
use crate::process::{Process, output, program_path};

/// A Redis server.
pub(crate) struct Redis {
    pub(crate) port: u16,
    pub(crate) clock: FakeClock,
    directory: TempDir,
    /// With one, it is reached over TLS alone.
    identity: Option<Identity>,
    log: PathBuf,
    process: Option<Process>,
}

impl Redis {
    /// A server that lets in whoever comes.
    pub(crate) fn start(log: PathBuf) -> Self {
        Self::begin(None, log)
    }

    /// A server that is reached over TLS alone.
    pub(crate) fn secured(identity: Identity, log: PathBuf) -> Self {
        Self::begin(Some(identity), log)
    }

    fn begin(identity: Option<Identity>, log: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = FakeClock::new(directory.path());
        let mut redis = Self { port: free_port(), clock, directory, identity, log, process: None };
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
            let port = self.port.to_string();
            match &self.identity {
                None => server.args(["--port", &port]),
                Some(Identity { certificate, key, .. }) => {
                    server.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                    server.arg("--tls-cert-file").arg(certificate).arg("--tls-key-file").arg(key)
                }
            };
            server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            server.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(self.directory.path());
            self.process = Some(Process::start(server, &self.log));
        }
        until("Redis answers", || match self.identity {
            None => self.ask("PING").is_some_and(|answer| answer == "+PONG"),
            Some(_) => self.over_tls(&["PING"]).output().is_ok_and(|answer| answer.stdout == b"PONG\n"),
        });
    }

    /// Stops it in its tracks or lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("Redis runs").signal(signal);
    }

    /// Forgets everything while running.
    pub(crate) fn flush(&self) {
        assert_eq!(self.ask("FLUSHALL").as_deref(), Some("+OK"));
    }

    /// A client that says one thing over TLS, as the default user unless it says who it is.
    pub(crate) fn over_tls(&self, words: &[&str]) -> Command {
        let authority = &self.identity.as_ref().expect("a server with TLS").authority;
        let mut client = Command::new(program_path("redis-cli", "redis-tools"));
        client.args(["--no-auth-warning", "--tls", "--sni", "localhost", "-p", &self.port.to_string(), "--cacert"]);
        client.arg(authority).args(words);
        client
    }

    /// Lets a user in with these rights, and nobody without a name any more.
    pub(crate) fn let_in_only(&self, rights: &[&str]) {
        assert_eq!(output(self.over_tls(&[&["ACL", "SETUSER"], rights].concat())), "OK");
        assert_eq!(output(self.over_tls(&["ACL", "SETUSER", "default", "off"])), "OK");
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
