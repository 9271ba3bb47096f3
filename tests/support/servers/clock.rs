//! A wall clock that a test can set, for one process.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::process::{command, program_path};

/// The wall clock of one process and its children; the monotonic clock stays real.
pub(crate) struct FakeClock {
    file: PathBuf,
}

impl FakeClock {
    /// Creates a clock with the real time, in a folder that the process can read.
    pub(crate) fn new(folder: &Path) -> Self {
        let clock = Self { file: folder.join("clock") };
        clock.set_offset(0);
        clock
    }

    /// Sets it to the real time plus an offset.
    pub(crate) fn set_offset(&self, secs: i64) {
        // A rename is atomic for readers.
        let new = self.file.with_extension("new");
        std::fs::write(&new, format!("{secs:+}\n")).expect("the clock can be set");
        std::fs::rename(&new, &self.file).expect("the clock can be set");
    }

    /// Returns a [`command`] for a program that uses this clock.
    pub(crate) fn command(&self, program: &Path, death_signal: &str, user: Option<&str>) -> Command {
        // Set only after `setpriv` has changed the user, who owns libfaketime's shared memory then.
        let mut command = command(program_path("env", "coreutils"), death_signal, user);
        // Redis's allocator reads the time before libfaketime has found libc.
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
