//! Where the digits go: standard output, or a file that appears whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::ByteSize;

/// The destination of a value.
pub(crate) enum Output {
    Standard,
    File(WholeFile),
}

/// A file under another name until it is complete.
pub(crate) struct WholeFile {
    target: PathBuf,
    /// The unfinished file; `None` once it has its name, or is gone. Whoever is to give it its name or
    /// remove it holds the lock, so that an interruption cannot fall between the two.
    part: Mutex<Option<Part>>,
}

struct Part {
    path: PathBuf,
    file: File,
}

/// Why the value could not be put where it should go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The path leads to something that cannot be replaced by a file.
    #[error("{} is not a file; to write to a device or a pipe, redirect standard output to it", path.display())]
    NoFile {
        /// The path given.
        path: PathBuf,
    },
    /// The file cannot be made or written.
    #[error("{} cannot be written, and is as it was before", path.display())]
    File {
        /// The path given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk has no room for the digits.
    #[error(
        "{} needs {} of disk, of which {} are free",
        path.display(), ByteSize(*needed_bytes), ByteSize(*free_bytes)
    )]
    Room {
        /// The path given.
        path: PathBuf,
        /// What the digits take.
        needed_bytes: u64,
        /// What there is.
        free_bytes: u64,
    },
    /// Standard output takes no more.
    #[error("standard output cannot be written to")]
    Standard(#[source] io::Error),
}

impl Output {
    /// Makes sure of the destination before the work begins.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, OutputError> {
        path.map_or(Ok(Self::Standard), |path| WholeFile::begin(path).map(Self::File))
    }

    /// Fails if so many bytes will not fit on the disk.
    pub(crate) fn expect_room(&self, needed_bytes: u64) -> Result<(), OutputError> {
        let Self::File(WholeFile { target, .. }) = self else { return Ok(()) };
        // A file system that does not tell is tried.
        let Ok(stat) = rustix::fs::statvfs(parent(target)) else { return Ok(()) };
        let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        if needed_bytes > free_bytes {
            return Err(OutputError::Room { path: target.clone(), needed_bytes, free_bytes });
        }
        Ok(())
    }

    /// Writes what `text` writes, and a newline. When this returns, a file is on disk under its name.
    pub(crate) fn write(&self, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
        match self {
            Self::Standard => match write_line(io::stdout().lock(), text) {
                // The reader has what it wanted.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                result => result.map_err(OutputError::Standard),
            },
            Self::File(file) => file.complete(text),
        }
    }

    /// Ends the process with `code`, leaving no unfinished file.
    pub(crate) fn abandon(&self, code: u8) -> ! {
        let held = match self {
            Self::Standard => None,
            Self::File(file) => Some(file.remove()),
        };
        // Still under the lock: nobody can give a file its name any more.
        let _held = held;
        std::process::exit(code.into())
    }
}

impl WholeFile {
    fn begin(path: &Path) -> Result<Self, OutputError> {
        let failed = |source| OutputError::File { path: path.to_owned(), source };
        // A link is followed: what it points to is what gets the new content.
        let (target, permissions) = match fs::metadata(path) {
            Ok(there) if !there.is_file() => return Err(OutputError::NoFile { path: path.to_owned() }),
            Ok(there) => (fs::canonicalize(path).map_err(failed)?, Some(there.permissions())),
            Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(failed(error)),
        };
        let Some(name) = target.file_name() else { return Err(OutputError::NoFile { path: path.to_owned() }) };
        let mut part_name = std::ffi::OsString::from(".");
        part_name.push(name);
        part_name.push(format!(".{}.part", std::process::id()));
        let part = parent(&target).join(part_name);
        let file = OpenOptions::new().write(true).create_new(true).open(&part).map_err(failed)?;
        let whole = Self { target, part: Mutex::new(Some(Part { path: part, file })) };
        if let (Some(permissions), Some(part)) = (permissions, &*whole.lock()) {
            part.file.set_permissions(permissions).map_err(failed)?;
        }
        Ok(whole)
    }

    fn complete(&self, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
        let failed = |source| OutputError::File { path: self.target.clone(), source };
        let file = match &*self.lock() {
            Some(part) => part.file.try_clone().map_err(failed)?,
            None => return Err(failed(ErrorKind::NotFound.into())),
        };
        write_line(&file, text).and_then(|()| file.sync_all()).map_err(failed)?;
        let mut part = self.lock();
        if let Some(Part { path, .. }) = &*part {
            fs::rename(path, &self.target).map_err(failed)?;
            *part = None;
        }
        // The name is on disk only when its folder is.
        File::open(parent(&self.target)).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Removes what is unfinished, and keeps the lock for the caller.
    fn remove(&self) -> MutexGuard<'_, Option<Part>> {
        let mut part = self.lock();
        if let Some(Part { path, .. }) = part.take() {
            // It may have been removed by somebody else; there is nothing more to be done about it.
            let _ = fs::remove_file(path);
        }
        part
    }

    fn lock(&self) -> MutexGuard<'_, Option<Part>> {
        self.part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        drop(self.remove());
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn write_line(to: impl Write, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    const BUFFER_BYTES: usize = 256 * 1024;
    let mut to = BufWriter::with_capacity(BUFFER_BYTES, to);
    text(&mut to)?;
    to.write_all(b"\n")?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_gets_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("value");
        let output = Output::open(Some(&path)).expect("a new file");
        assert!(!path.exists());
        output.write(|to| to.write_all(b"55")).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"55\n");
        drop(output);
        assert_eq!(entries(folder.path()), ["value"]);
    }

    #[test]
    fn a_failure_half_way_leaves_the_old_content_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("value");
        fs::write(&path, "old").expect("written");
        let output = Output::open(Some(&path)).expect("it can be replaced");
        let result = output.write(|to| {
            to.write_all(&[b'1'; 1 << 20])?;
            Err(ErrorKind::StorageFull.into())
        });
        assert!(matches!(result, Err(OutputError::File { .. })), "{result:?}");
        drop(output);
        assert_eq!(fs::read(&path).expect("there"), b"old");
        assert_eq!(entries(folder.path()), ["value"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_target_gets_the_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").expect("written");
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        Output::open(Some(&link)).expect("a file").write(|to| to.write_all(b"55")).expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&target).expect("there"), b"55\n");
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path(), Path::new("/dev/null"), Path::new("/")] {
            assert!(matches!(Output::open(Some(path)), Err(OutputError::NoFile { .. })), "{}", path.display());
        }
    }

    #[test]
    fn more_than_the_disk_holds_is_refused_beforehand() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Output::open(Some(&folder.path().join("value"))).expect("a new file");
        assert!(matches!(output.expect_room(u64::MAX), Err(OutputError::Room { .. })));
        output.expect_room(1).expect("room for a digit");
    }
}
