//! `abaci backup` and `abaci restore`: the database of `abaci serve` as one file.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;
use store::{SqliteStore, StoreError, StoreLimits, ValueError, Values};
use tempfile::{NamedTempFile, TempPath};

use super::output::folder_of;
use super::stdout::{StdoutError, print};
use crate::backends::{DirectoryLock, LockError, ValuesError, database_path, open_objects};
use crate::config::{BackendArgs, DataArgs, DataDirArgs, Mode, ModeError};

/// Copy the database in the data directory to a file, as it is at one moment, and check the copy. `serve` may run.
///
/// The file has every calculation, and the values up to 64 KiB. Longer values are files of their own in the folder
/// `values` and not part of it: those that are missing after a restore are computed again when they are requested.
#[derive(Args, Debug)]
pub(crate) struct BackupCommand {
    /// The file. It has this name only once it is complete and checked.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE if it exists.
    #[arg(long)]
    force: bool,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    directory: DataDirArgs,
    #[command(flatten)]
    backend: BackendArgs,
}

/// Put a backup in place of the database in the data directory. `serve` must be stopped.
///
/// Long values in the data directory stay; those that are missing are computed again when they are requested.
/// Calculations that were unfinished at the time of the backup are queued when `serve` starts.
#[derive(Args, Debug)]
pub(crate) struct RestoreCommand {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the database if there is one. What it has and the backup lacks is lost.
    #[arg(long)]
    force: bool,
    /// Print a JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    backend: BackendArgs,
}

/// Error of a backup or a restore. Neither the database nor an existing backup was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// The settings contradict each other.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// The database is PostgreSQL.
    #[error(
        "expected the SQLite database of `abaci serve`, got PGHOST; \
         back up and restore PostgreSQL with its own tools, or set ABACI_MODE=embedded"
    )]
    Postgres,
    /// The destination exists.
    #[error("{} exists; --force replaces it", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// The backup would replace the database that it copies.
    #[error("{} is the database itself; name another file", path.display())]
    Itself {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file is not a store that can be read.
    #[error("cannot read the database {}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: StoreError,
    },
    /// A copy cannot be made.
    #[error("cannot copy {} to {}", from.display(), to.display())]
    Copy {
        /// The source.
        from: PathBuf,
        /// The destination.
        to: PathBuf,
        /// The cause.
        source: StoreError,
    },
    /// Another process holds the data directory, or it cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The folder or bucket of values cannot be used.
    #[error(transparent)]
    Values(#[from] ValuesError),
    /// The long values cannot be looked up.
    #[error("cannot look for the values of the backup")]
    MissingValues(#[source] ValueError),
    /// Standard output cannot be written to.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
    /// The system refused a thread or the like.
    #[error("cannot start the process")]
    Start(#[source] io::Error),
}

impl BackupCommand {
    pub(crate) fn run(self) -> Result<(), BackupError> {
        require_sqlite(&self.backend)?;
        let calculations = block_on(self.back_up())?;
        if self.json {
            return say(&json!({"file": self.file, "calculations": calculations}).to_string());
        }
        say(&format!("{}: {calculations} calculations, checked", self.file.display()))
    }

    async fn back_up(&self) -> Result<u64, BackupError> {
        let database = database_path(&self.directory.path);
        let identity = fs::metadata(&database).map_err(file_error(&database))?;
        match fs::metadata(&self.file) {
            Ok(found) if (found.dev(), found.ino()) == (identity.dev(), identity.ino()) => {
                return Err(BackupError::Itself { path: self.file.clone() });
            }
            Ok(_) if !self.force => return Err(BackupError::Exists { path: self.file.clone() }),
            _ => {}
        }
        let copy = copy_beside(&database, &self.file).await?;
        let calculations = check(&copy).await?;
        publish(copy, &self.file, self.force)?;
        Ok(calculations)
    }
}

impl RestoreCommand {
    pub(crate) fn run(self) -> Result<(), BackupError> {
        require_sqlite(&self.backend)?;
        let _lock = DirectoryLock::acquire(&self.data.directory.path)?;
        let (calculations, missing) = block_on(self.restore())?;
        let directory = &self.data.directory.path;
        if self.json {
            let restored = json!({"directory": directory, "calculations": calculations, "missing_values": missing});
            return say(&restored.to_string());
        }
        say(&format!(
            "{}: {calculations} calculations; {missing} long values are missing, and computed again when requested",
            directory.display()
        ))
    }

    async fn restore(&self) -> Result<(u64, u64), BackupError> {
        let database = database_path(&self.data.directory.path);
        if !self.force && fs::exists(&database).map_err(file_error(&database))? {
            return Err(BackupError::Exists { path: database });
        }
        let calculations = check(&self.file).await?;
        // Everything is done to a copy, so that a failure or a crash changes nothing.
        let copy = copy_beside(&self.file, &database).await?;
        let missing = self.evict_missing(&copy).await?;
        give_to_owner_of(&self.data.directory.path, &copy)?;
        // The old database's write-ahead file would be applied to the new one.
        for suffix in ["-wal", "-shm"] {
            remove_if_exists(&with_suffix(&database, suffix))?;
        }
        publish(copy, &database, self.force)?;
        Ok((calculations, missing))
    }

    /// Migrates the copy, and marks long values that the data directory does not have.
    async fn evict_missing(&self, copy: &Path) -> Result<u64, BackupError> {
        let database_error = |source| BackupError::Database { path: self.file.clone(), source };
        // Nothing is submitted, so the limit has no effect.
        let store = SqliteStore::open(copy, StoreLimits { max_queued: 0 }).await.map_err(database_error)?;
        let store = Arc::new(store);
        let values = Values::new(Arc::clone(&store) as _, open_objects(&self.data)?, None);
        let missing = values.evict_missing().await;
        store.close().await;
        missing.map_err(BackupError::MissingValues)
    }
}

impl BackupError {
    /// Returns whether an argument or a setting must be changed.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        matches!(self, Self::Mode(_) | Self::Postgres | Self::Exists { .. } | Self::Itself { .. })
    }
}

fn require_sqlite(backend: &BackendArgs) -> Result<(), BackupError> {
    match backend.store_mode()? {
        Mode::Embedded => Ok(()),
        Mode::Distributed => Err(BackupError::Postgres),
    }
}

fn block_on<T>(work: impl Future<Output = Result<T, BackupError>>) -> Result<T, BackupError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(BackupError::Start)?.block_on(work)
}

/// Copies a database to a temporary file in the folder of `target`, readable by its owner only.
async fn copy_beside(from: &Path, target: &Path) -> Result<TempPath, BackupError> {
    let copy = tempfile::Builder::new().prefix(".abaci-").suffix(".part").tempfile_in(folder_of(target));
    let copy = copy.map(NamedTempFile::into_temp_path).map_err(file_error(target))?;
    let copied = SqliteStore::copy(from, &copy).await;
    copied.map_err(|source| BackupError::Copy { from: from.to_owned(), to: target.to_owned(), source })?;
    Ok(copy)
}

/// Checks every page of a database. Returns the number of its calculations.
async fn check(path: &Path) -> Result<u64, BackupError> {
    fs::metadata(path).map_err(file_error(path))?;
    SqliteStore::check(path).await.map_err(|source| BackupError::Database { path: path.to_owned(), source })
}

/// Gives a file on disk its name, and returns when that is on disk too.
fn publish(file: TempPath, target: &Path, force: bool) -> Result<(), BackupError> {
    let failed = file_error(target);
    File::open(&file).and_then(|file| file.sync_all()).map_err(&failed)?;
    let named = if force { file.persist(target) } else { file.persist_noclobber(target) };
    named.map_err(|error| failed(error.error))?;
    File::open(folder_of(target)).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Root restores for the user of the service.
fn give_to_owner_of(directory: &Path, file: &Path) -> Result<(), BackupError> {
    let (directory, owner) = (fs::metadata(directory).map_err(file_error(directory))?, fs::metadata(file));
    let owner = owner.map_err(file_error(file))?;
    if (directory.uid(), directory.gid()) == (owner.uid(), owner.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(file, Some(directory.uid()), Some(directory.gid())).map_err(file_error(file))
}

fn remove_if_exists(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(path)(error)),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path: path.clone(), source }
}

fn say(text: &str) -> Result<(), BackupError> {
    Ok(print(|to| writeln!(to, "{text}"))?)
}
