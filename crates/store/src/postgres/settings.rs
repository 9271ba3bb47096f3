//! Where the database is and how to reach it.

use std::fmt;
use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Where the database is and how to reach it. The caller has read it from wherever settings come from.
#[derive(Clone)]
pub struct PostgresSettings {
    /// Name or address, or the folder of a Unix socket.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The role to act as. It needs no more than to own the tables.
    pub username: String,
    /// Its password, if it has one.
    pub password: Option<String>,
    /// The database.
    pub database: String,
    /// How the connection is protected.
    pub tls: TlsMode,
    /// A PEM file with authorities to believe beside those that browsers believe.
    pub root_certificate: Option<PathBuf>,
    /// How many connections this process may hold.
    pub connections: u32,
    /// What to do about a database of an older form.
    pub migrations: Migrations,
}

/// How a connection is protected, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// In the clear.
    Disable,
    /// Encrypted if the server can; nobody is asked who they are.
    Prefer,
    /// Encrypted; nobody is asked who they are.
    Require,
    /// Encrypted, to a server with a certificate of a believed authority.
    VerifyCa,
    /// Encrypted, to a server with a certificate for this very name.
    VerifyFull,
}

/// What to do about a database of an older form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// Bring it up to date, one process at a time.
    Apply,
    /// Only look, and refuse to start: somebody else brings it up to date.
    Verify,
}

/// Never shows the password: settings must not end in a log.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, username, database, tls, connections, .. } = self;
        write!(f, "{username}@{host}:{port}/{database} ({tls:?}, {connections} connections)")
    }
}

/// Every statement of ours finds its few rows by an index. Left alone, PostgreSQL plans most of them anew at each call,
/// which takes longer than what is planned, and reads whole tables for as long as it remembers them as empty.
const PLANS: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

impl PostgresSettings {
    pub(super) fn options(&self) -> PgConnectOptions {
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&self.username)
            .database(&self.database)
            .application_name("abaci")
            // Whoever vanishes without a word, its host and all, lets go of the rows it holds after this. Nothing
            // of ours pauses within a transaction. A statement by itself is on disk when it returns.
            .options([("idle_in_transaction_session_timeout", "5s"), ("synchronous_commit", "on")])
            .options(PLANS)
            .ssl_mode(match self.tls {
                TlsMode::Disable => PgSslMode::Disable,
                TlsMode::Prefer => PgSslMode::Prefer,
                TlsMode::Require => PgSslMode::Require,
                TlsMode::VerifyCa => PgSslMode::VerifyCa,
                TlsMode::VerifyFull => PgSslMode::VerifyFull,
            });
        if let Some(password) = &self.password {
            options = options.password(password);
        }
        if let Some(certificate) = &self.root_certificate {
            options = options.ssl_root_cert(certificate);
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_stays_out_of_debug_output() {
        let settings = PostgresSettings {
            host: "db".into(),
            port: 5432,
            username: "abaci".into(),
            password: Some("hunter2".into()),
            database: "abaci".into(),
            tls: TlsMode::VerifyFull,
            root_certificate: None,
            connections: 8,
            migrations: Migrations::Apply,
        };
        let shown = format!("{settings:?}");
        assert!(shown.contains("abaci@db:5432/abaci") && !shown.contains("hunter2"), "{shown}");
    }
}
