//! PostgreSQL, Redis and nginx on free ports, with temporary data.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process, kill_process_group};

/// A server or a role as a process. Dropping it ends the process.
pub struct BenchProcess {
    child: Child,
    ended_by: Signal,
    log: PathBuf,
}

impl BenchProcess {
    /// Starts a program that shuts down on the signal `ended_by`; its output goes to `<name>.log` in the folder.
    pub fn start(mut command: Command, folder: &Path, name: &str, ended_by: Signal) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).expect("our own folder");
        command.stdin(Stdio::null()).stderr(output.try_clone().expect("a second handle")).stdout(output);
        // A group of its own, so that its children can be killed with it.
        let child =
            command.process_group(0).spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Self { child, ended_by, log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it and its children at once.
    pub fn kill(&self) {
        kill_process_group(Pid::from_child(&self.child), Signal::KILL).expect("it runs");
    }

    /// Returns its output so far.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until a condition holds.
    pub fn until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !condition(self) {
            let ended = self.child.try_wait().expect("our own child");
            assert!(ended.is_none() && Instant::now() < end, "not within 60 s: {what}; its output:\n{}", self.output());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for BenchProcess {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = kill_process(Pid::from_child(&self.child), self.ended_by);
        self.child.wait().expect("it has ended");
    }
}

/// Returns a command whose process gets `signal` when this process ends.
pub fn bound_command(program: impl AsRef<Path>, signal: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal, "--"]).arg(program.as_ref());
    command
}

/// PostgreSQL with its default durability.
pub struct BenchPostgres {
    pub port: u16,
    session: Mutex<PostgresSession>,
    server: BenchProcess,
}

/// A `psql` that stays connected: a new connection for each query costs PostgreSQL milliseconds of processor time.
struct PostgresSession {
    psql: Child,
    answers: BufReader<ChildStdout>,
}

impl PostgresSession {
    fn open(port: u16) -> Self {
        let mut psql = client_of(port, "psql");
        psql.args(["-d", "abaci", "-Atqn", "-v", "ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut psql = psql.spawn().expect("psql starts");
        let answers = BufReader::new(psql.stdout.take().expect("piped"));
        Self { psql, answers }
    }

    /// Returns the single value of a query.
    fn query(&mut self, query: &str) -> String {
        let mut answer = String::new();
        writeln!(self.psql.stdin.as_ref().expect("piped"), "{query};").expect("psql reads");
        self.answers.read_line(&mut answer).expect("psql answers");
        answer.trim_end().to_owned()
    }
}

impl Drop for PostgresSession {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

impl BenchPostgres {
    pub fn process(&self) -> u32 {
        self.server.id()
    }

    pub fn start(folder: &Path) -> Self {
        let (data, port) = (folder.join("postgres"), free_port());
        let as_owner = |signal: Option<&str>| {
            let mut command = Command::new("setpriv");
            if getuid().is_root() {
                // PostgreSQL refuses to run as root.
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
            }
            if let Some(signal) = signal {
                command.args(["--pdeathsig", signal]);
            }
            command.arg("--");
            command
        };
        if getuid().is_root() {
            succeed(Command::new("install").args(["-d", "-o", "postgres"]).arg(&data));
        }
        let mut initdb = as_owner(None);
        initdb.args(["initdb", "--username=abaci", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D"]).arg(&data);
        succeed(&mut initdb);
        // On INT it does not wait for its sessions.
        let mut server = as_owner(Some("INT"));
        server.arg("postgres").arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=on",
            "synchronous_commit=on",
            "full_page_writes=on",
        ] {
            server.args(["-c", setting]);
        }
        let mut server = BenchProcess::start(server, folder, "postgres", Signal::INT);
        server.until("PostgreSQL responds", |_| {
            client_of(port, "createdb").arg("abaci").output().is_ok_and(|output| output.status.success())
        });
        Self { port, session: Mutex::new(PostgresSession::open(port)), server }
    }

    /// Returns a command of one of its client programs.
    pub fn client(&self, program: &str) -> Command {
        client_of(self.port, program)
    }

    /// Executes a statement that returns nothing.
    pub fn execute(&self, statement: &str) {
        succeed(self.client("psql").args(["-d", "abaci", "-qc", statement]));
    }

    /// Returns the single value of a query.
    pub fn query(&self, query: &str) -> String {
        self.session.lock().expect("no query panicked").query(query)
    }
}

fn client_of(port: u16, program: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "abaci"]);
    command
}

/// A Redis.
pub struct BenchRedis {
    pub port: u16,
    server: BenchProcess,
}

impl BenchRedis {
    pub fn process(&self) -> u32 {
        self.server.id()
    }

    /// Starts one without persistence.
    pub fn start(folder: &Path) -> Self {
        Self::with(folder, &["--appendonly", "no"])
    }

    /// Starts one that writes each command to the disk before it answers.
    pub fn durable(folder: &Path) -> Self {
        Self::with(folder, &["--appendonly", "yes", "--appendfsync", "always"])
    }

    fn with(folder: &Path, persistence: &[&str]) -> Self {
        let port = free_port();
        let mut server = bound_command("redis-server", "TERM");
        server.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]).args(persistence);
        server.args(["--maxmemory-policy", "noeviction", "--dir"]).arg(folder);
        let mut server = BenchProcess::start(server, folder, "redis", Signal::TERM);
        server.until("Redis responds", |_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        Self { port, server }
    }
}

/// An nginx.
pub struct BenchNginx {
    /// `host:port`.
    pub address: String,
    server: BenchProcess,
}

impl BenchNginx {
    pub fn process(&self) -> u32 {
        self.server.id()
    }

    /// Starts nginx with the production configuration, in front of an API and a client.
    pub fn router(folder: &Path, name: &str, api: &str, client: &str) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut server = bound_command("nginx/run", "TERM");
        server.arg(folder.join(name)).env("ABACI_ROUTER_LISTEN", &address);
        server.env("ABACI_API_UPSTREAM", api).env("ABACI_CLIENT_UPSTREAM", client);
        Self::started(server, folder, name, address)
    }

    /// Starts an upstream with a constant response.
    pub fn constant(folder: &Path, answer: &str) -> Self {
        let (address, prefix) = (format!("127.0.0.1:{}", free_port()), folder.join("constant"));
        fs::create_dir(&prefix).expect("our own folder");
        let configuration = format!(
            "daemon off; pid nginx.pid; worker_processes auto; error_log stderr warn; events {{ worker_connections 1024; }}\n\
             http {{ access_log off; default_type application/json; keepalive_requests 1000000000;\n\
             client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d; scgi_temp_path e;\n\
             server {{ listen {address} backlog=1024; location / {{ return 200 '{answer}'; }} }} }}\n"
        );
        fs::write(prefix.join("nginx.conf"), configuration).expect("our own folder");
        let mut server = bound_command("nginx", "TERM");
        server.arg("-p").arg(&prefix).arg("-c").arg(prefix.join("nginx.conf"));
        Self::started(server, folder, "constant", address)
    }

    fn started(server: Command, folder: &Path, name: &str, address: String) -> Self {
        let mut server = BenchProcess::start(server, folder, name, Signal::TERM);
        server.until("nginx responds", |_| TcpStream::connect(&address).is_ok());
        Self { address, server }
    }
}

/// Returns a temporary folder that other users can read, for PostgreSQL and nginx.
pub fn own_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("it is ours");
    folder
}

/// Returns the version that a program prints.
pub fn version_of(program: &str, flag: &str) -> String {
    let output = Command::new(program).arg(flag).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    // nginx prints it on standard error.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    words.filter(|word| word.contains('.')).map(|word| word.trim_matches('.')).next().unwrap_or("?").to_owned()
}

/// Runs a program to its end and returns its standard output.
pub fn output_of(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn succeed(command: &mut Command) {
    output_of(command);
}

/// Returns a free port below the kernel's ephemeral ports.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
    let first = std::process::id() as u16 % 10_000;
    loop {
        let port = 12_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
