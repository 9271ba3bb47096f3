//! Work whose output is not left half-written by a signal.

use std::io;
use std::sync::Arc;

use super::output::ValueOutput;
use crate::process::signals::StopSignals;

/// Error for work that did not run to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InterruptibleError {
    /// The system refused a thread or a signal handler.
    #[error("cannot start the work")]
    Start(#[source] io::Error),
    /// The thread panicked. A bug.
    #[error("the work panicked; nothing was written")]
    Panicked,
}

/// Runs `work` on its own thread. Does not return after a signal: the part file is removed and the process ends.
pub(crate) fn run_interruptible<E: From<InterruptibleError> + Send + 'static>(
    output: ValueOutput,
    work: impl FnOnce(&ValueOutput) -> Result<(), E> + Send + 'static,
) -> Result<(), E> {
    let start = |error| E::from(InterruptibleError::Start(error));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(start)?;
    let output = Arc::new(output);
    let (finished, result) = tokio::sync::oneshot::channel();
    runtime.block_on(async {
        let mut signals = StopSignals::listen_to_all().map_err(start)?;
        let writer = Arc::clone(&output);
        std::thread::Builder::new()
            .name("command".to_owned())
            // The receiver is only dropped when the process is about to end.
            .spawn(move || _ = finished.send(work(&writer)))
            .map_err(start)?;
        tokio::select! {
            result = result => result.unwrap_or_else(|_| Err(InterruptibleError::Panicked.into())),
            code = signals.next() => output.abort(code),
        }
    })
}
