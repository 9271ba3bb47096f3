//! The destination of the digits: standard output, or a file that is replaced only once complete.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, MutexGuard};
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::stdout::{StdoutError, print, write_buffered};
use crate::config::ByteSize;

/// The destination of a value.
pub(crate) enum ValueOutput {
    Stdout,
    File(AtomicFile),
}

/// A file without a name, or with a temporary one, until it is complete.
pub(crate) struct AtomicFile {
    target: PathBuf,
    part_path: PathBuf,
    /// The unfinished file; `None` once renamed or removed. Renaming and removing hold the lock, so that they
    /// exclude each other.
    part: Mutex<Option<PartFile>>,
}

/// An unfinished file.
struct PartFile {
    file: File,
    /// Whether it has the temporary name. Where the file system allows it, it has none, and no signal can leave it behind.
    is_named: bool,
}

/// Error for a destination that cannot be written to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The path is a directory, a device or a pipe.
    #[error("{} is not a regular file; to write to a device or a pipe, redirect standard output to it", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file cannot be created or written.
    #[error("cannot write {}, which is unchanged", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The disk has too little free space.
    #[error(
        "{} needs {} of disk space, but only {} are free",
        path.display(), ByteSize(*needed_bytes), ByteSize(*free_bytes)
    )]
    DiskSpace {
        /// The path.
        path: PathBuf,
        /// The size of the digits.
        needed_bytes: u64,
        /// The free space.
        free_bytes: u64,
    },
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

impl ValueOutput {
    /// Opens the destination, before the work starts. Without a path, or with `-`, it is standard output.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, OutputError> {
        match path.filter(|path| *path != Path::new("-")) {
            None => Ok(Self::Stdout),
            Some(path) => AtomicFile::create(path).map(Self::File),
        }
    }

    /// Returns an error if the disk has less free space than needed.
    pub(crate) fn check_free_space(&self, needed_bytes: u64) -> Result<(), OutputError> {
        let Self::File(AtomicFile { target, .. }) = self else { return Ok(()) };
        // Some file systems do not report it.
        let Ok(stat) = rustix::fs::statvfs(folder_of(target)) else { return Ok(()) };
        let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        if needed_bytes > free_bytes {
            return Err(OutputError::DiskSpace { path: target.clone(), needed_bytes, free_bytes });
        }
        Ok(())
    }

    /// Writes what `text` writes. When this returns, the file is complete and on disk.
    pub(crate) fn write(&self, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
        match self {
            Self::Stdout => Ok(print(text)?),
            Self::File(file) => file.complete(text),
        }
    }

    /// Removes the part file and ends the process with `code`.
    pub(crate) fn abort(&self, code: u8) -> ! {
        let guard = match self {
            Self::Stdout => None,
            Self::File(file) => Some(file.remove()),
        };
        // The lock is still held: the file cannot be renamed any more.
        let _guard = guard;
        std::process::exit(code.into())
    }
}

impl AtomicFile {
    fn create(path: &Path) -> Result<Self, OutputError> {
        let failed = |source| OutputError::File { path: path.to_owned(), source };
        // A symbolic link stays; its target is replaced.
        let (target, permissions) = match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => return Err(OutputError::NotAFile { path: path.to_owned() }),
            Ok(metadata) => (fs::canonicalize(path).map_err(failed)?, Some(metadata.permissions())),
            Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
            Err(error) => return Err(failed(error)),
        };
        let Some(name) = target.file_name() else { return Err(OutputError::NotAFile { path: path.to_owned() }) };
        let mut part_name = std::ffi::OsString::from(".");
        part_name.push(name);
        part_name.push(format!(".{}.part", std::process::id()));
        let part_path = folder_of(&target).join(part_name);
        let part = PartFile::create(folder_of(&target), &part_path, permissions).map_err(failed)?;
        Ok(Self { target, part_path, part: Mutex::new(Some(part)) })
    }

    fn complete(&self, text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), OutputError> {
        let failed = |source| OutputError::File { path: self.target.clone(), source };
        let file = match &*self.part.lock() {
            Some(part) => part.file.try_clone().map_err(failed)?,
            None => return Err(failed(ErrorKind::NotFound.into())),
        };
        write_buffered(&file, text).and_then(|()| file.sync_all()).map_err(failed)?;
        let mut part = self.part.lock();
        if let Some(part) = &mut *part {
            part.set_name(&self.part_path).map_err(failed)?;
            fs::rename(&self.part_path, &self.target).map_err(failed)?;
        }
        *part = None;
        // The rename is on disk only once the folder is synced.
        File::open(folder_of(&self.target)).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Removes the part file and returns the lock.
    fn remove(&self) -> MutexGuard<'_, Option<PartFile>> {
        let mut part = self.part.lock();
        if part.take().is_some_and(|part| part.is_named) {
            // It may have been removed already.
            let _ = fs::remove_file(&self.part_path);
        }
        part
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        drop(self.remove());
    }
}

impl PartFile {
    fn create(folder: &Path, path: &Path, permissions: Option<Permissions>) -> io::Result<Self> {
        let mode = Mode::from_raw_mode(0o666);
        let part = match rustix::fs::open(folder, OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC, mode) {
            Ok(descriptor) => Self { file: File::from(descriptor), is_named: false },
            // Not every file system has unnamed files.
            Err(_) => Self { file: OpenOptions::new().write(true).create_new(true).open(path)?, is_named: true },
        };
        if let Some(permissions) = permissions {
            part.file.set_permissions(permissions)?;
        }
        Ok(part)
    }

    /// Gives the file its temporary name.
    fn set_name(&mut self, path: &Path) -> io::Result<()> {
        if !self.is_named {
            let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            rustix::fs::linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW)?;
            self.is_named = true;
        }
        Ok(())
    }
}

/// Returns the folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
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
    fn a_file_gets_its_name_only_when_it_is_complete() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("value");
        let output = ValueOutput::open(Some(&path)).expect("a new file");
        assert!(!path.exists());
        output.write(|to| to.write_all(b"55\n")).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"55\n");
        drop(output);
        assert_eq!(entries(folder.path()), ["value"]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_content_and_no_part_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("value");
        fs::write(&path, "old").expect("written");
        let output = ValueOutput::open(Some(&path)).expect("it can be replaced");
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
    fn a_symbolic_link_stays_and_its_target_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").expect("written");
        std::os::unix::fs::symlink(&target, &link).expect("linked");
        ValueOutput::open(Some(&link)).expect("a file").write(|to| to.write_all(b"55\n")).expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&target).expect("there"), b"55\n");
    }

    #[test]
    fn only_regular_files_are_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path(), Path::new("/dev/null"), Path::new("/")] {
            assert!(matches!(ValueOutput::open(Some(path)), Err(OutputError::NotAFile { .. })), "{}", path.display());
        }
    }

    #[test]
    fn too_little_free_space_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = ValueOutput::open(Some(&folder.path().join("value"))).expect("a new file");
        assert!(matches!(output.check_free_space(u64::MAX), Err(OutputError::DiskSpace { .. })));
        output.check_free_space(1).expect("space for a digit");
    }
}
