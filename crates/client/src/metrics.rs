//! What is counted about the pages of one process.

use std::time::Duration;

/// Seconds from calling the API to having read its answer, by call and outcome.
const API_SECONDS: &str = "abaci_client_api_seconds";

/// Notes one call of the API.
pub(crate) fn api_called(call: &'static str, outcome: &'static str, took: Duration) {
    metrics::histogram!(API_SECONDS, "call" => call, "outcome" => outcome).record(took.as_secs_f64());
}
