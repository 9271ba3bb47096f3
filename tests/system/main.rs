//! The system as its users meet it: HTTP against the real program, started as a process of its own.
//!
//! `ABACI_TEST_URL` points the tests that need nothing but HTTP at a stack that runs already.

#![expect(clippy::disallowed_methods, reason = "the environment says which stack to test, and how long")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what was measured is worth reading")]

mod crash;
mod defects;
mod inputs;
mod live;
mod oracle;
mod pages;
mod path;
mod stack;
mod values;
