//! The export itself.

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

/// Time to send what is left when the process ends.
const FLUSH: Duration = Duration::from_secs(2);

/// A thread that collects spans and posts them.
pub(super) struct Export {
    provider: SdkTracerProvider,
}

impl Export {
    pub(super) fn begin(
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

    /// Takes spans of our own parts only: those of the exporter's HTTP client would cause new ones without end.
    pub(super) fn layer(&self) -> SpanLayer {
        const OURS: [&str; 7] = ["abaci", "api", "cache", "client", "queue", "store", "worker"];
        let ours = Targets::new().with_targets(OURS.map(|part| (part, LevelFilter::INFO)));
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("abaci"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
            .boxed()
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH) {
            tracing::warn!(%error, "the last traces could not be exported");
        }
    }
}

/// What is said of this process: what the variables say, else the role's name.
fn resource(service: &'static str) -> Resource {
    const SERVICE_NAME: Key = Key::from_static_str("service.name");
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let said = Resource::builder().build();
    // What stands there when nobody has said anything.
    let unnamed = said.get(&SERVICE_NAME).is_none_or(|name| name.as_str().starts_with("unknown_service"));
    let resource = Resource::builder_empty().with_attribute(version);
    let resource = if unnamed { resource.with_service_name(service) } else { resource };
    let said = said.iter().filter(|(key, _)| !unnamed || **key != SERVICE_NAME);
    resource.with_attributes(said.map(|(key, value)| KeyValue::new(key.clone(), value.clone()))).build()
}
