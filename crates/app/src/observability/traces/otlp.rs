//! The OTLP exporter.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;

use super::SpanLayer;

/// Maximum time to send the last spans when the process ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// A thread that collects spans and posts them in batches.
pub(super) struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    pub(super) fn start(
        endpoint: &str,
        service: &'static str,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let exporter =
            SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(endpoint).build()?;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(service))
            .with_id_generator(spans::Ids::default())
            .with_batch_exporter(exporter)
            .build();
        Ok(Self { provider })
    }

    /// Returns a layer that exports the spans of our own crates only: those of the exporter's HTTP client would
    /// cause new ones endlessly.
    pub(super) fn layer(&self) -> SpanLayer {
        const CRATES: [&str; 8] = ["abaci", "api", "cache", "client", "queue", "server", "store", "worker"];
        let ours = Targets::new()
            .with_targets(CRATES.map(|name| (name, LevelFilter::INFO)))
            .with_target(spans::CALL_TARGET, LevelFilter::DEBUG);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("abaci"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
            .boxed()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::warn!(%error, "cannot export the last traces");
        }
    }
}

/// Returns the attributes of this process: from the variables, with the role's name as the default.
fn resource(service: &'static str) -> Resource {
    const SERVICE_NAME: Key = Key::from_static_str("service.name");
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let configured = Resource::builder().build();
    // The SDK's default name.
    let unnamed = configured.get(&SERVICE_NAME).is_none_or(|name| name.as_str().starts_with("unknown_service"));
    let resource = Resource::builder_empty().with_attribute(version);
    let resource = if unnamed { resource.with_service_name(service) } else { resource };
    let configured = configured.iter().filter(|(key, _)| !unnamed || **key != SERVICE_NAME);
    resource.with_attributes(configured.map(|(key, value)| KeyValue::new(key.clone(), value.clone()))).build()
}
