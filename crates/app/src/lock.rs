//! One program at a time on a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The right to a data directory, given up when dropped, and by the system if the process dies.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
}

/// Why the directory could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another program has it: stop that one, or use another directory.
    #[error(
        "the data directory {} is in use by {holder}; stop that one, or choose another directory with ABACI_DATA_DIR",
        folder.display()
    )]
    Held {
        /// The directory.
        folder: PathBuf,
        /// Who holds it, as far as it has said.
        holder: String,
    },
    /// The directory cannot be made or written to.
    #[error("the data directory {} cannot be used", folder.display())]
    Unusable {
        /// The directory.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

const FILE_NAME: &str = "abaci.lock";

impl DirectoryLock {
    /// Takes the directory, making it if it is not there.
    ///
    /// # Errors
    /// `Held` if another program has it, `Unusable` if it cannot be made or written to.
    pub(crate) fn take(folder: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { folder: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            // Whoever holds it has written its name there.
            .truncate(false)
            .open(folder.join(FILE_NAME))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { folder: folder.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        let mut lock = Self { file };
        lock.sign(&format!("process {}", std::process::id())).map_err(unusable)?;
        Ok(lock)
    }

    /// Says where the holder is to be found, for whoever comes second.
    pub(crate) fn note_address(&mut self, url: &str) -> io::Result<()> {
        self.sign(&format!("process {} at {url}", std::process::id()))
    }

    fn sign(&mut self, name: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(name.as_bytes())
    }
}

fn holder(file: &mut File) -> String {
    let mut name = String::new();
    match Read::take(file, 200).read_to_string(&mut name) {
        Ok(_) if !name.trim().is_empty() => name.trim().escape_debug().to_string(),
        // Between its taking the lock and signing, or on a disk that cannot be read.
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_and_freed_by_dropping() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("new/data");
        let mut first = DirectoryLock::take(&folder).expect("nobody holds it");
        first.note_address("http://127.0.0.1:3050").expect("written");
        let second = DirectoryLock::take(&folder).expect_err("held").to_string();
        assert!(second.contains(&format!("process {} at http://127.0.0.1:3050", std::process::id())), "{second}");
        drop(first);
        DirectoryLock::take(&folder).expect("free again");
    }

    #[test]
    fn a_place_that_cannot_be_a_directory_is_said_to_be_unusable() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = DirectoryLock::take(file.path()).expect_err("a file is no directory");
        assert!(matches!(error, LockError::Unusable { .. }), "{error:?}");
    }
}
