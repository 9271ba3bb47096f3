//! `abaci backup` and `abaci restore`: what they refuse, and what they leave behind.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::program::{Finished, Running, abaci, finish, names_in, role};

/// A data directory with an empty database, and a folder for backups.
struct Folders {
    root: TempDir,
}

impl Folders {
    fn new() -> Self {
        let folders = Self { root: tempfile::tempdir().expect("a folder") };
        fs::create_dir(folders.path("backups")).expect("created");
        assert_eq!(folders.run(&["migrate"]).code, Some(0));
        folders
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = abaci(arguments);
        command.env("ABACI_DATA_DIR", self.path("data")).current_dir(self.path("")).env("RUST_BACKTRACE", "0");
        finish(command)
    }

    fn refused(&self, arguments: &[&str], code: i32, reason: &str) {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(code), "{finished:?}");
        assert!(finished.stderr.contains(reason), "{finished:?}");
    }
}

#[test]
fn a_backup_and_a_restore_leave_one_file_each() {
    let folders = Folders::new();
    let finished = folders.run(&["backup", "backups/b"]);
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(0), "backups/b: 0 calculations, checked\n"),
        "{finished:?}"
    );
    assert_eq!(names_in(&folders.path("backups")), ["b"]);
    fs::remove_dir_all(folders.path("data")).expect("removed");
    let finished = folders.run(&["restore", "backups/b"]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(names_in(&folders.path("data")), ["abaci.lock", "abaci.sqlite", "values"]);
}

#[test]
fn a_backup_and_a_restore_are_told_as_json() {
    let folders = Folders::new();
    let data = folders.path("data").display().to_string();
    for (arguments, expected) in [
        (&["migrate", "--json"][..], json!({"database": format!("{data}/abaci.sqlite")})),
        (&["backup", "backups/b", "--json"], json!({"file": "backups/b", "calculations": 0})),
        (
            &["restore", "backups/b", "--force", "--json"],
            json!({"directory": data, "calculations": 0, "missing_values": 0}),
        ),
    ] {
        let finished = folders.run(arguments);
        assert_eq!((finished.code, finished.stdout), (Some(0), format!("{expected}\n")), "{arguments:?}");
    }
}

#[test]
fn an_existing_file_is_replaced_only_by_force() {
    let folders = Folders::new();
    fs::write(folders.path("backups/b"), "other").expect("written");
    folders.refused(&["backup", "backups/b"], 2, "backups/b exists; --force replaces it");
    assert_eq!(fs::read(folders.path("backups/b")).expect("read"), b"other");
    assert_eq!(folders.run(&["backup", "backups/b", "--force"]).code, Some(0));
    folders.refused(&["restore", "backups/b"], 2, "abaci.sqlite exists; --force replaces it");
    assert_eq!(folders.run(&["restore", "backups/b", "--force"]).code, Some(0));
}

#[test]
fn a_restore_is_refused_while_the_database_is_in_use() {
    let folders = Folders::new();
    assert_eq!(folders.run(&["backup", "backups/b"]).code, Some(0));
    let serving = Running::start(role("serve", &folders.path("data")));
    folders.refused(&["restore", "backups/b", "--force"], 1, &format!("is in use by process {}", serving.child.id()));
    assert_eq!(folders.run(&["backup", "backups/b", "--force"]).code, Some(0));
}

#[test]
fn what_is_no_backup_replaces_nothing() {
    let folders = Folders::new();
    let database = folders.path("data/abaci.sqlite");
    let before = fs::read(&database).expect("read");
    fs::write(folders.path("text"), "no database, but long enough to be taken for the header of one".repeat(99))
        .expect("written");
    folders.refused(&["restore", "text", "--force"], 1, "cannot read the database text");
    folders.refused(&["restore", "missing", "--force"], 1, "cannot use missing");
    fs::write(folders.path("empty"), "").expect("written");
    folders.refused(&["restore", "empty", "--force"], 1, "cannot read the database empty");
    assert_eq!(folders.run(&["backup", "damaged"]).code, Some(0));
    damage(&folders.path("damaged"));
    folders.refused(&["restore", "damaged", "--force"], 1, "cannot read the database damaged");
    assert_eq!(fs::read(&database).expect("read"), before);
    let parts = names_in(&folders.path("data")).into_iter().filter(|name| name.ends_with(".part"));
    assert_eq!(parts.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_backup_never_replaces_its_own_database() {
    let folders = Folders::new();
    folders.refused(&["backup", "data/abaci.sqlite", "--force"], 2, "is the database itself");
    folders.refused(&["backup", "nowhere/b"], 1, "cannot use nowhere/b");
    fs::remove_dir_all(folders.path("data")).expect("removed");
    folders.refused(&["backup", "backups/b"], 1, "abaci.sqlite");
    assert!(names_in(&folders.path("backups")).is_empty());
}

/// Overwrites every page but the first with zeros.
fn damage(database: &Path) {
    let mut bytes = fs::read(database).expect("read");
    bytes[4096..].fill(0);
    fs::write(database, bytes).expect("written");
}
