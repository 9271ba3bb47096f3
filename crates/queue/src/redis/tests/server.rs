//! A Redis of a test's own, on a socket in a folder that goes with it.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Connection};

pub(crate) struct Server {
    process: Option<Child>,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts an empty one and waits until it answers.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the socket");
        let mut server = Self { process: None, folder };
        server.start_again();
        server
    }

    /// Starts it empty on the same socket, after [`kill`](Self::kill).
    pub(crate) fn start_again(&mut self) {
        // The shell ends the server when this process ends, however that happens.
        let script = r#""$@" >/dev/null & read -r _; kill -9 $!; wait"#;
        let program = ["redis-server", "valkey-server"].into_iter().find(|program| is_installed(program));
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", program.expect("redis-server or valkey-server is installed")]);
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(self.socket());
        self.process = Some(command.stdin(Stdio::piped()).spawn().expect("a shell"));

        let began = Instant::now();
        while self.try_admin().is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "Redis starts");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it without a word; all it held is lost.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            process.wait().expect("the shell ends");
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::open(self.address()).expect("a good address")
    }

    pub(crate) fn address(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Asks it something, past the code under test.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.try_admin().expect("Redis is there");
        redis::cmd(command[0]).arg(&command[1..]).query(&mut connection).expect("Redis does it")
    }

    fn try_admin(&self) -> redis::RedisResult<Connection> {
        let mut connection = self.client().get_connection()?;
        redis::cmd("PING").exec(&mut connection)?;
        Ok(connection)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
