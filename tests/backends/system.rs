//! PostgreSQL and Redis for roles that want no more of them than that they are there.

use std::path::Path;

use tempfile::TempDir;

use crate::role::{Role, Settings};
use crate::services::{Postgres, Redis};

/// The servers, and the folder for what everybody says.
pub(crate) struct System {
    pub(crate) postgres: Postgres,
    pub(crate) redis: Redis,
    folder: TempDir,
}

impl System {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let postgres = Postgres::start(folder.path().join("postgres.log"));
        let redis = Redis::start(folder.path().join("redis.log"));
        Self { postgres, redis, folder }
    }

    /// Where these servers are, and some settings more.
    pub(crate) fn settings(&self, more: &[(&'static str, &str)]) -> Settings {
        let mut settings = vec![
            ("PGHOST", "127.0.0.1".to_owned()),
            ("PGPORT", self.postgres.port.to_string()),
            ("PGUSER", Postgres::NAME.to_owned()),
            ("PGPASSWORD", Postgres::NAME.to_owned()),
            ("PGSSLMODE", "disable".to_owned()),
            ("REDIS_HOST", "127.0.0.1".to_owned()),
            ("REDIS_PORT", self.redis.port.to_string()),
            ("ABACI_DATA_DIR", self.folder().join("data").display().to_string()),
        ];
        settings.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        settings
    }

    /// A role with some settings more.
    pub(crate) fn role(&self, word: &'static str, more: &[(&'static str, &str)]) -> Role {
        Role::start(word, &self.settings(more), self.folder())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
