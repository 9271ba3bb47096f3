//! The client whose waiting is measured.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::http::{Connection, WAIT, get, post};
use crate::samples::Samples;

/// After this time a request has failed.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Time between the end of a request and the next one.
const PAUSE: Duration = Duration::from_millis(20);

pub struct HonestClient {
    address: String,
    next: AtomicI64,
}

/// The responses that an honest client got.
#[derive(Default)]
pub struct Received {
    pub samples: Samples,
    pub requests: usize,
    /// Requests without a 200 in time.
    pub failed: usize,
}

impl HonestClient {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), next: AtomicI64::new(1_000) }
    }

    /// Sends requests for a time, one after the other over one connection.
    pub async fn run(&self, lasting: Duration) -> Received {
        let (mut received, end) = (Received::default(), Instant::now() + lasting);
        let mut connection = None;
        while Instant::now() < end {
            let request = match received.requests % 3 {
                0 => post(self.next.fetch_add(1, Ordering::Relaxed), WAIT),
                1 => get("/api/calculations/25"),
                _ => get("/api/calculations?limit=10"),
            };
            let start = Instant::now();
            let answered = timeout(TIMEOUT, self.send(&mut connection, &request)).await;
            received.samples.push(start.elapsed());
            received.requests += 1;
            if !matches!(answered, Ok(Ok(200))) {
                received.failed += 1;
                connection = None;
            }
            tokio::time::sleep(PAUSE).await;
        }
        received
    }

    async fn send(&self, connection: &mut Option<Connection>, request: &[u8]) -> std::io::Result<u16> {
        if connection.is_none() {
            *connection = Some(Connection::open(&self.address).await?);
        }
        let Some(open) = connection else { return Err(std::io::ErrorKind::NotConnected.into()) };
        open.call(request).await.map(|(status, _)| status)
    }
}
