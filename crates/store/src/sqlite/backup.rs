//! Copies of the file, made while another process uses it.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::error::failed;
use super::{BUSY_TIMEOUT, SqliteStore};
use crate::StoreError;

impl SqliteStore {
    /// Copies the database at `from` into the empty file at `to`, as it is at one moment. Its process may write
    /// meanwhile. The copy is one file without a write-ahead file, and is not synced.
    ///
    /// # Errors
    /// `Unavailable` when a file cannot be opened, `Full` when the disk is full, `Corrupt` when a page is damaged.
    pub async fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
        let mut connection = open_read_only(from).await?;
        // A path that is not UTF-8 cannot be a parameter; SQLite then reports that it cannot open the other one.
        sqlx::query("vacuum into $1").bind(to.to_string_lossy()).execute(&mut connection).await.map_err(failed)?;
        connection.close().await.map_err(failed)
    }

    /// Checks every page and index of the database at `path`. Returns the number of its calculations.
    ///
    /// # Errors
    /// `Corrupt` when it is damaged or not a store, `Unavailable` when it cannot be opened.
    pub async fn check(path: &Path) -> Result<u64, StoreError> {
        let mut connection = open_read_only(path).await?;
        let findings: Vec<String> =
            sqlx::query_scalar("pragma integrity_check").fetch_all(&mut connection).await.map_err(failed)?;
        if findings != ["ok"] {
            return Err(StoreError::Corrupt(findings.join("; ").into()));
        }
        let count: i64 =
            sqlx::query_scalar("select count(*) from calculations").fetch_one(&mut connection).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        Ok(count.unsigned_abs())
    }
}

async fn open_read_only(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
    options.connect().await.map_err(failed)
}
