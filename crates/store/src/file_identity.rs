//! The identity of an open file, to notice when another one is at its path.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The identity of a file or folder at the time it was opened.
///
/// Writes to a file that is removed, renamed or replaced while it is open are lost; so are those to the folder below a
/// volume that was unmounted.
#[derive(Clone, Debug)]
pub struct FileIdentity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// Returns the identity of what is at `path` now.
    ///
    /// # Errors
    /// Those of the system, if the path cannot be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() })
    }

    /// Returns the path at which the file was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the same file is still at its path. Takes one system call.
    ///
    /// # Errors
    /// `NotFound` if it was removed or replaced; otherwise those of the system.
    pub fn check(&self) -> io::Result<()> {
        let now = Self::of(&self.path)?;
        if (now.device, now.inode) == (self.device, self.inode) {
            return Ok(());
        }
        let message = format!("{} was replaced by another file", self.path.display());
        Err(io::Error::new(io::ErrorKind::NotFound, message))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_removed_renamed_or_replaced_file_is_another() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        fs::write(&path, "1").expect("written");
        let identity = FileIdentity::of(&path).expect("readable");
        fs::write(&path, "2").expect("written");
        identity.check().expect("the same file with other content");
        fs::rename(&path, folder.path().join("other")).expect("renamed");
        assert!(identity.check().is_err());
        fs::write(&path, "3").expect("written");
        assert!(identity.check().is_err());
        fs::rename(folder.path().join("other"), &path).expect("renamed back");
        identity.check().expect("the file is back");
    }
}
