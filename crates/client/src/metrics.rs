//! Metrics of the pages.

use std::time::Duration;

/// Seconds from calling the API to having read its response, by call and outcome.
const API_SECONDS: &str = "abaci_client_api_seconds";

/// Records one call of the API.
pub(crate) fn record_api_call(call: &'static str, outcome: &'static str, took: Duration) {
    metrics::histogram!(API_SECONDS, "call" => call, "outcome" => outcome).record(took.as_secs_f64());
}
