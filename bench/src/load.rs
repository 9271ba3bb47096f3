//! Load over keep-alive connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http::Connection;
use crate::samples::Samples;

/// Number of connections of every throughput measurement.
pub const CONNECTIONS: usize = 64;

/// Returns successful responses per second over [`CONNECTIONS`] connections, each with one request at a time.
pub async fn rate(address: &str, lasting: Duration, request: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> f64 {
    let request = Arc::new(request);
    let answered = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let end = start + lasting;
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (address, request, answered) = (address.to_owned(), request.clone(), answered.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(&address).await.expect("it listens");
                while Instant::now() < end {
                    let (status, body) = connection.call(&request()).await.expect("a response");
                    assert!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(body));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("the client works");
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let answered = answered.load(Ordering::Relaxed) as f64;
    answered / start.elapsed().as_secs_f64()
}

/// Sends every request over one of the given number of connections, each with one request at a time.
pub async fn all(address: &str, connections: usize, requests: Vec<Vec<u8>>) {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..connections.min(requests.len()))
        .map(|_| {
            let (address, requests, next) = (address.to_owned(), requests.clone(), next.clone());
            tokio::spawn(async move {
                let mut connection = Connection::open(&address).await.expect("it listens");
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (status, body) = connection.call(request).await.expect("a response");
                    assert!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(body));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("the client works");
    }
}

/// Measures the latencies of requests, one at a time over one connection. Each response must be 200.
pub async fn latencies(address: &str, requests: impl Iterator<Item = Vec<u8>>) -> Samples {
    let mut connection = Connection::open(address).await.expect("it listens");
    let mut samples = Samples::default();
    for request in requests {
        let start = Instant::now();
        let (status, body) = connection.call(&request).await.expect("a response");
        samples.push(start.elapsed());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(body));
    }
    samples
}
