//! The steps that bring a file to the form this version writes.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;

const STEPS: [(i64, &str, &str); 1] = [(1, "record", include_str!("../../migrations/sqlite/0001_record.sql"))];

/// Applies what is missing. Steps of a newer version are left as they are, so that a rollback starts:
/// every step only adds what older versions may ignore, until no version that needs the old form is left.
pub(super) async fn apply(connection: &mut SqliteConnection) -> Result<(), sqlx::migrate::MigrateError> {
    let steps = STEPS.map(|(version, name, sql)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(steps.to_vec()).set_ignore_missing(true).run(connection).await
}
