//! What to set where PostgreSQL or Redis does not let us in. The settings' names are known here alone.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use rustls::CertificateError;
use store::{PostgresStore, Store};

use crate::causes::causes;

/// A server that may not let us in.
pub(crate) enum Server {
    /// The record.
    Postgres(Arc<PostgresStore>),
    /// Queue, cache and announcements.
    Redis(Box<redis::Client>),
}

/// So often is a server tried.
const EVERY: Duration = Duration::from_secs(2);
/// It has so long to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Tries a server until it lets us in, and logs each new piece of advice on what to set so that it does. A
/// server that is not there yet is none of its business.
pub(crate) async fn advise(server: Server) {
    let mut said = None;
    while let Err(error) = server.reach().await {
        let advice = server.advice(&*error);
        if let Some(advice) = advice.filter(|_| advice != said) {
            tracing::warn!(error = &*error as &dyn Error, "{} does not let us in: {advice}", server.name());
            said = Some(advice);
        }
        tokio::time::sleep(EVERY).await;
    }
}

impl Server {
    const fn name(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::Redis(_) => "Redis",
        }
    }

    async fn reach(&self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self {
            Self::Postgres(store) => Ok(store.ping().await?),
            Self::Redis(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(PATIENCE))
                    .set_response_timeout(Some(PATIENCE));
                let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
                Ok(redis::cmd("PING").exec_async(&mut connection).await?)
            }
        }
    }

    fn advice(&self, error: &(dyn Error + 'static)) -> Option<&'static str> {
        match self {
            Self::Postgres(_) => on_postgres(error),
            Self::Redis(client) => {
                let tls = matches!(client.get_connection_info().addr(), redis::ConnectionAddr::TcpTls { .. });
                on_redis(error, tls)
            }
        }
    }
}

/// What to set about PostgreSQL, if this is an error that another setting mends.
pub(crate) fn on_postgres(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = tls_error(error) {
        return match error {
            rustls::Error::InvalidCertificate(error) if is_of_another_authority(error) => Some(
                "its certificate is of an authority that is not believed; \
                 PGSSLROOTCERT names a file with those to believe, as PEM",
            ),
            rustls::Error::InvalidCertificate(error) if is_for_another_name(error) => Some(
                "its certificate is for another name; \
                 PGHOST must be one that the certificate is for, or PGSSLMODE=verify-ca, which asks for none",
            ),
            _ => None,
        };
    }
    // The server has one code for all that its list of hosts refuses, and says the rest in words.
    let said = causes(error).concat();
    if said.contains("no encryption") {
        return Some("it wants TLS; set PGSSLMODE=verify-full, with PGSSLROOTCERT if its authority is a private one");
    }
    said.contains("server does not support TLS")
        .then_some("it does not speak TLS; have it do so, or set PGSSLMODE=prefer, which goes without where it must")
}

/// What to set about Redis, if this is an error that another setting mends.
fn on_redis(error: &(dyn Error + 'static), tls: bool) -> Option<&'static str> {
    if let Some(error) = tls_error(error) {
        return match error {
            rustls::Error::InvalidCertificate(error) if is_of_another_authority(error) => Some(
                "its certificate is of an authority that this machine does not believe; \
                 SSL_CERT_FILE names a file with those to believe instead of the machine's, as PEM",
            ),
            rustls::Error::InvalidCertificate(error) if is_for_another_name(error) => {
                Some("its certificate is for another name; REDIS_HOST must be one that the certificate is for")
            }
            rustls::Error::InvalidMessage(_) => Some(NO_TLS),
            _ => None,
        };
    }
    let error = error.downcast_ref::<redis::RedisError>()?;
    if error.kind() == redis::ErrorKind::AuthenticationFailed || matches!(error.code(), Some("WRONGPASS" | "NOAUTH")) {
        return Some("it does not know the user or the password; see REDIS_USERNAME and REDIS_PASSWORD_FILE");
    }
    match tls {
        // Redis waits for the end of what it takes for a line.
        true => error.is_timeout().then_some(NO_TLS),
        false => {
            error.is_connection_dropped().then_some("it hangs up; if it wants TLS at that port, set REDIS_TLS=true")
        }
    }
}

const NO_TLS: &str = "it gives no answer in TLS; REDIS_PORT must be a port where it speaks that, or REDIS_TLS=false";

const fn is_of_another_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::UnknownIssuer | CertificateError::BadSignature)
}

const fn is_for_another_name(error: &CertificateError) -> bool {
    matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. })
}

/// The error of TLS that an error came from, if it did.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = inside(error).downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What is in an error of the system, or in a shared one: neither gives it as its source.
fn inside<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return inside(&**shared);
    }
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(held) => inside(held),
        None => error,
    }
}
