//! A clock that a test can set, for one server alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{command, program_path};

/// The wall clock of one process and its children; what counts durations goes on undisturbed.
pub(crate) struct FakeClock {
    file: PathBuf,
}

impl FakeClock {
    /// A clock that shows the right time, kept in a folder that the server can read.
    pub(crate) fn new(folder: &Path) -> Self {
        let clock = Self { file: folder.join("clock") };
        clock.step(0);
        clock
    }

    /// Sets it so many seconds off the right time.
    pub(crate) fn step(&self, secs: i64) {
        // Renamed into its place, so that nobody reads half of it.
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{secs:+}\n")).expect("the clock can be set");
        std::fs::rename(&new, &self.file).expect("the clock can be set");
    }

    /// [`command`](crate::process::command) for a program that goes by this clock.
    pub(crate) fn command(&self, program: &Path, ending: &str, user: Option<&str>) -> Command {
        // Not for `setpriv`: what it loads before it changes the user is not the new user's to read.
        let mut command = command(program_path("env", "coreutils"), ending, user);
        // Redis calls a memory allocator that asks for the time while it begins, before there is one.
        command.arg(format!("LD_PRELOAD={}:libc.so.6", library().display()));
        command.arg(format!("FAKETIME_TIMESTAMP_FILE={}", self.file.display()));
        command.args(["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"]).arg(program);
        command
    }
}

fn library() -> PathBuf {
    let folders = ["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime"];
    let mut files = folders.iter().map(|folder| Path::new(folder).join("libfaketime.so.1"));
    let found = files.find(|file| file.is_file());
    found.expect("`libfaketime` is not installed, and this test needs it: apt-get install libfaketime")
}
