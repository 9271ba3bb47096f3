//! Runs the executable as a child process.

use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Returns a command with these arguments and an empty environment.
pub(crate) fn abaci(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abaci"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Returns a command that starts a role on free ports.
pub(crate) fn role(name: &str, data: &Path) -> Command {
    let mut command = abaci(&[name]);
    command.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0").env("ABACI_DATA_DIR", data);
    command
}

/// The result of a command that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Finished {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Finished { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs `abaci ARGUMENTS` to its end on a terminal, and types the answer. util-linux's `script` makes the terminal; its
/// output has what both streams print.
pub(crate) fn finish_on_terminal(arguments: &str, environment: &[(&str, &str)], answer: &str) -> Finished {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(answer.as_bytes()).and_then(|()| file.rewind()).expect("written");
    let mut script = Command::new("script");
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_abaci"));
    script.args(["--quiet", "--return", "--command", &command, "/dev/null"]);
    script.envs(environment.iter().copied()).stdin(file);
    finish(script)
}

/// A running role. Dropping it kills the process.
pub(crate) struct Running {
    pub(crate) child: Child,
    /// The printed addresses (`host:port`), the internal one last.
    addresses: Vec<String>,
}

impl Running {
    /// Starts a role and reads its addresses.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut running = Self { child, addresses: Vec::new() };
        for line in lines {
            let line = line.expect("text");
            running.addresses.push(line.split_once("http://").expect("an address").1.to_owned());
            if line.starts_with("Health and metrics") {
                return running;
            }
        }
        let mut stderr = String::new();
        running.log().read_to_string(&mut stderr).expect("text");
        panic!("it ended before it was ready: {stderr}");
    }

    /// Returns the public address.
    pub(crate) fn public(&self) -> &str {
        &self.addresses[0]
    }

    /// Returns the address of health and metrics.
    pub(crate) fn internal(&self) -> &str {
        self.addresses.last().expect("at least one")
    }

    /// Sends `GET` to the internal address and returns the whole response.
    pub(crate) fn get_internal(&self, path: &str) -> String {
        get(self.internal(), path)
    }

    /// Returns a reader of the log. Call it once.
    pub(crate) fn log(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child.stderr.take().expect("piped, and taken once"))
    }

    /// Sends SIGTERM and checks that the process ends with 0.
    pub(crate) fn stop(&mut self) {
        send_signal(&self.child, Signal::TERM);
        assert_eq!(exit_code(&mut self.child, Duration::from_secs(20)), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request with these header lines and body, and returns the whole response.
pub(crate) fn request(address: &str, request: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .expect("sent");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response in time");
    response
}

/// Sends `GET` and returns the whole response.
pub(crate) fn get(address: &str, path: &str) -> String {
    request(address, &format!("GET {path}"), "", "")
}

/// Returns the file names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Sends a signal to a child.
pub(crate) fn send_signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("the child is alive");
}

/// Returns whether the process has installed a handler for a signal.
pub(crate) fn catches(child: &Child, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it is alive");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("Linux reports it");
    let caught = u64::from_str_radix(caught.trim(), 16).expect("a mask");
    caught & (1 << (signal.as_raw() - 1)) != 0
}

/// Waits until a child ends, and returns its exit code; `None` if a signal ended it.
pub(crate) fn exit_code(child: &mut Child, timeout: Duration) -> Option<i32> {
    let mut status = None;
    wait_for("it ends", timeout, || {
        status = child.try_wait().expect("it is our child");
        status.is_some()
    });
    status.and_then(|status| status.code())
}

/// Waits until a condition holds, or fails after 10 s.
pub(crate) fn until(what: &str, condition: impl FnMut() -> bool) {
    wait_for(what, Duration::from_secs(10), condition);
}

fn wait_for(what: &str, timeout: Duration, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < timeout, "not within {timeout:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
