//! Traces for others to collect: exported by OTLP where OpenTelemetry's own variables say whereto.

#[cfg(feature = "otlp")]
mod otlp;

use clap::Args;
use tracing_subscriber::{Layer, Registry};

/// Whereto traces are exported, if anywhere.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceSettings {
    /// Collector that traces are exported to by OTLP over HTTP, such as `http://localhost:4318`; `/v1/traces`
    /// is appended. OpenTelemetry's other variables count too: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT` and
    /// those that begin with `OTEL_BSP_` [default: none].
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,

    /// The same with nothing appended; goes before the other.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value_name = "URL")]
    otlp_traces_endpoint: Option<String>,

    /// Whether nothing is exported all the same (true or false).
    #[arg(long, env = "OTEL_SDK_DISABLED", value_name = "BOOL", default_value = "false", hide_default_value = true,
          value_parser = clap::builder::BoolishValueParser::new(), action = clap::ArgAction::Set)]
    otel_sdk_disabled: bool,
}

impl TraceSettings {
    /// Where spans are posted to; `None` when they are not exported.
    fn endpoint(&self) -> Option<String> {
        let set = |url: &Option<String>| url.clone().filter(|url| !url.is_empty());
        let appended = |base: String| format!("{}/v1/traces", base.trim_end_matches('/'));
        let endpoint = set(&self.otlp_traces_endpoint).or_else(|| set(&self.otlp_endpoint).map(appended));
        endpoint.filter(|_| !self.otel_sdk_disabled)
    }
}

/// Why traces cannot be exported: set another address, or none.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be exported to {endpoint}")]
pub(crate) struct TracesError {
    endpoint: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// The export of traces. When it is dropped, which blocks, what is left is sent; do that after the runtime
/// has ended.
pub(crate) struct Traces {
    #[cfg(feature = "otlp")]
    export: Option<otlp::Export>,
    #[cfg(not(feature = "otlp"))]
    unheard: Option<String>,
}

/// What hands spans of the log on to the export.
pub(crate) type SpanLayer = Box<dyn Layer<Registry> + Send + Sync>;

impl Traces {
    /// Begins the export under the name of a service, which `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`
    /// override. Call it outside of the asynchronous runtime, and give [`Traces::layer`] to the log.
    ///
    /// # Errors
    /// When the address cannot be used. Whether anybody listens there is seen later, and logged.
    #[cfg(feature = "otlp")]
    pub(crate) fn begin(settings: &TraceSettings, service: &'static str) -> Result<Self, TracesError> {
        let Some(endpoint) = settings.endpoint() else { return Ok(Self { export: None }) };
        match otlp::Export::begin(&endpoint, service) {
            Ok(export) => Ok(Self { export: Some(export) }),
            Err(source) => Err(TracesError { endpoint, source }),
        }
    }

    /// Notes that an export is wanted, of which this program is not capable.
    #[cfg(not(feature = "otlp"))]
    #[expect(clippy::unnecessary_wraps, reason = "with the feature it can fail")]
    pub(crate) fn begin(settings: &TraceSettings, _service: &'static str) -> Result<Self, TracesError> {
        Ok(Self { unheard: settings.endpoint() })
    }

    /// What the log hands spans to; `None` when nothing is exported.
    #[cfg(feature = "otlp")]
    pub(crate) fn layer(&self) -> Option<SpanLayer> {
        self.export.as_ref().map(otlp::Export::layer)
    }

    /// What the log hands spans to: nothing.
    #[cfg(not(feature = "otlp"))]
    pub(crate) fn layer(&self) -> Option<SpanLayer> {
        None
    }

    /// Logs that the wanted export is not built in, if so. When the log has begun.
    pub(crate) fn warn_if_unheard(&self) {
        #[cfg(not(feature = "otlp"))]
        if let Some(endpoint) = &self.unheard {
            tracing::warn!(%endpoint, "traces are not exported: that is not built into this program");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str, exact: &str, disabled: bool) -> Option<String> {
        let settings = TraceSettings {
            otlp_endpoint: Some(base.to_owned()),
            otlp_traces_endpoint: Some(exact.to_owned()),
            otel_sdk_disabled: disabled,
        };
        settings.endpoint()
    }

    #[test]
    fn the_exact_address_goes_before_the_base_and_either_can_be_switched_off() {
        assert_eq!(TraceSettings::default().endpoint(), None);
        assert_eq!(endpoint("", "", false), None);
        assert_eq!(endpoint("http://a:4318/", "", false).as_deref(), Some("http://a:4318/v1/traces"));
        assert_eq!(endpoint("http://a:4318", "http://b/x", false).as_deref(), Some("http://b/x"));
        assert_eq!(endpoint("http://a:4318", "http://b/x", true), None);
    }
}
