//! Which of the two shapes runs: everything in one process, or Postgres and Redis behind it.

use std::fmt;

use clap::{Args, ValueEnum};

/// What decides between the shapes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "PostgreSQL and Redis")]
pub(crate) struct Shape {
    /// Where the record, the queue and the cache are: in this process with files in the data directory
    /// (embedded), or in PostgreSQL and Redis (distributed) [default: distributed if both `PGHOST` and
    /// `REDIS_HOST` are set, embedded if neither is].
    #[arg(long, env = "ABACI_MODE", value_enum, value_name = "MODE", hide_possible_values = true)]
    pub(crate) mode: Option<Mode>,

    /// Host of PostgreSQL.
    #[arg(long, env = "PGHOST", value_name = "HOST")]
    pub(crate) pg_host: Option<String>,

    /// Host of Redis.
    #[arg(long, env = "REDIS_HOST", value_name = "HOST")]
    pub(crate) redis_host: Option<String>,
}

/// The shape that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// SQLite, and a queue and cache in memory.
    Embedded,
    /// PostgreSQL and Redis.
    Distributed,
}

/// Why no shape can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ModeError {
    /// One backend without the other: set both, or neither.
    #[error(
        "{set} is set and {missing} is not: set both to use PostgreSQL and Redis, \
         neither (or ABACI_MODE=embedded) to keep everything in this process"
    )]
    HalfSet {
        /// The variable that is set.
        set: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// The backends are asked for and not named.
    #[error("PostgreSQL and Redis are asked for, but not named: set {missing}")]
    NotNamed {
        /// The variable that is missing.
        missing: &'static str,
    },
    /// A role of the distributed shape alone was asked to run in the other.
    #[error("ABACI_MODE=embedded keeps everything in one process, which is `abaci serve`; unset it")]
    #[cfg(feature = "distributed")]
    OneProcess,
    /// This program cannot speak to them.
    #[cfg(not(feature = "distributed"))]
    #[error(
        "PostgreSQL and Redis are not built into this program (cargo's `--features distributed` does that); \
         unset PGHOST and REDIS_HOST, or set ABACI_MODE=embedded, to keep everything in this process"
    )]
    NotBuiltIn,
}

impl Shape {
    /// Decides which shape runs.
    ///
    /// # Errors
    /// When the settings contradict each other, or this program was built without the backends.
    pub(crate) fn decide(&self) -> Result<Mode, ModeError> {
        let mode = self.wanted()?;
        #[cfg(not(feature = "distributed"))]
        if mode == Mode::Distributed {
            return Err(ModeError::NotBuiltIn);
        }
        Ok(mode)
    }

    /// Makes sure that a role can run which there is in the distributed shape alone.
    ///
    /// # Errors
    /// When a backend is not named, or the other shape is asked for.
    #[cfg(feature = "distributed")]
    pub(crate) fn require(&self) -> Result<(), ModeError> {
        match self.mode {
            Some(Mode::Embedded) => Err(ModeError::OneProcess),
            _ => Self { mode: Some(Mode::Distributed), ..self.clone() }.wanted().map(drop),
        }
    }

    /// Decides which record is meant, for which Redis does not matter.
    ///
    /// # Errors
    /// As [`decide`](Self::decide).
    pub(crate) fn of_record(&self) -> Result<Mode, ModeError> {
        let redis_host = self.pg_host.clone();
        Self { redis_host, ..self.clone() }.decide()
    }

    fn wanted(&self) -> Result<Mode, ModeError> {
        let named = |host: &Option<String>| host.as_deref().is_some_and(|host| !host.is_empty());
        match (self.mode, named(&self.pg_host), named(&self.redis_host)) {
            (Some(Mode::Embedded), ..) | (None, false, false) => Ok(Mode::Embedded),
            (_, true, true) => Ok(Mode::Distributed),
            (Some(Mode::Distributed), false, false) => Err(ModeError::NotNamed { missing: "PGHOST and REDIS_HOST" }),
            (Some(Mode::Distributed), false, true) => Err(ModeError::NotNamed { missing: "PGHOST" }),
            (Some(Mode::Distributed), true, false) => Err(ModeError::NotNamed { missing: "REDIS_HOST" }),
            (None, true, false) => Err(ModeError::HalfSet { set: "PGHOST", missing: "REDIS_HOST" }),
            (None, false, true) => Err(ModeError::HalfSet { set: "REDIS_HOST", missing: "PGHOST" }),
        }
    }
}

impl Mode {
    /// The name, as settings and `/api/system` have it.
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

    fn wanted(mode: Option<Mode>, pg: &str, redis: &str) -> Result<Mode, ModeError> {
        let host = |name: &str| Some(name.to_owned()).filter(|_| name != "-");
        Shape { mode, pg_host: host(pg), redis_host: host(redis) }.wanted()
    }

    #[test]
    fn both_hosts_or_neither_decide() {
        assert_eq!(wanted(None, "-", "-"), Ok(Mode::Embedded));
        assert_eq!(wanted(None, "", ""), Ok(Mode::Embedded));
        assert_eq!(wanted(None, "pg", "redis"), Ok(Mode::Distributed));
        assert_eq!(wanted(Some(Mode::Embedded), "pg", "redis"), Ok(Mode::Embedded));
        assert_eq!(wanted(Some(Mode::Distributed), "pg", "redis"), Ok(Mode::Distributed));
    }

    #[test]
    fn one_host_alone_is_an_error_that_names_the_other() {
        assert_eq!(wanted(None, "pg", "-"), Err(ModeError::HalfSet { set: "PGHOST", missing: "REDIS_HOST" }));
        assert_eq!(wanted(None, "-", "redis"), Err(ModeError::HalfSet { set: "REDIS_HOST", missing: "PGHOST" }));
        assert_eq!(wanted(Some(Mode::Distributed), "pg", ""), Err(ModeError::NotNamed { missing: "REDIS_HOST" }));
    }
}
