//! Hints on which setting to change when PostgreSQL or Redis refuses a connection.
//!
//! Only this crate knows the names of the settings.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use rustls::CertificateError;
use store::{PostgresStore, Store};

use crate::observability::error_chain::error_chain;

/// A server that may refuse connections.
pub(crate) enum Server {
    /// The server of the store.
    Postgres(Arc<PostgresStore>),
    /// The server of the queue, the cache and the events.
    Redis(Box<redis::Client>),
}

/// Interval between attempts.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);
/// Timeout of one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Tries to connect until it succeeds, and logs each new hint. A server that is not up yet is ignored.
pub(crate) async fn log_hints(server: Server) {
    let mut logged = None;
    while let Err(error) = server.connect().await {
        let hint = server.hint(&*error);
        if let Some(hint) = hint.filter(|_| hint != logged) {
            tracing::warn!(error = &*error as &dyn Error, "cannot connect to {}: {hint}", server.name());
            logged = Some(hint);
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

impl Server {
    const fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Redis(_) => "Redis",
        }
    }

    async fn connect(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Postgres(store) => Ok(store.ping().await?),
            Self::Redis(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(ATTEMPT_TIMEOUT))
                    .set_response_timeout(Some(ATTEMPT_TIMEOUT));
                let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
                Ok(redis::cmd("PING").exec_async(&mut connection).await?)
            }
        }
    }

    fn hint(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        match self {
            Self::Postgres(_) => postgres_hint(error),
            Self::Redis(client) => {
                let tls = matches!(client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. });
                redis_hint(error, tls)
            }
        }
    }
}

/// Returns the setting to change for PostgreSQL, if a setting can fix this error.
pub(crate) fn postgres_hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = tls_error(error) {
        return match error {
            rustls::Error::InvalidCertificate(error) if is_untrusted_authority(error) => Some(
                "its certificate authority is not trusted; \
                 set PGSSLROOTCERT to a PEM file with the authorities to trust",
            ),
            rustls::Error::InvalidCertificate(error) if is_other_host_name(error) => Some(
                "its certificate is for another host name; \
                 set PGHOST to the name in the certificate, or PGSSLMODE=verify-ca to skip the check of the name",
            ),
            _ => None,
        };
    }
    // The server has one error code for everything that pg_hba.conf rejects; only the text differs.
    let text = error_chain(error).concat();
    if text.contains("no encryption") {
        return Some(
            "it requires TLS; set PGSSLMODE=verify-full, and PGSSLROOTCERT for a private certificate authority",
        );
    }
    text.contains("server does not support TLS")
        .then_some("it does not support TLS; enable TLS on the server, or set PGSSLMODE=prefer")
}

/// Returns the setting to change for Redis, if a setting can fix this error.
fn redis_hint(error: &(dyn Error + 'static), tls: bool) -> Option<&'static str> {
    if let Some(error) = tls_error(error) {
        return match error {
            rustls::Error::InvalidCertificate(error) if is_untrusted_authority(error) => Some(
                "its certificate authority is not trusted; \
                 set SSL_CERT_FILE to a PEM file with the authorities to trust instead of the machine's",
            ),
            rustls::Error::InvalidCertificate(error) if is_other_host_name(error) => {
                Some("its certificate is for another host name; set REDIS_HOST to the name in the certificate")
            }
            rustls::Error::InvalidMessage(_) => Some(NO_TLS),
            _ => None,
        };
    }
    let error = error.downcast_ref::<redis::RedisError>()?;
    if error.kind() == redis::ErrorKind::AuthenticationFailed || matches!(error.code(), Some("WRONGPASS" | "NOAUTH")) {
        return Some("unknown user or wrong password; check REDIS_USERNAME and REDIS_PASSWORD_FILE");
    }
    match tls {
        // Redis takes the TLS handshake for an unfinished command.
        true => error.is_timeout().then_some(NO_TLS),
        false => error
            .is_connection_dropped()
            .then_some("it closed the connection; if this port requires TLS, set REDIS_TLS=true"),
    }
}

const NO_TLS: &str = "it does not respond to TLS; set REDIS_PORT to a port with TLS, or REDIS_TLS=false";

const fn is_untrusted_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::UnknownIssuer | CertificateError::BadSignature)
}

const fn is_other_host_name(error: &CertificateError) -> bool {
    matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// Returns the TLS error among the sources of an error.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| unwrap_error(error).downcast_ref())
}

/// Returns the error inside an I/O error or a shared error, which do not expose it as their source.
fn unwrap_error<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return unwrap_error(&**shared);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => unwrap_error(inner),
        None => error,
    }
}
