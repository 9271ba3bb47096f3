//! Export of traces by OTLP, configured by OpenTelemetry's own variables.

#[cfg(feature = "otlp")]
mod otlp;

use tracing_subscriber::{Layer, Registry};

use crate::config::TraceArgs;

/// Error for an endpoint that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot export traces to {endpoint}")]
pub(crate) struct TraceExportError {
    endpoint: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// The export of traces. Dropping it blocks until the last spans are sent: drop it after the runtime.
pub(crate) struct TraceExport {
    #[cfg(feature = "otlp")]
    exporter: Option<otlp::Exporter>,
    #[cfg(not(feature = "otlp"))]
    unsupported_endpoint: Option<String>,
}

/// A layer that passes spans to the export.
pub(crate) type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

impl TraceExport {
    /// Starts the export under a service name, which `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` override.
    /// Call it outside the runtime, and add [`TraceExport::layer`] to the logger.
    ///
    /// # Errors
    /// When the endpoint is malformed. An unreachable endpoint is logged later.
    #[cfg(feature = "otlp")]
    pub(crate) fn start(args: &TraceArgs, service: &'static str) -> Result<Self, TraceExportError> {
        let Some(endpoint) = args.endpoint() else { return Ok(Self { exporter: None }) };
        match otlp::Exporter::start(&endpoint, service) {
            Ok(exporter) => Ok(Self { exporter: Some(exporter) }),
            Err(source) => Err(TraceExportError { endpoint, source }),
        }
    }

    /// Remembers an endpoint that this program cannot export to.
    #[cfg(not(feature = "otlp"))]
    #[expect(clippy::unnecessary_wraps, reason = "with the feature it can fail")]
    pub(crate) fn start(args: &TraceArgs, _service: &'static str) -> Result<Self, TraceExportError> {
        Ok(Self { unsupported_endpoint: args.endpoint() })
    }

    /// Returns the layer for the logger, or `None` without an export.
    #[cfg(feature = "otlp")]
    pub(crate) fn layer(&self) -> Option<SpanLayer> {
        self.exporter.as_ref().map(otlp::Exporter::layer)
    }

    /// Returns `None`: there is no export.
    #[cfg(not(feature = "otlp"))]
    pub(crate) fn layer(&self) -> Option<SpanLayer> {
        None
    }

    /// Logs a warning if an endpoint is set and the program was built without the export.
    pub(crate) fn warn_if_unsupported(&self) {
        #[cfg(not(feature = "otlp"))]
        if let Some(endpoint) = &self.unsupported_endpoint {
            tracing::warn!(%endpoint, "traces are not exported: this program was built without the feature `otlp`");
        }
    }
}
