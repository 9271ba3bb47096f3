//! A lock on the data directory: one process at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// A lock on a data directory, released when dropped, or by the system when the process dies.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
}

/// Error for a directory that cannot be locked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another process holds the lock: stop it, or use another directory.
    #[error(
        "the data directory {} is in use by {holder}; stop that process, or set another directory with ABACI_DATA_DIR",
        folder.display()
    )]
    Held {
        /// The directory.
        folder: PathBuf,
        /// The holder, as written in the lock file.
        holder: String,
    },
    /// The directory cannot be created or written to.
    #[error("cannot use the data directory {}", folder.display())]
    Unusable {
        /// The directory.
        folder: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

const FILE_NAME: &str = "abaci.lock";

impl DirectoryLock {
    /// Locks the directory, creating it if it does not exist.
    ///
    /// # Errors
    /// `Held` if another process holds the lock, `Unusable` if it cannot be created or written to.
    pub(crate) fn acquire(folder: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            // It may contain the name of its holder.
            .truncate(false)
            .open(Self::path(folder))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: folder.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let mut lock = Self { file };
        lock.write_holder(&format!("process {}", std::process::id())).map_err(unusable)?;
        Ok(lock)
    }

    /// Returns the path of the lock file in a directory.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join(FILE_NAME)
    }

    /// Adds the holder's address to the lock file, for the error of a second process.
    pub(crate) fn set_address(&mut self, url: &str) -> io::Result<()> {
        self.write_holder(&format!("process {} at {url}", std::process::id()))
    }

    fn write_holder(&mut self, name: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(name.as_bytes())
    }
}

fn holder(file: &mut File) -> String {
    let mut name = String::new();
    match Read::take(file, 200).read_to_string(&mut name) {
        Ok(_) if !name.trim().is_empty() => name.trim().escape_debug().to_string(),
        // Between locking and writing, or on an unreadable disk.
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_locked_by_one_process_and_released_by_dropping() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("new/data");
        let mut first = DirectoryLock::acquire(&folder).expect("it is free");
        first.set_address("http://127.0.0.1:3050").expect("written");
        let second = DirectoryLock::acquire(&folder).expect_err("held").to_string();
        assert!(second.contains(&format!("process {} at http://127.0.0.1:3050", std::process::id())), "{second}");
        drop(first);
        DirectoryLock::acquire(&folder).expect("free again");
    }

    #[test]
    fn a_path_that_cannot_be_a_directory_is_unusable() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = DirectoryLock::acquire(file.path()).expect_err("a file is no directory");
        assert!(matches!(error, LockError::Unusable { .. }), "{error:?}");
    }
}
