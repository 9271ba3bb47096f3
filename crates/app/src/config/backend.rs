//! The choice of the backends: embedded in one process, or PostgreSQL and Redis.

use std::fmt;

use clap::{Args, ValueEnum};

/// Settings that select the backends.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "PostgreSQL and Redis")]
pub(crate) struct BackendArgs {
    /// Backends of the store, the queue and the cache: in this process with files in the data directory
    /// (embedded), or PostgreSQL and Redis (distributed) [default: distributed if both `PGHOST` and `REDIS_HOST`
    /// are set, embedded if neither is].
    #[arg(long, env = "ABACI_MODE", value_enum, value_name = "MODE", hide_possible_values = true)]
    pub(crate) mode: Option<Mode>,

    /// Host of PostgreSQL.
    #[arg(long, env = "PGHOST", value_name = "HOST")]
    pub(crate) pg_host: Option<String>,

    /// Host of Redis.
    #[arg(long, env = "REDIS_HOST", value_name = "HOST")]
    pub(crate) redis_host: Option<String>,
}

/// The backends in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// SQLite, and a queue and cache in memory.
    Embedded,
    /// PostgreSQL and Redis.
    Distributed,
}

/// Error for settings that select no backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ModeError {
    /// Only one of the two hosts is set.
    #[error(
        "{set} is set but {missing} is not: set both to use PostgreSQL and Redis, \
         or neither (or ABACI_MODE=embedded) to run everything in this process"
    )]
    OneHost {
        /// The variable that is set.
        set: &'static str,
        /// The variable that is not.
        missing: &'static str,
    },
    /// The distributed mode is set without a host.
    #[error("the distributed mode needs PostgreSQL and Redis: set {missing}")]
    MissingHost {
        /// The variables that are missing.
        missing: &'static str,
    },
    /// A role of the distributed mode was started in the embedded one.
    #[error("ABACI_MODE=embedded runs everything in one process, which is `abaci serve`; unset it")]
    #[cfg(feature = "distributed")]
    NeedsDistributed,
    /// The program was built without PostgreSQL and Redis.
    #[cfg(not(feature = "distributed"))]
    #[error(
        "this program was built without PostgreSQL and Redis (cargo's `--features distributed` adds them); \
         unset PGHOST and REDIS_HOST, or set ABACI_MODE=embedded, to run everything in this process"
    )]
    NotBuiltIn,
}

impl BackendArgs {
    /// Returns the mode of `abaci serve`.
    ///
    /// # Errors
    /// When the settings contradict each other, or the program was built without the backends.
    pub(crate) fn mode(&self) -> Result<Mode, ModeError> {
        let mode = self.select()?;
        #[cfg(not(feature = "distributed"))]
        if mode == Mode::Distributed {
            return Err(ModeError::NotBuiltIn);
        }
        Ok(mode)
    }

    /// Checks that the settings allow a role that only exists in the distributed mode.
    ///
    /// # Errors
    /// When a host is missing, or the embedded mode is set.
    #[cfg(feature = "distributed")]
    pub(crate) fn require_distributed(&self) -> Result<(), ModeError> {
        match self.mode {
            Some(Mode::Embedded) => Err(ModeError::NeedsDistributed),
            _ => Self { mode: Some(Mode::Distributed), ..self.clone() }.select().map(drop),
        }
    }

    /// Returns the mode of the store alone, for which Redis does not matter.
    ///
    /// # Errors
    /// As [`mode`](Self::mode).
    pub(crate) fn store_mode(&self) -> Result<Mode, ModeError> {
        let redis_host = self.pg_host.clone();
        Self { redis_host, ..self.clone() }.mode()
    }

    fn select(&self) -> Result<Mode, ModeError> {
        let is_set = |host: &Option<String>| host.as_deref().is_some_and(|host| !host.is_empty());
        match (self.mode, is_set(&self.pg_host), is_set(&self.redis_host)) {
            (Some(Mode::Embedded), ..) | (None, false, false) => Ok(Mode::Embedded),
            (_, true, true) => Ok(Mode::Distributed),
            (Some(Mode::Distributed), false, false) => Err(ModeError::MissingHost { missing: "PGHOST and REDIS_HOST" }),
            (Some(Mode::Distributed), false, true) => Err(ModeError::MissingHost { missing: "PGHOST" }),
            (Some(Mode::Distributed), true, false) => Err(ModeError::MissingHost { missing: "REDIS_HOST" }),
            (None, true, false) => Err(ModeError::OneHost { set: "PGHOST", missing: "REDIS_HOST" }),
            (None, false, true) => Err(ModeError::OneHost { set: "REDIS_HOST", missing: "PGHOST" }),
        }
    }
}

impl Mode {
    /// Returns the name in settings and in `/api/system`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Distributed => "distributed",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded: everything in this process",
            Self::Distributed => "distributed: PostgreSQL and Redis",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(mode: Option<Mode>, pg: &str, redis: &str) -> Result<Mode, ModeError> {
        let host = |name: &str| Some(name.to_owned()).filter(|_| name != "-");
        BackendArgs { mode, pg_host: host(pg), redis_host: host(redis) }.select()
    }

    #[test]
    fn both_hosts_or_neither_select_the_mode() {
        assert_eq!(select(None, "-", "-"), Ok(Mode::Embedded));
        assert_eq!(select(None, "", ""), Ok(Mode::Embedded));
        assert_eq!(select(None, "pg", "redis"), Ok(Mode::Distributed));
        assert_eq!(select(Some(Mode::Embedded), "pg", "redis"), Ok(Mode::Embedded));
        assert_eq!(select(Some(Mode::Distributed), "pg", "redis"), Ok(Mode::Distributed));
    }

    #[test]
    fn one_host_alone_is_an_error_that_names_the_other() {
        assert_eq!(select(None, "pg", "-"), Err(ModeError::OneHost { set: "PGHOST", missing: "REDIS_HOST" }));
        assert_eq!(select(None, "-", "redis"), Err(ModeError::OneHost { set: "REDIS_HOST", missing: "PGHOST" }));
        assert_eq!(select(Some(Mode::Distributed), "pg", ""), Err(ModeError::MissingHost { missing: "REDIS_HOST" }));
    }
}
