//! Settings of the connections to PostgreSQL and Redis, under libpq's names and Redis's.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, ValueEnum, builder::BoolishValueParser};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use store::{Migrations, PostgresSettings, TlsMode};

use super::secret::{Secret, SecretError};
use super::{BackendArgs, PublicUrlArgs};

/// Settings of the connections to PostgreSQL and Redis; their hosts are in [`BackendArgs`].
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "PostgreSQL and Redis")]
pub(crate) struct AccessArgs {
    /// Port of PostgreSQL.
    #[arg(long, env = "PGPORT", value_name = "PORT", default_value_t = 5432)]
    pg_port: u16,

    /// PostgreSQL role; it must own the database or its tables.
    #[arg(long, env = "PGUSER", value_name = "ROLE", default_value = "abaci")]
    pg_user: String,

    /// PostgreSQL database [default: the name of the role].
    #[arg(long, env = "PGDATABASE", value_name = "DATABASE")]
    pg_database: Option<String>,

    /// File with the role's password. Alternatively, the variable `PGPASSWORD` contains the password.
    #[arg(long, env = "PGPASSWORD_FILE", value_name = "FILE")]
    pg_password_file: Option<PathBuf>,

    /// TLS mode of connections to PostgreSQL.
    #[arg(long, env = "PGSSLMODE", value_enum, value_name = "MODE", default_value = "prefer")]
    pg_ssl_mode: SslMode,

    /// PEM file with the certificate authorities to trust for PostgreSQL, in addition to the public ones.
    #[arg(long, env = "PGSSLROOTCERT", value_name = "FILE")]
    pg_ssl_root_cert: Option<PathBuf>,

    /// Handling of a database with an older schema: migrate it (auto), or wait until `abaci migrate` was run
    /// (verify).
    #[arg(
        long,
        env = "ABACI_MIGRATE",
        value_enum,
        value_name = "auto|verify",
        default_value = "auto",
        hide_possible_values = true
    )]
    migrate: Migrate,

    /// Port of Redis.
    #[arg(long, env = "REDIS_PORT", value_name = "PORT", default_value_t = 6379)]
    redis_port: u16,

    /// Redis user [default: Redis's own default].
    #[arg(long, env = "REDIS_USERNAME", value_name = "USER")]
    redis_username: Option<String>,

    /// File with the user's password. Alternatively, the variable `REDIS_PASSWORD` contains the password.
    #[arg(long, env = "REDIS_PASSWORD_FILE", value_name = "FILE")]
    redis_password_file: Option<PathBuf>,

    /// Use TLS for connections to Redis (true or false). Its certificate must be valid for its host, from an authority
    /// that the machine trusts; OpenSSL's variable `SSL_CERT_FILE` names a file with other authorities.
    #[arg(long, env = "REDIS_TLS", value_name = "true|false", default_value = "false", default_missing_value = "true",
          num_args = 0..=1, action = ArgAction::Set, value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    redis_tls: bool,

    /// Prefix of all Redis keys.
    #[arg(long, env = "ABACI_REDIS_PREFIX", value_name = "PREFIX", default_value = "abaci")]
    redis_prefix: KeyPrefix,
}

/// The addresses of PostgreSQL and Redis, with credentials.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) postgres: PostgresSettings,
    pub(crate) redis: redis::Client,
    pub(crate) redis_prefix: String,
}

/// Error for settings with which no connection can be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    /// A password cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The file of certificate authorities cannot be used.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The settings of Redis do not form an address.
    #[error("cannot use REDIS_HOST and the other settings of Redis")]
    Redis(#[from] redis::RedisError),
}

/// Error for a file without certificate authorities.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthoritiesError {
    /// It cannot be read.
    #[error("PGSSLROOTCERT: cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It contains no certificate.
    #[error("PGSSLROOTCERT: {} contains no PEM certificates", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
}

/// libpq's modes, except `allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Migrate {
    Auto,
    Verify,
}

/// A prefix of Redis keys.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPrefix(String);

/// Error for a text that cannot be a prefix: braces would move keys to other slots of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 100 letters, digits, `:`, `.`, `-` or `_`")]
struct KeyPrefixError;

/// Maximum number of PostgreSQL connections per process. Submissions share one; other calls use theirs for a few
/// milliseconds.
const POOL_CONNECTIONS: u32 = 8;

impl AccessArgs {
    /// Returns the addresses and credentials of both services.
    ///
    /// # Errors
    /// When a secret cannot be read, or a development password would be used in production.
    pub(crate) fn services(
        &self,
        backend: &BackendArgs,
        public: Option<&PublicUrlArgs>,
    ) -> Result<Services, AccessError> {
        Ok(Services {
            postgres: self.postgres(backend, public)?,
            redis: redis::Client::open(self.redis(backend, public)?)?,
            redis_prefix: self.redis_prefix.0.clone(),
        })
    }

    /// Returns the address and credentials of PostgreSQL.
    ///
    /// # Errors
    /// As [`services`](Self::services).
    pub(crate) fn postgres(
        &self,
        backend: &BackendArgs,
        public: Option<&PublicUrlArgs>,
    ) -> Result<PostgresSettings, AccessError> {
        let set = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        Ok(PostgresSettings {
            host: set(&backend.pg_host).unwrap_or_default(),
            port: self.pg_port,
            username: self.pg_user.clone(),
            password: self.password("PGPASSWORD", &self.pg_password_file, public)?,
            database: set(&self.pg_database).unwrap_or_else(|| self.pg_user.clone()),
            tls: match self.pg_ssl_mode {
                SslMode::Disable => TlsMode::Disable,
                SslMode::Prefer => TlsMode::Prefer,
                SslMode::Require => TlsMode::Require,
                SslMode::VerifyCa => TlsMode::VerifyCa,
                SslMode::VerifyFull => TlsMode::VerifyFull,
            },
            root_certificate: self.authorities()?,
            connections: POOL_CONNECTIONS,
            migrations: match self.migrate {
                Migrate::Auto => Migrations::Apply,
                Migrate::Verify => Migrations::Verify,
            },
        })
    }

    /// Returns the file of certificate authorities. It is checked here, because a broken file would later look
    /// like an untrusted server.
    fn authorities(&self) -> Result<Option<PathBuf>, AuthoritiesError> {
        let Some(path) = self.pg_ssl_root_cert.clone() else { return Ok(None) };
        match std::fs::read(&path) {
            Ok(pem) if CertificateDer::pem_slice_iter(&pem).any(|certificate| certificate.is_ok()) => Ok(Some(path)),
            Ok(_) => Err(AuthoritiesError::NoCertificate { path }),
            Err(source) => Err(AuthoritiesError::Unreadable { path, source }),
        }
    }

    fn redis(&self, backend: &BackendArgs, public: Option<&PublicUrlArgs>) -> Result<ConnectionInfo, AccessError> {
        let host = backend.redis_host.clone().unwrap_or_default();
        let address = if self.redis_tls {
            ConnectionAddr::TcpTls { host, port: self.redis_port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host, self.redis_port)
        };
        let mut login = RedisConnectionInfo::default();
        if let Some(username) = self.redis_username.as_ref().filter(|name| !name.is_empty()) {
            login = login.set_username(username);
        }
        if let Some(password) = self.password("REDIS_PASSWORD", &self.redis_password_file, public)? {
            login = login.set_password(password);
        }
        Ok(address.into_connection_info()?.set_redis_settings(login))
    }

    fn password(
        &self,
        variable: &'static str,
        file: &Option<PathBuf>,
        public: Option<&PublicUrlArgs>,
    ) -> Result<Option<String>, SecretError> {
        let secret = Secret::read(variable, file.as_deref())?;
        if secret.as_ref().is_some_and(Secret::is_development_password) && self.is_production(public) {
            return Err(SecretError::DevelopmentPassword { variable });
        }
        Ok(secret.map(|secret| secret.expose().to_owned()))
    }

    /// Returns whether the settings indicate production: an https URL, or TLS to PostgreSQL or Redis.
    fn is_production(&self, public: Option<&PublicUrlArgs>) -> bool {
        public.is_some_and(PublicUrlArgs::is_behind_tls)
            || self.redis_tls
            || !matches!(self.pg_ssl_mode, SslMode::Disable | SslMode::Prefer)
    }
}

impl FromStr for KeyPrefix {
    type Err = KeyPrefixError;

    fn from_str(text: &str) -> Result<Self, KeyPrefixError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-' | b'_');
        let is_valid = (1..=100).contains(&text.len()) && text.bytes().all(plain);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(KeyPrefixError) }
    }
}
