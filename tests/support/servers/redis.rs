//! A Redis server without persistence, as ElastiCache is by default.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::super::process::{ChildProcess, program_path, run_to_end};
use super::{FakeClock, ServerCertificate, free_port, until};

/// A Redis server.
pub(crate) struct RedisServer {
    pub(crate) port: u16,
    pub(crate) clock: FakeClock,
    directory: TempDir,
    /// With one, it requires TLS.
    certificate: Option<ServerCertificate>,
    log: PathBuf,
    process: Option<ChildProcess>,
}

impl RedisServer {
    /// Starts a server without authentication.
    pub(crate) fn start(log: PathBuf) -> Self {
        Self::start_with(None, log)
    }

    /// Starts a server that requires TLS.
    pub(crate) fn secured(certificate: ServerCertificate, log: PathBuf) -> Self {
        Self::start_with(Some(certificate), log)
    }

    fn start_with(certificate: Option<ServerCertificate>, log: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let clock = FakeClock::new(directory.path());
        let mut redis = Self { port: free_port(), clock, directory, certificate, log, process: None };
        redis.restart();
        redis
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it, empty, if it is not running; returns when it responds.
    pub(crate) fn restart(&mut self) {
        if self.process.is_none() {
            let mut server = self.clock.command(&program_path("redis-server", "redis-server"), "KILL", None);
            let port = self.port.to_string();
            match &self.certificate {
                None => server.args(["--port", &port]),
                Some(ServerCertificate { certificate, key, .. }) => {
                    server.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
                    server.arg("--tls-cert-file").arg(certificate).arg("--tls-key-file").arg(key)
                }
            };
            server.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            server.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(self.directory.path());
            self.process = Some(ChildProcess::start(server, &self.log));
        }
        until("Redis responds", || match self.certificate {
            None => self.command("PING").is_some_and(|answer| answer == "+PONG"),
            Some(_) => self.tls_client(&["PING"]).output().is_ok_and(|answer| answer.stdout == b"PONG\n"),
        });
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("Redis runs").signal(signal);
    }

    /// Deletes all keys.
    pub(crate) fn flush(&self) {
        assert_eq!(self.command("FLUSHALL").as_deref(), Some("+OK"));
    }

    /// Returns a client of one command over TLS, as the default user unless a user is given.
    pub(crate) fn tls_client(&self, words: &[&str]) -> Command {
        let authority = &self.certificate.as_ref().expect("a server with TLS").authority;
        let mut client = Command::new(program_path("redis-cli", "redis-tools"));
        client.args(["--no-auth-warning", "--tls", "--sni", "localhost", "-p", &self.port.to_string(), "--cacert"]);
        client.arg(authority).args(words);
        client
    }

    /// Creates a user with these rights, and disables the default user.
    pub(crate) fn allow_only(&self, rights: &[&str]) {
        assert_eq!(run_to_end(self.tls_client(&[&["ACL", "SETUSER"], rights].concat())), "OK");
        assert_eq!(run_to_end(self.tls_client(&["ACL", "SETUSER", "default", "off"])), "OK");
    }

    /// Flips the lowest bit of a digit in the newest value whose key matches a pattern, if there is one.
    pub(crate) fn flip_in_value(&self, pattern: &str) {
        const SCRIPT: &str = r#"
            local keys = redis.call('KEYS', ARGV[1])
            if #keys == 0 then return 0 end
            if redis.call('TYPE', keys[1]).ok ~= 'string' then return 0 end
            local value = redis.call('GET', keys[1])
            local _, second = string.find(value, 'first_digits":"%d%d')
            if not second then return 0 end
            local digit = bit.bxor(string.byte(value, second), 1)
            redis.call('SETRANGE', keys[1], second - 1, string.char(digit))
            return 1"#;
        let mut client = Command::new(program_path("redis-cli", "redis-tools"));
        client.args(["-p", &self.port.to_string(), "EVAL", SCRIPT, "0", pattern]);
        let flipped = run_to_end(client);
        assert!(flipped == "0" || flipped == "1", "{flipped}");
    }

    /// Sends a command and returns the first line of the response.
    pub(crate) fn command(&self, command: &str) -> Option<String> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        connection.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }
}
