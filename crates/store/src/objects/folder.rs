//! Writing a text to a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::ObjectError;
use super::text::Text;
use crate::metrics;

/// Bytes after which a file is synced. The disk has no more than this to write before it comes to what others sync, such
/// as the commits of a database.
const SYNC_BYTES: usize = 2 * 1024 * 1024;

/// Writes a text to `path`, whose folder exists. The file gets this name when it is complete and synced. Blocks the
/// thread; ends early when `is_abandoned` returns true.
pub(super) fn write(
    path: &Path,
    text: &dyn Text,
    size_bytes: u64,
    is_abandoned: impl Fn() -> bool,
) -> Result<(), ObjectError> {
    let (file, unfinished) = create_unfinished(path)?;
    let written = write_all(file, text, size_bytes, is_abandoned).and_then(|()| Ok(fs::rename(&unfinished, path)?));
    if written.is_err()
        && let Err(error) = fs::remove_file(&unfinished)
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "an unfinished file could not be removed");
    }
    written?;
    let folder = path.parent().map(File::open).transpose()?;
    Ok(folder.map_or(Ok(()), |folder| folder.sync_all())?)
}

fn write_all(
    mut file: File,
    text: &dyn Text,
    size_bytes: u64,
    is_abandoned: impl Fn() -> bool,
) -> Result<(), ObjectError> {
    let (mut written, mut unsynced) = (0, 0);
    for chunk in text.chunks() {
        if is_abandoned() {
            return Err(ObjectError::Unavailable("the write was abandoned".into()));
        }
        file.write_all(&chunk)?;
        metrics::object_bytes("written", chunk.len());
        written += chunk.len() as u64;
        unsynced += chunk.len();
        if unsynced >= SYNC_BYTES {
            file.sync_data()?;
            unsynced = 0;
        }
    }
    if written != size_bytes {
        return Err(ObjectError::Corrupt);
    }
    Ok(file.sync_all()?)
}

/// Creates a file with a name that [`leftovers`](super::leftovers) takes for unfinished, and that no other write uses.
fn create_unfinished(path: &Path) -> io::Result<(File, PathBuf)> {
    for number in 1_u32.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("#{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(file) => return Ok((file, name.into())),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
