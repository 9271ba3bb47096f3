//! The migrations of the file.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;

const MIGRATIONS: [(i64, &str, &str); 6] = [
    (1, "calculations", include_str!("../../migrations/sqlite/0001_calculations.sql")),
    (2, "checksums", include_str!("../../migrations/sqlite/0002_checksums.sql")),
    (3, "submitters", include_str!("../../migrations/sqlite/0003_submitters.sql")),
    (4, "texts", include_str!("../../migrations/sqlite/0004_texts.sql")),
    (5, "indexes", include_str!("../../migrations/sqlite/0005_indexes.sql")),
    (6, "row checks", include_str!("../../migrations/sqlite/0006_row_checks.sql")),
];

/// Applies what is missing. Migrations of a newer version are left as they are, so that a rollback starts: every
/// migration only adds what older versions may ignore, until no version that needs the old schema is left.
pub(super) async fn apply(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.to_vec()).set_ignore_missing(true).run(connection).await
}
