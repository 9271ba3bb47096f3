//! Child processes that never outlive the test.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A running program in its own process group. Dropping it kills it and everything it started.
pub(crate) struct ChildProcess {
    child: Child,
    group: Pid,
}

impl ChildProcess {
    /// Starts a command from [`command`]; its output is appended to a file.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("the log can be written");
        let same = log.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(log).stderr(same).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let group = Pid::from_child(&child);
        Self { child, group }
    }

    /// Sends a signal to the program, its process group and its descendants.
    pub(crate) fn signal(&self, signal: Signal) {
        // PostgreSQL's backends have their own process groups.
        for pid in descendants(self.group) {
            // It may have ended.
            let _ = kill_process(pid, signal);
        }
        let _ = kill_process_group(self.group, signal);
    }

    /// Kills it and everything it started.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Sends a signal to the program alone, and waits until it ends.
    pub(crate) fn terminate(mut self, signal: Signal) -> ExitStatus {
        kill_process(self.group, signal).expect("the process is alive");
        self.child.wait().expect("the process has ended")
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit status if it has ended.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    fn end(&mut self) {
        // A stopped process only reacts to SIGKILL.
        self.signal(Signal::KILL);
        // It may have been waited for already.
        let _ = self.child.wait();
        // libfaketime leaves these behind when its program is killed.
        for kind in ["faketime_shm", "sem.faketime_sem"] {
            let _ = std::fs::remove_file(format!("/dev/shm/{kind}_{}", self.group.as_raw_nonzero()));
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.end();
    }
}

/// Returns a command for a program that the kernel ends if this test is killed.
///
/// `death_signal` is the signal for that: for servers with children, one on which they end their children. It is
/// sent when the *thread* that started the program ends, so start programs from the test's own thread.
pub(crate) fn command(program: impl AsRef<OsStr>, death_signal: &str, user: Option<&str>) -> Command {
    let mut command = Command::new(program_path("setpriv", "util-linux"));
    command.args(["--pdeathsig", death_signal]);
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// Returns the path of a program, or fails with the package to install.
pub(crate) fn program_path(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.filter_map(|version| Some(version.ok()?.path().join("bin"))));
    }
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("`{name}` is not installed, and this test needs it: apt-get install {package}"))
}

/// Runs a program to its end and returns its output; fails if it fails.
pub(crate) fn run_to_end(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(from).arg(to);
    run_to_end(copy);
}

/// Returns whether the test runs as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns all descendants of a process.
fn descendants(ancestor: Pid) -> Vec<Pid> {
    let parents: Vec<(Pid, Pid)> = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name, in brackets, may contain anything; the state and the parent follow it.
            let parent: i32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((Pid::from_raw(pid)?, Pid::from_raw(parent)?))
        })
        .collect();
    let mut family = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|(_, its)| *its == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    family.split_off(1)
}
