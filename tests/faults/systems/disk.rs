//! A small disk, which a test can fill.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::process::{is_root, run_to_end};

/// A file system of its own.
pub(crate) struct Disk {
    directory: TempDir,
    size_mib: u64,
    mounted: bool,
}

impl Disk {
    /// Mounts a disk where the test may, else creates a folder, which cannot be filled.
    pub(crate) fn new(size_mib: u64) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut disk = Self { directory, size_mib, mounted: false };
        if is_root() {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &format!("size={size_mib}m,mode=0755"), "abaci-values"]);
            disk.mounted = mount.arg(disk.directory.path()).status().is_ok_and(|status| status.success());
        }
        if !disk.mounted {
            let reason = "the fault of a full disk is left out: only root can mount a small disk";
            // In CI, nothing may be left out silently.
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            println!("{reason}");
        }
        disk
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns whether [`fill`](Self::fill) works.
    pub(crate) const fn can_be_filled(&self) -> bool {
        self.mounted
    }

    /// Fills the disk until the result is dropped.
    pub(crate) fn fill(&self) -> Ballast {
        let path = self.path().join("ballast");
        let file = File::create(&path).expect("the disk can be written to");
        // In smaller and smaller steps, down to a page.
        let mut end = 0;
        let mut step = self.size_mib << 20;
        while step >= 4096 {
            match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), end, step) {
                Ok(()) => end += step,
                Err(_) => step /= 2,
            }
        }
        Ballast { path }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            let mut umount = Command::new("umount");
            umount.arg("--lazy").arg(self.directory.path());
            run_to_end(umount);
        }
    }
}

/// A file that fills a disk.
pub(crate) struct Ballast {
    path: PathBuf,
}

impl Drop for Ballast {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).expect("the ballast exists");
    }
}

#[test]
fn a_full_disk_rejects_writes_until_the_ballast_is_dropped() {
    let disk = Disk::new(64);
    if disk.can_be_filled() {
        let file = disk.path().join("value");
        let ballast = disk.fill();
        std::fs::write(&file, [7; 8192]).expect_err("no space");
        drop(ballast);
        std::fs::write(&file, [7; 8192]).expect("space again");
    }
}
