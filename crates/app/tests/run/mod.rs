//! Runs the executable as a child and looks at it from outside.

#![expect(dead_code, reason = "every test file uses a part of it")]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The program with these arguments and none of our settings from outside.
pub(crate) fn abaci(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abaci"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn output(mut command: Command) -> Output {
    command.output().expect("the program runs")
}

/// What it printed.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// What it complained of.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// The names in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// What Ctrl-C sends.
pub(crate) fn interrupt(id: u32) {
    send(id, Signal::INT);
}

/// What a supervisor sends.
pub(crate) fn terminate(id: u32) {
    send(id, Signal::TERM);
}

fn send(id: u32, signal: Signal) {
    let pid = Pid::from_raw(id.try_into().expect("an id")).expect("not 0");
    kill_process(pid, signal).expect("it is our child and alive");
}

/// Whether the process has a handler for Ctrl-C by now.
pub(crate) fn catches_interrupts(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it is alive");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("Linux says so");
    let caught = u64::from_str_radix(caught.trim(), 16).expect("a mask");
    caught & (1 << 1) != 0
}

/// The exit code of a child that is to end by itself in time; `None` if a signal ended it.
pub(crate) fn exit_code_within_seconds(child: &mut Child, seconds: u64) -> Option<i32> {
    let mut status = None;
    within(seconds, "it ends", || {
        status = child.try_wait().expect("it is our child");
        status.is_some()
    });
    status.and_then(|status| status.code())
}

/// Waits until something is so, which must be soon.
pub(crate) fn until(what: &str, is_so: impl FnMut() -> bool) {
    within(10, what, is_so);
}

fn within(seconds: u64, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "not within {seconds} s: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
