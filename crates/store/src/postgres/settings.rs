//! Settings of the connections to the database.

use std::fmt;
use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Settings of the connections to the database.
#[derive(Clone)]
pub struct PostgresSettings {
    /// Host name or address, or the directory of a Unix socket.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The role, which must own the tables.
    pub username: String,
    /// Its password, if any.
    pub password: Option<String>,
    /// The name of the database.
    pub database: String,
    /// The encryption of connections and the verification of the server.
    pub tls: TlsMode,
    /// A PEM file with certificate authorities to trust in addition to the public ones.
    pub root_certificate: Option<PathBuf>,
    /// Maximum number of connections of this process; at least 2.
    pub connections: u32,
    /// Handling of missing migrations.
    pub migrations: Migrations,
}

/// The encryption of connections and the verification of the server, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Not encrypted.
    Disable,
    /// Encrypted if the server supports it; the certificate is not verified.
    Prefer,
    /// Encrypted; the certificate is not verified.
    Require,
    /// Encrypted; the certificate must be of a trusted authority.
    VerifyCa,
    /// Encrypted; the certificate must be of a trusted authority and for this host.
    VerifyFull,
}

/// Handling of missing migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// Apply them, one process at a time.
    Apply,
    /// Refuse to start: another process applies them.
    Verify,
}

/// Leaves out the password, so that settings may be logged.
impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, username, database, tls, connections, .. } = self;
        write!(f, "{username}@{host}:{port}/{database} ({tls:?}, {connections} connections)")
    }
}

impl PostgresSettings {
    pub(super) fn options(&self) -> PgConnectOptions {
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&self.username)
            .database(&self.database)
            .application_name("abaci")
            // PgBouncer refuses connections that set anything else when they begin.
            .extra_float_digits(None)
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

    /// Returns where the database is, for traces.
    pub(super) fn server(&self) -> spans::Server {
        let is_socket = self.host.starts_with('/');
        spans::Server {
            system: "postgresql",
            address: Some(self.host.clone()),
            port: (!is_socket).then_some(self.port),
            namespace: Some(self.database.clone()),
        }
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
