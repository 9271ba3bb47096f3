//! `abaci serve` as its users see it: HTTP requests to the real program.
//!
//! `ABACI_TEST_URL` points the tests that need nothing but HTTP at a running system.

#![expect(clippy::disallowed_methods, reason = "the environment selects the system, and the number of kills")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "tests that print their measurements")]

mod backup;
mod crash;
mod defects;
mod inputs;
mod live;
mod pages;
mod path;
mod remote;
mod stack;
#[expect(dead_code, unused_imports, reason = "the other suites use the rest")]
#[path = "../support/mod.rs"]
mod support;
mod values;
