//! The migrations of the database.

use std::borrow::Cow;
use std::collections::HashMap;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;

use super::error::failed;
use super::settings::Migrations;
use crate::StoreError;

const MIGRATIONS: [(i64, &str, &str); 6] = [
    (1, "calculations", include_str!("../../migrations/postgres/0001_calculations.sql")),
    (2, "uncompressed texts", include_str!("../../migrations/postgres/0002_uncompressed_texts.sql")),
    (3, "checksums", include_str!("../../migrations/postgres/0003_checksums.sql")),
    (4, "submitters", include_str!("../../migrations/postgres/0004_submitters.sql")),
    (5, "texts", include_str!("../../migrations/postgres/0005_texts.sql")),
    (6, "indexes", include_str!("../../migrations/postgres/0006_indexes.sql")),
];

/// The database does not have the schema that this version needs.
#[derive(Debug, thiserror::Error)]
enum SchemaError {
    #[error("the database lacks migration {version}; run `abaci migrate`")]
    Missing { version: i64 },
    #[error("migration {version} was applied with another text")]
    Differs { version: i64 },
}

/// Applies what is missing, or verifies that nothing is. Migrations of a newer version are left as they are, so that a
/// rollback starts: every migration only adds what older versions may ignore, until no version that needs the old
/// schema is left. Processes that start together take turns under the database's advisory lock.
pub(super) async fn run(connection: &mut PgConnection, migrations: Migrations) -> Result<(), StoreError> {
    let steps = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    match migrations {
        Migrations::Apply => {
            // A migration that waits for a table blocks every later statement on it: better to fail.
            sqlx::query("select set_config('lock_timeout', '1s', false), set_config('statement_timeout', '0', false)")
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
            let mut migrator = Migrator::with_migrations(steps.to_vec());
            migrator.set_ignore_missing(true);
            // `run` would do, but its future is not Send.
            let applied = migrator.run_direct(None, connection, false).await;
            applied.map_err(|error| match error {
                sqlx::migrate::MigrateError::Execute(error) => failed(error),
                sqlx::migrate::MigrateError::ExecuteMigration(error, _) => failed(error),
                error => StoreError::Corrupt(error.into()),
            })
        }
        Migrations::Verify => verify(connection, &steps).await,
    }
}

async fn verify(connection: &mut PgConnection, steps: &[Migration]) -> Result<(), StoreError> {
    let exists: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let applied: HashMap<i64, Vec<u8>> = if exists {
        let applied: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("select version, checksum from _sqlx_migrations where success")
                .fetch_all(connection)
                .await
                .map_err(failed)?;
        applied.into_iter().collect()
    } else {
        HashMap::new()
    };
    for Migration { version, checksum, .. } in steps {
        let version = *version;
        match applied.get(&version) {
            Some(found) if found == checksum.as_ref() => {}
            Some(_) => return Err(StoreError::Corrupt(SchemaError::Differs { version }.into())),
            None => return Err(StoreError::Corrupt(SchemaError::Missing { version }.into())),
        }
    }
    Ok(())
}
