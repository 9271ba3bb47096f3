//! What every endpoint works with: the ports, the limits, and the few things kept in memory.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use http::Uri;
use ipnet::IpNet;
use model::{Calculation, CalculationEvent, Index, Job, Subject};
use ports::Ports;
use store::StoreError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::hub::Hub;
use crate::metrics;
use crate::ratelimit::RateLimit;
use crate::rates::Rates;
use crate::system::SystemView;
use crate::tally::Tally;

/// What may be asked for. `None` is no limit.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest |index|.
    pub max_index: u64,
    /// The largest body of a request.
    pub body_bytes: usize,
    /// Memory that one computation may take on the largest worker.
    pub worker_memory_bytes: Option<u64>,
    /// Bytes that all values may take together, so that a single one beyond them is refused.
    pub store_bytes: Option<u64>,
    /// Requests that may wait for a value at a time; further ones are answered at once.
    pub waiters: usize,
    /// Seconds of work that one address may ask for in a minute.
    pub rate: Option<f64>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The address that browsers use, where a proxy changes the `Host` header.
    pub public_url: Option<Uri>,
    /// The version of the program, as told by `/api/system`.
    pub version: &'static str,
    /// `embedded` or `distributed`, as told by `/api/system`.
    pub mode: &'static str,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_index: 1_000_000_000,
            body_bytes: 16 * 1024,
            worker_memory_bytes: None,
            store_bytes: None,
            waiters: 1_024,
            rate: None,
            trusted_proxies: Vec::new(),
            public_url: None,
            version: env!("CARGO_PKG_VERSION"),
            mode: "embedded",
        }
    }
}

/// What the endpoints share. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) ports: Ports,
    pub(crate) limits: Arc<Limits>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
    pub(crate) system: Arc<SystemView>,
    tasks: TaskTracker,
}

/// Why the api is not ready to serve.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The record does not answer.
    #[error("the record does not answer")]
    Store(#[source] StoreError),
    /// The record takes more than a second to answer.
    #[error("the record takes more than a second to answer")]
    StoreSlow,
    /// The task that reads announcements has ended: at shutdown, or by a bug.
    #[error("nobody reads the announcements")]
    HubEnded,
}

impl ApiState {
    /// Starts the two tasks behind the endpoints: one reads the announcements, one writes counts into the
    /// record every second. Both end with `shutdown`; [`ApiState::ended`] waits for them.
    pub fn start(ports: Ports, limits: Limits, shutdown: CancellationToken) -> Self {
        let tasks = TaskTracker::new();
        let limits = Arc::new(limits);
        let rates = Arc::new(Rates::default());
        let hub = Arc::new(Hub::new(limits.waiters));
        let tally = Arc::new(Tally::default());
        let reading = Arc::clone(&hub).read(Arc::clone(&ports.events), Arc::clone(&rates), shutdown.clone());
        tasks.spawn(reading);
        tasks.spawn(Arc::clone(&tally).write(Arc::clone(&ports.store), Arc::clone(&ports.clock), shutdown));
        tasks.close();
        let rate_limit = limits.rate.map(|rate| Arc::new(RateLimit::new(rate)));
        Self { ports, limits, hub, tally, rates, rate_limit, system: Arc::default(), tasks }
    }

    /// Returns when the tasks have ended, which they do after the shutdown given to [`ApiState::start`].
    pub async fn ended(&self) {
        self.tasks.wait().await;
    }

    /// The address that asks.
    pub(crate) fn client_address(&self, request: &Request) -> IpAddr {
        server::client_address(request.headers(), request.extensions(), &self.limits.trusted_proxies)
    }

    /// A finished calculation, if it is near at hand. A cache that fails is a cache that knows nothing.
    pub(crate) async fn known(&self, subject: &Subject) -> Option<Calculation> {
        self.ports.cache.get(subject).await.unwrap_or_else(|error| {
            metrics::cache_failed("get");
            tracing::warn!(error = &error as &dyn std::error::Error, "the cache could not be read");
            None
        })
    }

    /// Keeps a finished calculation near at hand, if the cache can.
    pub(crate) async fn remember(&self, calculation: &Calculation) {
        if let Err(error) = self.ports.cache.put(calculation).await {
            metrics::cache_failed("put");
            tracing::warn!(error = &error as &dyn std::error::Error, "a value could not be cached");
        }
    }

    /// Removes what can no longer be read from the cache.
    pub(crate) async fn forget(&self, subject: &Subject) {
        if let Err(error) = self.ports.cache.remove(subject).await {
            metrics::cache_failed("forget");
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a lost value could not be removed from the cache"
            );
        }
    }

    /// The calculation of an index, from wherever it is known.
    pub(crate) async fn find(&self, index: Index) -> Result<Option<Calculation>, StoreError> {
        let subject = Subject::from(index);
        match self.known(&subject).await {
            Some(known) => Ok(Some(known)),
            None => self.ports.store.find(&subject).await,
        }
    }

    /// Tells everybody how a calculation stands. Pages that miss it load the record again.
    pub(crate) async fn announce(&self, calculation: &Calculation) {
        let announcement = CalculationEvent::Calculation(Box::new(calculation.clone()));
        if let Err(error) = self.ports.events.publish(&announcement).await {
            metrics::cache_failed("announce");
            tracing::warn!(error = &error as &dyn std::error::Error, "a calculation could not be announced");
        }
    }

    /// Offers a calculation to the workers. It is in the record already, so that a failure here only
    /// means that the sweep will offer it later.
    pub(crate) async fn offer(&self, calculation: &Calculation, lane: model::Lane) {
        let job = Job {
            subject: calculation.subject.clone(),
            lane,
            attempt: 1,
            enqueued_at: self.ports.clock.now(),
            traceparent: server::current_trace(),
        };
        if let Err(error) = self.ports.queue.enqueue(&job).await {
            metrics::offer_failed();
            tracing::warn!(
                calculation.subject = %job.subject,
                error = &error as &dyn std::error::Error,
                "{} could not be offered and waits for the sweep", job.subject
            );
        }
    }
}

/// Whether requests can be served: the record answers within a second and announcements are read.
///
/// # Errors
/// Says what is amiss.
pub async fn ready(state: &ApiState) -> Result<(), NotReady> {
    if !state.hub.is_alive() {
        return Err(NotReady::HubEnded);
    }
    match tokio::time::timeout(Duration::from_secs(1), state.ports.store.ping()).await {
        Ok(answer) => answer.map_err(NotReady::Store),
        Err(_) => Err(NotReady::StoreSlow),
    }
}
