//! Standard output that reports every failed write.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;

const BUFFER_BYTES: usize = 256 * 1024;

/// Writes what `text` writes to standard output. Returns only after the system has accepted all of it.
///
/// [`io::stdout`] would report success when the descriptor cannot be written to.
pub(crate) fn write_stdout(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, &file);
    text(&mut buffer)?;
    buffer.flush()?;
    // Some file systems report a full disk only here.
    if file.metadata()?.is_file() { file.sync_data() } else { Ok(()) }
}
