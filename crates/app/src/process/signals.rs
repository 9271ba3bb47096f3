//! Signals that stop the process: for a role, SIGTERM and Ctrl-C, of which the first asks for a graceful shutdown and
//! the second ends the process at once; for a command, every signal that would end it.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that end a process and can be handled, as Linux numbers them: HUP, INT, QUIT, USR1, USR2, ALRM, TERM, XCPU,
/// XFSZ, VTALRM, PROF, IO and PWR.
const ENDING: [u8; 13] = [1, 2, 3, 10, 12, 14, 15, 24, 25, 26, 27, 29, 30];
/// INT and TERM.
const STOPPING: [u8; 2] = [2, 15];
/// Shells report the end by a signal as this plus its number.
const SIGNAL_EXIT_CODE: u8 = 128;

/// Handlers of the signals that stop the process.
pub(crate) struct StopSignals {
    signals: Vec<(Signal, u8)>,
}

impl StopSignals {
    /// Installs handlers of SIGINT and SIGTERM. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(crate) fn listen() -> io::Result<Self> {
        Self::listen_to(&STOPPING)
    }

    /// Installs handlers of every signal that would end the process. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub(crate) fn listen_to_all() -> io::Result<Self> {
        Self::listen_to(&ENDING)
    }

    fn listen_to(numbers: &[u8]) -> io::Result<Self> {
        let listen = |&number: &u8| Ok((signal(SignalKind::from_raw(number.into()))?, SIGNAL_EXIT_CODE + number));
        Ok(Self { signals: numbers.iter().map(listen).collect::<io::Result<_>>()? })
    }

    /// Waits for the next signal and returns its exit code.
    pub(crate) async fn next(&mut self) -> u8 {
        poll_fn(|context| {
            let received = self.signals.iter_mut().find_map(|(signal, code)| match signal.poll_recv(context) {
                Poll::Ready(_) => Some(*code),
                Poll::Pending => None,
            });
            received.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
