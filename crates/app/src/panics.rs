//! What a panic does: it is logged, and if a part of the system is lost by it, the process ends.
//!
//! A panic while answering one request costs that request. A slot or the sweep of the worker begins anew, and
//! the worker is not ready if it keeps breaking. A panic in any other part that runs for the life of
//! the process (a listener) would leave a system that accepts and never answers, so the
//! process stops in order and ends with 1: whoever supervises it starts it anew, and the record says
//! what is to be done. [`crate::parts`] watches them.

use std::panic::PanicHookInfo;

/// From now on panics are logged like everything else.
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
