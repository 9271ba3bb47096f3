//! Standard output that reports every failed write.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::fd::AsFd;

const BUFFER_BYTES: usize = 256 * 1024;

/// Error of standard output.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output")]
pub(crate) struct StdoutError(#[from] io::Error);

/// Writes what `text` writes to standard output. A reader that closes early is not an error.
pub(crate) fn print(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), StdoutError> {
    match write_stdout(text) {
        Err(StdoutError(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes what `text` writes to standard output. Returns only after the system has accepted all of it.
///
/// [`io::stdout`] would report success when the descriptor cannot be written to.
pub(crate) fn write_stdout(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), StdoutError> {
    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    write_buffered(&file, text)?;
    // Some file systems report a full disk only here.
    if file.metadata()?.is_file() {
        file.sync_data()?;
    }
    Ok(())
}

/// Writes what `text` writes in large pieces.
pub(crate) fn write_buffered(to: impl Write, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, to);
    text(&mut buffer)?;
    buffer.flush()
}
