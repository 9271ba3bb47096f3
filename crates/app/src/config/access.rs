//! How PostgreSQL and Redis are reached, in libpq's names and theirs.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, ValueEnum, builder::BoolishValueParser};
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use store::{Migrations, PostgresSettings, TlsMode};

use super::Public;
use super::secret::{Secret, SecretError};
use crate::mode::Shape;

/// How PostgreSQL and Redis are reached; their hosts are part of the [`Shape`].
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "PostgreSQL and Redis")]
pub(crate) struct Access {
    /// Port of PostgreSQL.
    #[arg(long, env = "PGPORT", value_name = "PORT", default_value_t = 5432)]
    pg_port: u16,

    /// Role in PostgreSQL; it must own the database or its tables.
    #[arg(long, env = "PGUSER", value_name = "ROLE", default_value = "abaci")]
    pg_user: String,

    /// Database in PostgreSQL [default: the one named like the role].
    #[arg(long, env = "PGDATABASE", value_name = "DATABASE")]
    pg_database: Option<String>,

    /// File with the role's password; or the variable `PGPASSWORD` holds it.
    #[arg(long, env = "PGPASSWORD_FILE", value_name = "FILE")]
    pg_password_file: Option<PathBuf>,

    /// How connections to PostgreSQL are protected.
    #[arg(long, env = "PGSSLMODE", value_enum, value_name = "MODE", default_value = "prefer")]
    pg_ssl_mode: SslMode,

    /// File with the authorities whose certificates PostgreSQL may show, as PEM, beside those that browsers
    /// believe.
    #[arg(long, env = "PGSSLROOTCERT", value_name = "FILE")]
    pg_ssl_root_cert: Option<PathBuf>,

    /// What is done about a database of an older form: bring it up to date (auto), or wait until
    /// `abaci migrate` has (verify).
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

    /// User in Redis [default: Redis's own default].
    #[arg(long, env = "REDIS_USERNAME", value_name = "USER")]
    redis_username: Option<String>,

    /// File with the user's password; or the variable `REDIS_PASSWORD` holds it.
    #[arg(long, env = "REDIS_PASSWORD_FILE", value_name = "FILE")]
    redis_password_file: Option<PathBuf>,

    /// Whether connections to Redis are encrypted, to a server with a certificate for its host, of an authority
    /// that the machine believes. OpenSSL's variable `SSL_CERT_FILE` names a file with others.
    #[arg(long, env = "REDIS_TLS", value_name = "true|false", default_value = "false", default_missing_value = "true",
          num_args = 0..=1, action = ArgAction::Set, value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    redis_tls: bool,

    /// How all keys in Redis begin.
    #[arg(long, env = "ABACI_REDIS_PREFIX", value_name = "PREFIX", default_value = "abaci")]
    redis_prefix: Prefix,
}

/// Where PostgreSQL and Redis are, secrets included.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) postgres: PostgresSettings,
    pub(crate) redis: redis::Client,
    pub(crate) redis_prefix: String,
}

/// Why they cannot be reached whatever is tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    /// A password cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The authorities to believe cannot be had from their file.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The settings are no address.
    #[error("REDIS_HOST and the other settings of Redis cannot be used")]
    Redis(#[from] redis::RedisError),
}

/// Why a file gives no authorities to believe.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthoritiesError {
    /// It cannot be read.
    #[error("PGSSLROOTCERT: {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("PGSSLROOTCERT: {} has no certificate in it; authorities as PEM are wanted", path.display())]
    None {
        /// The file.
        path: PathBuf,
    },
}

/// libpq's words, but `allow`.
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

/// How keys begin.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Prefix(String);

/// A text that keys must not begin with: braces would move them to other slots of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("letters, digits, `:`, `.`, `-` and `_` are wanted, 1 to 100 of them")]
struct PrefixError;

/// So many connections to PostgreSQL may each process hold. Acceptances share one, and no other call holds
/// its own for longer than a few milliseconds.
const CONNECTIONS: u32 = 8;

impl Access {
    /// Reads the secrets and puts everything together.
    ///
    /// # Errors
    /// When a secret cannot be read, or one that everybody knows is to be used in earnest.
    pub(crate) fn services(&self, shape: &Shape, public: Option<&Public>) -> Result<Services, AccessError> {
        Ok(Services {
            postgres: self.postgres(shape, public)?,
            redis: redis::Client::open(self.redis(shape, public)?)?,
            redis_prefix: self.redis_prefix.0.clone(),
        })
    }

    /// How PostgreSQL is reached.
    ///
    /// # Errors
    /// As [`services`](Self::services).
    pub(crate) fn postgres(&self, shape: &Shape, public: Option<&Public>) -> Result<PostgresSettings, AccessError> {
        let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
        Ok(PostgresSettings {
            host: named(&shape.pg_host).unwrap_or_default(),
            port: self.pg_port,
            username: self.pg_user.clone(),
            password: self.password("PGPASSWORD", &self.pg_password_file, public)?,
            database: named(&self.pg_database).unwrap_or_else(|| self.pg_user.clone()),
            tls: match self.pg_ssl_mode {
                SslMode::Disable => TlsMode::Disable,
                SslMode::Prefer => TlsMode::Prefer,
                SslMode::Require => TlsMode::Require,
                SslMode::VerifyCa => TlsMode::VerifyCa,
                SslMode::VerifyFull => TlsMode::VerifyFull,
            },
            root_certificate: self.authorities()?,
            connections: CONNECTIONS,
            migrations: match self.migrate {
                Migrate::Auto => Migrations::Apply,
                Migrate::Verify => Migrations::Verify,
            },
        })
    }

    /// The file with the authorities to believe, which must have some: what is wrong with it would be told as
    /// a distrust of the server later.
    fn authorities(&self) -> Result<Option<PathBuf>, AuthoritiesError> {
        let Some(path) = self.pg_ssl_root_cert.clone() else { return Ok(None) };
        match std::fs::read(&path) {
            Ok(pem) if CertificateDer::pem_slice_iter(&pem).any(|found| found.is_ok()) => Ok(Some(path)),
            Ok(_) => Err(AuthoritiesError::None { path }),
            Err(source) => Err(AuthoritiesError::Unreadable { path, source }),
        }
    }

    fn redis(&self, shape: &Shape, public: Option<&Public>) -> Result<ConnectionInfo, AccessError> {
        let host = shape.redis_host.clone().unwrap_or_default();
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
        public: Option<&Public>,
    ) -> Result<Option<String>, SecretError> {
        let secret = Secret::read(variable, file.as_deref())?;
        if secret.as_ref().is_some_and(Secret::is_known) && self.is_in_earnest(public) {
            return Err(SecretError::Known { variable });
        }
        Ok(secret.map(|secret| secret.reveal().to_owned()))
    }

    /// Whether the settings are those of a system that is not for development.
    fn is_in_earnest(&self, public: Option<&Public>) -> bool {
        let public_url = public.and_then(|public| public.public_url.as_ref());
        let in_public = public_url.is_some_and(|url| url.uri().scheme_str() == Some("https"));
        in_public || self.redis_tls || !matches!(self.pg_ssl_mode, SslMode::Disable | SslMode::Prefer)
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-' | b'_');
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(PrefixError) }
    }
}
