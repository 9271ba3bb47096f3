//! Detects that the data directory was removed, renamed or replaced while the process uses it.
//!
//! The open files would still work, but everything written to them is lost with the process.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use store::FileIdentity;

/// The files of a data directory, as they were when the process opened them.
#[derive(Debug)]
pub(crate) struct DirectoryWatch {
    files: Vec<FileIdentity>,
    is_replaced: AtomicBool,
}

/// Error for a data directory that is not the one that the process has open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not the file that this process has open: it was removed, renamed or replaced", path.display())]
pub(crate) struct DirectoryReplaced {
    path: PathBuf,
}

impl DirectoryWatch {
    /// Remembers files that the process has open.
    ///
    /// # Errors
    /// When a file does not exist.
    pub(crate) fn new(paths: impl IntoIterator<Item = PathBuf>) -> io::Result<Self> {
        let files = paths.into_iter().map(|path| FileIdentity::of(&path)).collect::<io::Result<_>>()?;
        Ok(Self { files, is_replaced: AtomicBool::new(false) })
    }

    /// Returns an error if a file is no longer at its path. Logs when that changes.
    pub(crate) fn check(&self) -> Result<(), DirectoryReplaced> {
        let replaced = self.files.iter().find(|file| file.check().is_err());
        let was_replaced = self.is_replaced.swap(replaced.is_some(), Ordering::Relaxed);
        match replaced {
            None => {
                if was_replaced {
                    tracing::info!("the data directory is back");
                }
                Ok(())
            }
            Some(file) => {
                let error = DirectoryReplaced { path: file.path().to_owned() };
                if !was_replaced {
                    tracing::error!(%error, "the data directory is gone; nothing is accepted until it is back or abaci is restarted");
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_removed_renamed_or_replaced_file_is_an_error_until_it_is_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        let _open = fs::File::create(&path).expect("created");
        let watch = DirectoryWatch::new([path.clone()]).expect("it exists");
        assert_eq!(watch.check(), Ok(()));
        fs::rename(&path, &other).expect("renamed");
        assert_eq!(watch.check(), Err(DirectoryReplaced { path: path.clone() }));
        fs::copy(&other, &path).expect("copied");
        assert!(watch.check().is_err(), "a copy is another file");
        fs::rename(&other, &path).expect("renamed back");
        assert_eq!(watch.check(), Ok(()));
    }
}
