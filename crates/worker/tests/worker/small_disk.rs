//! A small disk that a test can fill.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A mounted `tmpfs`.
pub(crate) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts a disk of 4 MiB. Returns `None` where only root may mount.
    pub(crate) fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m,mode=0755", "abaci-test"]).arg(folder.path());
        if mount.output().is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self { folder });
        }
        assert!(std::env::var_os("CI").is_none(), "cannot mount a small disk: in CI this test must run as root");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills the disk until the guard is dropped.
    pub(crate) fn fill(&self) -> FillerFile {
        let path = self.path().join("ballast");
        std::fs::write(&path, vec![0; 8 << 20]).expect_err("it is larger than the disk");
        FillerFile(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
    }
}

/// The file that fills a disk.
pub(crate) struct FillerFile(PathBuf);

impl Drop for FillerFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("the file can be removed");
    }
}
