//! A Redis server of a test's own, on a Unix socket in a temporary folder.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Connection, FromRedisValue, RedisResult};
use tempfile::TempDir;

/// A running Redis or Valkey server. Dropping it kills it.
pub struct RedisTestServer {
    process: Option<Child>,
    folder: TempDir,
    options: Vec<String>,
}

#[expect(clippy::missing_panics_doc, reason = "a test fails by panicking")]
impl RedisTestServer {
    /// Starts an empty server and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts an empty server with more options.
    pub fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the socket");
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let mut server = Self { process: None, folder, options };
        server.restart();
        server
    }

    /// Starts an empty server on the same socket, after [`kill`](Self::kill).
    pub fn restart(&mut self) {
        // The shell kills the server when this process ends, however that happens.
        let script = r#""$@" >/dev/null & read -r _; kill -9 $!; wait"#;
        let program = ["redis-server", "valkey-server"].into_iter().find(|program| is_installed(program));
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh", program.expect("redis-server or valkey-server is installed")]);
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(self.socket());
        command.arg("--dir").arg(self.folder.path()).args(&self.options);
        self.process = Some(command.stdin(Stdio::piped()).spawn().expect("a shell"));

        let began = Instant::now();
        while self.try_connect().is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "Redis starts");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills the server; all its data is lost.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.stdin.take());
            process.wait().expect("the shell ends");
        }
    }

    /// Returns a client of the server.
    pub fn client(&self) -> Client {
        Client::open(self.address()).expect("a valid address")
    }

    /// Returns the address of the server.
    pub fn address(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Runs a command on a connection of its own.
    pub fn run<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.try_connect().expect("Redis answers");
        redis::cmd(command[0]).arg(&command[1..]).query(&mut connection).expect("the command succeeds")
    }

    /// Creates the user whose rights a module's documentation lists, for keys below `test`, and returns its client.
    pub fn client_with_documented_rights(&self, source: &str) -> Client {
        let command: String = source
            .lines()
            .skip_while(|line| !line.contains("ACL SETUSER"))
            .take_while(|line| !line.contains("```"))
            .map(|line| line.trim_start_matches("//!"))
            .collect();
        self.run::<()>(&command.replace("<prefix>", "test").split_whitespace().collect::<Vec<_>>());
        Client::open(format!("{}?user=abaci&pass=password", self.address())).expect("a valid address")
    }

    fn try_connect(&self) -> RedisResult<Connection> {
        let mut connection = self.client().get_connection()?;
        redis::cmd("PING").exec(&mut connection)?;
        Ok(connection)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

impl Drop for RedisTestServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
