//! The steps that bring a database to the form this version writes.

use std::borrow::Cow;
use std::collections::HashMap;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnection;

use super::settings::Migrations;
use crate::StoreError;

const STEPS: [(i64, &str, &str); 2] = [
    (1, "record", include_str!("../../migrations/postgres/0001_record.sql")),
    (2, "texts as they are", include_str!("../../migrations/postgres/0002_texts_as_they_are.sql")),
];

/// The database is not of the form that this version needs.
#[derive(Debug, thiserror::Error)]
enum FormError {
    #[error("the database lacks migration {version}; run `abaci migrate`")]
    Lacks { version: i64 },
    #[error("migration {version} was applied in another form")]
    Differs { version: i64 },
}

/// Applies what is missing, or makes sure that nothing is. Steps of a newer version are left as they are, so
/// that a rollback starts: every step only adds what older versions may ignore, until no version that needs
/// the old form is left. Processes that start together take turns under the database's advisory lock.
pub(super) async fn settle(connection: &mut PgConnection, migrations: Migrations) -> Result<(), StoreError> {
    let steps = STEPS.map(|(version, name, sql)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    match migrations {
        Migrations::Apply => {
            // A step that waits for a table makes all who come after it wait too; rather none at all.
            sqlx::query("set lock_timeout = '1s'").execute(&mut *connection).await.map_err(super::failed)?;
            let mut migrator = Migrator::with_migrations(steps.to_vec());
            migrator.set_ignore_missing(true);
            // All of them. `run`, which says no more, makes a future that tasks cannot hold.
            let applied = migrator.run_direct(None, connection, false).await;
            applied.map_err(|error| match error {
                sqlx::migrate::MigrateError::Execute(error) => super::failed(error),
                sqlx::migrate::MigrateError::ExecuteMigration(error, _) => super::failed(error),
                error => StoreError::Corrupt(error.into()),
            })
        }
        Migrations::Verify => verify(connection, &steps).await,
    }
}

async fn verify(connection: &mut PgConnection, steps: &[Migration]) -> Result<(), StoreError> {
    let is_there: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await
        .map_err(super::failed)?;
    let applied: HashMap<i64, Vec<u8>> = if is_there {
        let applied: Vec<(i64, Vec<u8>)> =
            sqlx::query_as("select version, checksum from _sqlx_migrations where success")
                .fetch_all(connection)
                .await
                .map_err(super::failed)?;
        applied.into_iter().collect()
    } else {
        HashMap::new()
    };
    for Migration { version, checksum, .. } in steps {
        let version = *version;
        match applied.get(&version) {
            Some(found) if found == checksum.as_ref() => {}
            Some(_) => return Err(StoreError::Corrupt(FormError::Differs { version }.into())),
            None => return Err(StoreError::Corrupt(FormError::Lacks { version }.into())),
        }
    }
    Ok(())
}
