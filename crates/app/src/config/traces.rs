//! Settings of the export of traces.

use clap::{ArgAction, Args, builder::BoolishValueParser};

/// Settings of the export of traces.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceArgs {
    /// Collector to which traces are exported with OTLP over HTTP, such as `http://localhost:4318`; `/v1/traces` is
    /// appended. OpenTelemetry's other variables apply too: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_EXPORTER_OTLP_TIMEOUT` and
    /// those that begin with `OTEL_BSP_` [default: none].
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,

    /// Full URL to which traces are exported; nothing is appended. Overrides `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value_name = "URL")]
    otlp_traces_endpoint: Option<String>,

    /// Disables the export (true or false).
    #[arg(long, env = "OTEL_SDK_DISABLED", value_name = "BOOL", default_value = "false", hide_default_value = true,
          value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    otel_sdk_disabled: bool,
}

impl TraceArgs {
    /// Returns the URL to which spans are posted, or `None` without an export.
    pub(crate) fn endpoint(&self) -> Option<String> {
        let set = |url: &Option<String>| url.clone().filter(|url| !url.is_empty());
        let with_path = |base: String| format!("{}/v1/traces", base.trim_end_matches('/'));
        let endpoint = set(&self.otlp_traces_endpoint).or_else(|| set(&self.otlp_endpoint).map(with_path));
        endpoint.filter(|_| !self.otel_sdk_disabled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str, full: &str, disabled: bool) -> Option<String> {
        let args = TraceArgs {
            otlp_endpoint: Some(base.to_owned()),
            otlp_traces_endpoint: Some(full.to_owned()),
            otel_sdk_disabled: disabled,
        };
        args.endpoint()
    }

    #[test]
    fn the_full_url_overrides_the_base_and_either_can_be_disabled() {
        assert_eq!(TraceArgs::default().endpoint(), None);
        assert_eq!(endpoint("", "", false), None);
        assert_eq!(endpoint("http://a:4318/", "", false).as_deref(), Some("http://a:4318/v1/traces"));
        assert_eq!(endpoint("http://a:4318", "http://b/x", false).as_deref(), Some("http://b/x"));
        assert_eq!(endpoint("http://a:4318", "http://b/x", true), None);
    }
}
