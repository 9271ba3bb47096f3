//! SQLite keeps the contract, and what only a file can do: be opened again.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::contract::LIMITS;

async fn fresh() -> (TempDir, Arc<dyn Store>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    (folder, Arc::new(store))
}

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("record.sqlite"), LIMITS).await.expect("opened")
}

mod contract {
    crate::store_keeps_the_contract!(super::fresh);
}
