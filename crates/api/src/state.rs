//! The state that endpoints share: the ports, the configuration, and caches and counters in memory.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use model::{Calculation, CalculationEvent, Job, Lane, Subject, Submitter};
use ports::Ports;
use server::{Share, Shares};
use store::{CountedList, ListOrder, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dispatch::{Accepted, Dispatcher};
use crate::error::ApiError;
use crate::events::Hub;
use crate::limits::{ApiConfig, RateLimit, WorkBacklog, WorkerCapacity};
use crate::lists::{ListPage, ListReader};
use crate::metrics::log_cache_failure;
use crate::residues::ValueResidues;
use crate::system::SystemMonitor;
use crate::usage::{RecentStats, UsageCounts};

/// Timeout of the store when asked whether the API is ready.
const READY_TIMEOUT: Duration = Duration::from_secs(1);

/// The state that the endpoints share. A clone refers to the same state.
///
/// Behind one pointer, because the router clones it several times for each request.
#[derive(Clone)]
pub struct ApiState(Arc<SharedState>);

impl Deref for ApiState {
    type Target = SharedState;

    fn deref(&self) -> &SharedState {
        &self.0
    }
}

/// The fields that clones of an [`ApiState`] share.
pub struct SharedState {
    pub(crate) ports: Ports,
    pub(crate) config: Arc<ApiConfig>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) usage: Arc<UsageCounts>,
    pub(crate) recent: Arc<RecentStats>,
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
    pub(crate) backlog: Arc<WorkBacklog>,
    pub(crate) workers: Arc<WorkerCapacity>,
    pub(crate) residues: ValueResidues,
    value_readers: Arc<Shares>,
    list_readers: Arc<Shares>,
    batches: Arc<Shares>,
    lists: Arc<ListReader>,
    system: Arc<SystemMonitor>,
    dispatcher: Arc<Dispatcher>,
    tasks: TaskTracker,
}

/// Why the API cannot serve requests.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The store answers with an error.
    #[error("the store is unavailable")]
    Store(#[source] StoreError),
    /// The store does not answer within a second.
    #[error("the store does not answer within {} s", READY_TIMEOUT.as_secs())]
    StoreSlow,
    /// The task that reads events has ended, at shutdown or by a bug.
    #[error("the task that reads events has ended")]
    EventsStopped,
}

impl ApiState {
    /// Starts the tasks behind the endpoints: they read events, queued work and the reports of workers, and write usage
    /// counts.
    ///
    /// All end with `shutdown`; `ended` waits for them.
    pub fn start(ports: Ports, config: ApiConfig, shutdown: CancellationToken) -> Self {
        let tasks = TaskTracker::new();
        let config = Arc::new(config);
        let recent = Arc::new(RecentStats::default());
        let workers = Arc::new(WorkerCapacity::new(config.parallelism));
        let backlog = Arc::new(WorkBacklog::new(&config, Arc::clone(&workers)));
        let shares = |kind, (total, per_address)| Shares::new(kind, total, per_address);
        let hub =
            Arc::new(Hub::new(config.waiters, shares("event-streams", config.event_streams), Arc::clone(&backlog)));
        let value_readers = Arc::new(shares("value-readers", config.value_readers));
        let list_readers = Arc::new(shares("list-readers", config.list_readers));
        let batches = Arc::new(shares("batches", config.batches));
        let lists = Arc::new(ListReader::new(Arc::clone(&ports.store)));
        let usage = Arc::new(UsageCounts::default());
        tasks.spawn(Arc::clone(&hub).read(ports.clone(), Arc::clone(&recent), shutdown.clone()));
        tasks.spawn({
            let (backlog, store, shutdown) = (Arc::clone(&backlog), Arc::clone(&ports.store), shutdown.clone());
            async move { backlog.keep_loaded(&*store, shutdown).await }
        });
        tasks.spawn({
            let (workers, queue, shutdown) = (Arc::clone(&workers), Arc::clone(&ports.queue), shutdown.clone());
            async move { workers.follow(&*queue, shutdown).await }
        });
        let (dispatcher, dispatching) = Dispatcher::new(ports.clone(), shutdown.clone());
        tasks.spawn(dispatching);
        tasks.spawn(Arc::clone(&usage).write(ports.clone(), shutdown));
        tasks.close();
        let rate_limit = config.rate.map(|rate| Arc::new(RateLimit::new(rate, ports.rates.clone())));
        let system = Arc::new(SystemMonitor::new(ports.clone(), Arc::clone(&config), Arc::clone(&recent)));
        Self(Arc::new(SharedState {
            ports,
            config,
            hub,
            usage,
            recent,
            rate_limit,
            backlog,
            workers,
            residues: ValueResidues::default(),
            value_readers,
            list_readers,
            batches,
            lists,
            system,
            dispatcher: Arc::new(dispatcher),
            tasks,
        }))
    }
}

impl SharedState {
    /// Waits until the tasks have ended, which they do after the shutdown given to [`ApiState::start`].
    pub async fn ended(&self) {
        self.tasks.wait().await;
    }

    /// Checks that requests can be served: events are read, and the store answers within a second.
    ///
    /// # Errors
    /// [`NotReady`] says what is wrong.
    pub async fn ready(&self) -> Result<(), NotReady> {
        if !self.hub.is_alive() {
            return Err(NotReady::EventsStopped);
        }
        match tokio::time::timeout(READY_TIMEOUT, self.ports.store.ping()).await {
            Ok(answer) => answer.map_err(NotReady::Store),
            Err(_) => Err(NotReady::StoreSlow),
        }
    }

    /// Sets the gauges of the queue's lanes, at most a second old; to NaN if neither queue nor store answers.
    pub async fn update_gauges(&self) {
        self.system.update_gauges().await;
    }

    /// Returns the calculation of a subject, from the cache or the store.
    pub(crate) async fn find(&self, subject: &Subject) -> Result<Option<Calculation>, StoreError> {
        if let Some(cached) = self.cache_get(subject).await {
            return Ok(Some(cached));
        }
        let found = self.ports.store.find(subject).await?;
        if let Some(calculation) = found.as_ref().filter(|calculation| calculation.is_readable()) {
            self.cache_put(calculation).await;
        }
        Ok(found)
    }

    /// Returns up to `limit` calculations in an order, within the share of the address.
    pub(crate) async fn read_list(
        &self,
        address: IpAddr,
        order: ListOrder,
        list: CountedList,
        limit: u32,
    ) -> Result<Arc<ListPage>, ApiError> {
        let _share = self.list_share(address)?;
        self.lists.read(order, list, limit).await
    }

    /// Returns how many calculations a list had when they were last counted; `None` if that is unknown.
    pub(crate) async fn count_list(&self, list: CountedList) -> Option<u64> {
        self.lists.count(list).await
    }

    /// Returns the calculations of these subjects, newest first, within the share of the address.
    pub(crate) async fn read_these(&self, address: IpAddr, subjects: &[Subject]) -> Result<Vec<Calculation>, ApiError> {
        let _share = self.list_share(address)?;
        let mut found = self.ports.store.find_batch(subjects).await?;
        found.sort_by_key(|calculation| std::cmp::Reverse(calculation.id));
        Ok(found)
    }

    fn list_share(&self, address: IpAddr) -> Result<Share, ApiError> {
        self.list_readers.take(address).map_err(|error| ApiError::ShareTaken("reads of lists", error))
    }

    /// Takes the share of an address for reading one more long value.
    pub(crate) fn open_value(&self, address: IpAddr) -> Result<Share, ApiError> {
        self.value_readers.take(address).map_err(|error| ApiError::ShareTaken("reads of long values", error))
    }

    /// Takes the share of an address for one more batch.
    pub(crate) fn open_batch(&self, address: IpAddr) -> Result<Share, ApiError> {
        self.batches.take(address).map_err(|error| ApiError::ShareTaken("batches", error))
    }

    /// Returns a finished calculation from the cache. A failing cache counts as a miss.
    pub(crate) async fn cache_get(&self, subject: &Subject) -> Option<Calculation> {
        log_cache_failure("get", self.ports.cache.get(subject).await).flatten()
    }

    /// Caches a finished calculation, if the cache is available.
    pub(crate) async fn cache_put(&self, calculation: &Calculation) {
        log_cache_failure("put", self.ports.cache.put(calculation).await);
    }

    /// Removes a calculation whose value can no longer be read from the cache.
    pub(crate) async fn cache_remove(&self, subject: &Subject) {
        log_cache_failure("remove", self.ports.cache.remove(subject).await);
    }

    /// Publishes the state of a calculation. Subscribers that miss the event load the list again.
    pub(crate) async fn publish(&self, calculation: &Calculation) {
        let event = CalculationEvent::Calculation(Box::new(calculation.clone()));
        log_cache_failure("publish", self.ports.events.publish(&event).await);
    }

    /// Announces an accepted calculation and enqueues its job. If the queue fails, the sweep enqueues it later.
    pub(crate) async fn dispatch(&self, calculation: &Calculation, submitter: Option<Submitter>) {
        self.dispatcher.dispatch(self.accepted(calculation, submitter)).await;
    }

    /// Announces and enqueues accepted calculations, like [`ApiState::dispatch`].
    pub(crate) async fn dispatch_batch(&self, accepted: Vec<Accepted>) {
        self.dispatcher.dispatch_batch(accepted).await;
    }

    /// Returns an accepted calculation with its job.
    pub(crate) fn accepted(&self, calculation: &Calculation, submitter: Option<Submitter>) -> Accepted {
        let work = calculator::estimate(&calculation.subject).work;
        let job = Job {
            subject: calculation.subject.clone(),
            lane: Lane::for_work(work),
            attempt: 1,
            enqueued_at: self.ports.clock.now(),
            traceparent: server::current_trace(),
            submitter,
            work_ms: Job::work_ms(work),
        };
        Accepted { calculation: calculation.clone(), job }
    }
}

impl FromRef<ApiState> for Arc<ApiConfig> {
    fn from_ref(state: &ApiState) -> Self {
        Self::clone(&state.config)
    }
}

impl FromRef<ApiState> for Arc<Hub> {
    fn from_ref(state: &ApiState) -> Self {
        Self::clone(&state.hub)
    }
}

impl FromRef<ApiState> for Arc<SystemMonitor> {
    fn from_ref(state: &ApiState) -> Self {
        Self::clone(&state.system)
    }
}
