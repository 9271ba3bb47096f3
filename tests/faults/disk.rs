//! A small disk for long values, which can be filled.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{is_root, output};

/// Where long values go.
pub(crate) struct Disk {
    directory: TempDir,
    mounted: bool,
}

impl Disk {
    /// Twice the largest value that is asked for, and what a run stores; a run of hours makes room by itself.
    const SIZE_MIB: u64 = 512;

    /// A disk of its own where this test may mount one, else a folder that cannot be filled.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut disk = Self { directory, mounted: false };
        if is_root() {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &format!("size={}m,mode=0755", Self::SIZE_MIB), "abaci-values"]);
            disk.mounted = mount.arg(disk.directory.path()).status().is_ok_and(|status| status.success());
        }
        if !disk.mounted {
            let reason = "a full disk is not tried: only root may mount the small disk that it takes";
            // What is left out must be seen where it would count.
            assert!(std::env::var_os("CI").is_none(), "{reason}");
            println!("{reason}");
        }
        disk
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Whether [`fill`](Self::fill) can do anything.
    pub(crate) const fn can_be_filled(&self) -> bool {
        self.mounted
    }

    /// Takes all the room there is until the answer is dropped.
    pub(crate) fn fill(&self) -> Ballast {
        let path = self.path().join("ballast");
        let file = File::create(&path).expect("the disk can be written to");
        // In smaller and smaller steps, down to a page.
        let mut end = 0;
        let mut step = Self::SIZE_MIB << 20;
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
            output(umount);
        }
    }
}

/// What fills a disk.
pub(crate) struct Ballast {
    path: PathBuf,
}

impl Drop for Ballast {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).expect("the ballast can be thrown off");
    }
}

#[test]
fn a_full_disk_takes_nothing_until_it_is_relieved() {
    let disk = Disk::new();
    if disk.can_be_filled() {
        let file = disk.path().join("value");
        let ballast = disk.fill();
        std::fs::write(&file, [7; 8192]).expect_err("there is no room");
        drop(ballast);
        std::fs::write(&file, [7; 8192]).expect("there is room again");
    }
}
