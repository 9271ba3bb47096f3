//! Logging of panics.
//!
//! A panic in a request handler fails that request. A worker's slots and sweep restart after a panic, and the
//! worker is not ready if they keep panicking. A panic in any other task that runs for the life of the process
//! (a listener) shuts the process down with exit code 1, so that its supervisor restarts it: see
//! [`super::TaskSet`].

use std::panic::PanicHookInfo;

/// Installs a panic hook that logs panics like everything else.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(
        panic.location = location,
        panic.thread = thread.name().unwrap_or("unnamed"),
        backtrace = %std::backtrace::Backtrace::capture(),
        "panic at {location}: {message}"
    );
}
