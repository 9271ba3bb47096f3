//! A program in a process group of its own that never outlives the test.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A running program. Dropped, it and everything it started is killed.
pub(crate) struct Process {
    child: Child,
    group: Pid,
}

impl Process {
    /// Starts what [`command`] made; what it says goes to the end of a file.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("the log can be written");
        let same = log.try_clone().expect("a file can be shared");
        command.stdin(Stdio::null()).stdout(log).stderr(same).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let group = Pid::from_child(&child);
        Self { child, group }
    }

    /// Sends a signal to the program and to all that it started and that stayed in its group or its family.
    pub(crate) fn signal(&self, signal: Signal) {
        // PostgreSQL's backends make groups of their own.
        for pid in descendants(self.group) {
            // It may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
        let _ = kill_process_group(self.group, signal);
    }

    /// Ends it as a power switch would, with all that it started.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// Asks the program itself, and not its children, to end, and waits until it has.
    pub(crate) fn terminate(mut self, signal: Signal) -> ExitStatus {
        kill_process(self.group, signal).expect("the process can be told");
        self.child.wait().expect("the process has ended")
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked for")
    }

    fn end(&mut self) {
        // A stopped process does not die of anything else.
        self.signal(Signal::KILL);
        // Already waited for, if it ended by itself.
        let _ = self.child.wait();
        // What the false clock of a killed program leaves behind, if it had one.
        for kind in ["faketime_shm", "sem.faketime_sem"] {
            let _ = std::fs::remove_file(format!("/dev/shm/{kind}_{}", self.group.as_raw_nonzero()));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// A command for a program that the kernel ends when this test is killed so hard that no destructor runs.
///
/// `ending` is the signal for that: to servers that have children, the one that makes them take them along.
/// It is sent when the *thread* that started the program ends, so programs are started from the test's own.
pub(crate) fn command(program: impl AsRef<OsStr>, ending: &str, user: Option<&str>) -> Command {
    let mut command = Command::new(program_path("setpriv", "util-linux"));
    command.args(["--pdeathsig", ending]);
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// Where a program is, or a failure that says what to install.
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

/// Runs a program to its end and gives what it wrote; a failure of it is a failure of the test.
pub(crate) fn output(mut command: Command) -> String {
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

/// Whether this test may do what only root may.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// All children of a process and their children.
fn descendants(ancestor: Pid) -> Vec<Pid> {
    let parents: Vec<(Pid, Pid)> = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name, in brackets, may hold anything; the state and the parent follow it.
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
