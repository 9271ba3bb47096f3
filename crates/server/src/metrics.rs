//! Metrics of HTTP, the same for the API, the pages and the internal port.

use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const REQUESTS: &str = "abaci_http_requests_total";
const REQUEST_SECONDS: &str = "abaci_http_request_seconds";
const CONNECTIONS: &str = "abaci_http_connections";
const REFUSALS: &str = "abaci_http_refusals_total";

/// Describes each metric. Call it once, after a recorder is installed.
pub fn describe() {
    describe_counter!(REQUESTS, "Requests answered, by route, method and status.");
    describe_histogram!(REQUEST_SECONDS, "Seconds until the head of a response, by route.");
    describe_gauge!(CONNECTIONS, "Open HTTP connections.");
    describe_counter!(REFUSALS, "Connections and requests refused by a limit, by kind.");
}

pub(crate) fn record_response(method: &Method, route: Option<&str>, status: StatusCode, elapsed: Duration) {
    let route = route.unwrap_or("unknown").to_owned();
    // Only methods that exist here become labels: labels must stay few.
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    histogram!(REQUEST_SECONDS, "route" => route.clone()).record(elapsed.as_secs_f64());
    counter!(REQUESTS, "route" => route, "method" => method, "status" => status.as_str().to_owned()).increment(1);
}

pub(crate) fn record_refusal(kind: &'static str) {
    counter!(REFUSALS, "kind" => kind).increment(1);
}

/// Counts one connection until it is dropped.
pub(crate) struct ConnectionGauge;

impl ConnectionGauge {
    pub(crate) fn count() -> Self {
        gauge!(CONNECTIONS).increment(1);
        Self
    }
}

impl Drop for ConnectionGauge {
    fn drop(&mut self) {
        gauge!(CONNECTIONS).decrement(1);
    }
}
