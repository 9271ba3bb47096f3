//! Spans of calls to a database, Redis or an object store, by OpenTelemetry's conventions.

use std::fmt::Display;

use tracing::field::{self, Empty};
use tracing::{Instrument, Level, Span};

/// The target of these spans. Their level is `DEBUG`: an export of traces enables them, a log of level `info` does not.
pub const CALL_TARGET: &str = "call";

/// A server that calls go to, or a file, which has no address.
#[derive(Clone, Debug)]
pub struct Server {
    /// OpenTelemetry's name of the system: `postgresql`, `redis`, `sqlite`.
    pub system: &'static str,
    /// Host name, address or the path of a socket.
    pub address: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Name of the database.
    pub namespace: Option<String>,
}

impl Server {
    /// Creates the span of a call, `<operation> <target>`, such as `EVALSHA ack` or `submit calculations`.
    ///
    /// There is none outside of a request or job: each call of a poll would be a trace of its own.
    pub fn span(&self, operation: &'static str, target: &'static str) -> Span {
        if !is_traced() {
            return Span::none();
        }
        let summary = format!("{operation} {target}");
        tracing::debug_span!(
            target: CALL_TARGET,
            "call",
            otel.name = summary,
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = self.system,
            db.namespace = self.namespace,
            db.operation.name = operation,
            db.query.summary = summary,
            server.address = self.address,
            server.port = self.port.map(i64::from),
            error.type = Empty,
        )
    }
}

/// Creates the span of a call to an object store, as [`Server::span`] does. `bucket` is `None` for a folder.
pub fn object_span(operation: &'static str, bucket: Option<&str>, key: &dyn Display) -> Span {
    if !is_traced() {
        return Span::none();
    }
    let is_folder = bucket.is_none();
    tracing::debug_span!(
        target: CALL_TARGET,
        "call",
        otel.name = operation,
        otel.kind = if is_folder { "internal" } else { "client" },
        otel.status_code = Empty,
        aws.s3.bucket = bucket,
        aws.s3.key = (!is_folder).then(|| field::display(key)),
        file.path = is_folder.then(|| field::display(key)),
        error.type = Empty,
    )
}

/// Runs a call within its span, and notes the type of its error.
///
/// # Errors
/// Those of the call.
pub async fn traced<T, E>(
    span: Span,
    work: impl Future<Output = Result<T, E>>,
    error_type: impl FnOnce(&E) -> &'static str,
) -> Result<T, E> {
    let result = work.instrument(span.clone()).await;
    if !span.is_disabled()
        && let Err(error) = &result
    {
        span.record("error.type", error_type(error)).record("otel.status_code", "ERROR");
    }
    result
}

fn is_traced() -> bool {
    tracing::enabled!(target: CALL_TARGET, Level::DEBUG) && !Span::current().is_none()
}
