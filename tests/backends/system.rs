//! PostgreSQL and Redis without TLS, for the tests of roles.

use std::path::Path;

use tempfile::TempDir;

use crate::role::{TestRole, Variables};
use crate::support::servers::{PostgresServer, RedisServer};

/// The servers, and the folder of all logs.
pub(crate) struct BackendSystem {
    pub(crate) postgres: PostgresServer,
    pub(crate) redis: RedisServer,
    folder: TempDir,
}

impl BackendSystem {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let postgres = PostgresServer::start(folder.path().join("postgres.log"));
        let redis = RedisServer::start(folder.path().join("redis.log"));
        Self { postgres, redis, folder }
    }

    /// Returns the addresses of these servers, with additional settings.
    pub(crate) fn settings(&self, more: &[(&'static str, &str)]) -> Variables {
        let mut settings = vec![
            ("PGHOST", "127.0.0.1".to_owned()),
            ("PGPORT", self.postgres.port.to_string()),
            ("PGUSER", PostgresServer::NAME.to_owned()),
            ("PGPASSWORD", PostgresServer::NAME.to_owned()),
            ("PGSSLMODE", "disable".to_owned()),
            ("REDIS_HOST", "127.0.0.1".to_owned()),
            ("REDIS_PORT", self.redis.port.to_string()),
            ("ABACI_DATA_DIR", self.folder().join("data").display().to_string()),
        ];
        settings.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        settings
    }

    /// Starts a role with additional settings.
    pub(crate) fn role(&self, name: &'static str, more: &[(&'static str, &str)]) -> TestRole {
        TestRole::start(name, &self.settings(more), self.folder())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
