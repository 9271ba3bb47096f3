//! SIGTERM and Ctrl-C: the first asks to stop in order, a second one ends the process at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the shell reports of a process that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;
/// What the shell reports of a process that was asked to terminate.
pub(crate) const TERMINATED: u8 = 143;

/// The signals that ask to stop, listened to from the making of this on.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Listens. Inside a Tokio runtime.
    ///
    /// # Errors
    /// When the system lets no more signals be listened to.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one and gives the exit code that stands for it.
    pub(crate) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}
