//! The migrations of the database.

use std::borrow::Cow;
use std::collections::HashMap;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::error::failed;
use super::settings::Migrations;
use crate::StoreError;

const MIGRATIONS: [(i64, &str, &str); 7] = [
    (1, "calculations", include_str!("../../migrations/postgres/0001_calculations.sql")),
    (2, "uncompressed texts", include_str!("../../migrations/postgres/0002_uncompressed_texts.sql")),
    (3, "checksums", include_str!("../../migrations/postgres/0003_checksums.sql")),
    (4, "submitters", include_str!("../../migrations/postgres/0004_submitters.sql")),
    (5, "texts", include_str!("../../migrations/postgres/0005_texts.sql")),
    (6, "indexes", include_str!("../../migrations/postgres/0006_indexes.sql")),
    (7, "row checks", include_str!("../../migrations/postgres/0007_row_checks.sql")),
];

/// How long a migration waits for a table: one that waits blocks every later statement on it. Better to fail.
const LOCK_TIMEOUT: &str = "1s";
/// Migrations that create this index and nothing else. Where there are rows, it is built while rows are written.
const INDEXES: [(i64, &str); 2] = [(5, "calculations_texts"), (6, "calculations_idx")];

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
        Migrations::Apply => apply(connection, steps.to_vec()).await.map_err(|error| match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(error),
            error => StoreError::Corrupt(error.into()),
        }),
        Migrations::Verify => verify(connection, &steps).await,
    }
}

async fn apply(connection: &mut PgConnection, steps: Vec<Migration>) -> Result<(), MigrateError> {
    set_timeout(connection, "statement_timeout", "0").await?;
    set_timeout(connection, "lock_timeout", LOCK_TIMEOUT).await?;
    if !has_rows(connection).await? {
        return migrate(connection, steps, None).await;
    }
    connection.lock().await?;
    for part in steps.chunk_by(|one, next| index_of(one).is_some() == index_of(next).is_some()) {
        let indexes: Vec<&str> = part.iter().filter_map(index_of).collect();
        let target = part.last().map(|step| step.version);
        if indexes.is_empty() {
            migrate(connection, steps.clone(), target).await?;
            continue;
        }
        // Waiting for long transactions, it delays no statement of others.
        set_timeout(connection, "lock_timeout", "0").await?;
        for index in indexes {
            drop_unfinished(connection, index).await?;
        }
        migrate(connection, steps.iter().map(concurrently).collect(), target).await?;
        set_timeout(connection, "lock_timeout", LOCK_TIMEOUT).await?;
    }
    connection.unlock().await
}

async fn migrate(
    connection: &mut PgConnection,
    steps: Vec<Migration>,
    target: Option<i64>,
) -> Result<(), MigrateError> {
    let mut migrator = Migrator::with_migrations(steps);
    migrator.set_ignore_missing(true);
    // `run` would do, but its future is not Send.
    migrator.run_direct(target, connection, false).await
}

async fn set_timeout(connection: &mut PgConnection, name: &str, timeout: &str) -> sqlx::Result<()> {
    let setting = sqlx::query("select set_config($1, $2, false)").bind(name).bind(timeout);
    setting.execute(connection).await.map(drop)
}

async fn has_rows(connection: &mut PgConnection) -> sqlx::Result<bool> {
    let exists: bool =
        sqlx::query_scalar("select to_regclass('calculations') is not null").fetch_one(&mut *connection).await?;
    if !exists {
        return Ok(false);
    }
    sqlx::query_scalar("select exists (select 1 from calculations)").fetch_one(connection).await
}

fn index_of(step: &Migration) -> Option<&'static str> {
    INDEXES.iter().find(|(version, _)| *version == step.version).map(|(_, index)| *index)
}

/// Returns a migration that builds its index without locking the table, under the checksum of its own text.
fn concurrently(step: &Migration) -> Migration {
    let mut step = step.clone();
    if index_of(&step).is_some() {
        let sql = step.sql.as_str().replace("create index ", "create index concurrently if not exists ");
        step.sql = AssertSqlSafe(sql).into_sql_str();
        step.no_tx = true;
    }
    step
}

/// Drops an index whose build was interrupted: it is there, but no query uses it.
async fn drop_unfinished(connection: &mut PgConnection, index: &str) -> sqlx::Result<()> {
    let is_unfinished = sqlx::query_scalar(
        "select exists (select 1 from pg_index where indexrelid = to_regclass($1) and not indisvalid)",
    );
    if is_unfinished.bind(index).fetch_one(&mut *connection).await? {
        let drop = AssertSqlSafe(format!("drop index concurrently {index}"));
        sqlx::query(drop).execute(connection).await?;
    }
    Ok(())
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
