//! Reads pages of calculations, once for all requests that ask for the same page at the same time, and counts them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use model::Calculation;
use parking_lot::Mutex;
use store::{CountedList, ListOrder, Store, StoreError};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::error::ApiError;

/// Lists read from the store at a time, so that they leave its connections to submissions and workers.
const CONCURRENT_READS: usize = 2;
/// Maximum time that a list waits for other lists.
const READ_WAIT: Duration = Duration::from_secs(5);

/// Minimum age at which a count is repeated, and its minimum age as a multiple of the time that counting took: counting
/// takes 2 % of the time at most.
const COUNT_AGE: Duration = Duration::from_secs(1);
const COUNT_AGE_FACTOR: u32 = 50;
/// Requests wait for counts that take no longer than this. For others they get the last count, up to a minute longer.
const QUICK_COUNT: Duration = Duration::from_millis(20);
const COUNT_GRACE: Duration = Duration::from_secs(60);
/// Any index may be counted from, so these counts share their part of the time. What they left of it is saved up to this.
const COUNT_SAVINGS: Duration = Duration::from_secs(5);

/// The key of a page: its order with its beginning, the list that it is of, and the number of rows.
type PageKey = (ListOrder, CountedList, u32);
type PageResult = Result<Arc<ListPage>, Arc<StoreError>>;

/// A page that was read for one request or for many.
pub(crate) struct ListPage {
    pub(crate) calculations: Vec<Calculation>,
    body: OnceLock<Bytes>,
}

impl ListPage {
    /// Returns the body of `GET /api/calculations`, encoded for the first of the requests that share the page.
    pub(crate) fn body(&self, encode: impl FnOnce(&[Calculation]) -> Bytes) -> Bytes {
        self.body.get_or_init(|| encode(&self.calculations)).clone()
    }
}

/// Reads pages of calculations.
pub(crate) struct ListReader {
    store: Arc<dyn Store>,
    permits: Semaphore,
    /// The requests that wait for a read which has not started yet.
    waiting: Mutex<HashMap<PageKey, Vec<oneshot::Sender<PageResult>>>>,
    /// Of all numbers, of other subjects, and of what is unfinished.
    counts: [ListCount; 3],
    /// Held while one is counted.
    index_counts: tokio::sync::Mutex<IndexCounts>,
}

/// Counts of the numbers from an index on.
#[derive(Default)]
struct IndexCounts {
    latest: Option<(i64, Counted)>,
    /// When the next one may be made.
    due: Option<Instant>,
}

#[derive(Default)]
struct ListCount {
    latest: Mutex<Option<Counted>>,
    /// Held while requests wait for a count.
    counting: tokio::sync::Mutex<()>,
    /// Whether a count runs while the old one is used.
    is_counting: AtomicBool,
}

/// A count, and until when it is used.
#[derive(Clone, Copy)]
struct Counted {
    /// `None` if counting failed: those who waited for it do not wait for another one.
    rows: Option<u64>,
    took: Duration,
    until: Instant,
}

impl ListReader {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            permits: Semaphore::new(CONCURRENT_READS),
            waiting: Mutex::default(),
            counts: Default::default(),
            index_counts: tokio::sync::Mutex::default(),
        }
    }

    /// Returns up to `limit` calculations in an order.
    ///
    /// The read starts after this call, so it has everything that was stored before.
    pub(crate) async fn read(
        self: &Arc<Self>,
        order: ListOrder,
        list: CountedList,
        limit: u32,
    ) -> Result<Arc<ListPage>, ApiError> {
        let (sender, receiver) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock();
            let senders = waiting.entry((order, list, limit)).or_default();
            senders.push(sender);
            senders.len() == 1
        };
        if is_first {
            tokio::spawn(Arc::clone(self).read_for_all((order, list, limit)));
        }
        match receiver.await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) if matches!(*error, StoreError::Corrupt(_)) => Err(ApiError::Internal(error.into())),
            Ok(Err(error)) => Err(ApiError::Unavailable(error.into())),
            Err(panicked) => Err(ApiError::Internal(panicked.into())),
        }
    }

    /// Returns how many calculations a list had when they were last counted; `None` if that is unknown.
    pub(crate) async fn count(self: &Arc<Self>, list: CountedList) -> Option<u64> {
        let slot = match list {
            CountedList::Numbers => 0,
            CountedList::Others => 1,
            CountedList::Unfinished => 2,
            CountedList::From(index) => return self.count_from(index).await,
        };
        let count = &self.counts[slot];
        let usable = || {
            let latest = *count.latest.lock();
            latest.filter(|counted| Instant::now() < counted.until)
        };
        if let Some(counted) = usable() {
            return counted.rows;
        }
        let latest = *count.latest.lock();
        let is_slow = |counted: &Counted| counted.rows.is_some() && counted.took > QUICK_COUNT;
        if let Some(slow) = latest.filter(|counted| is_slow(counted) && counted.until.elapsed() < COUNT_GRACE) {
            // The old count is good enough while a new one is made.
            if !count.is_counting.swap(true, Ordering::Relaxed) {
                let lists = Arc::clone(self);
                tokio::spawn(async move {
                    let count = &lists.counts[slot];
                    *count.latest.lock() = Some(lists.recount(list).await);
                    count.is_counting.store(false, Ordering::Relaxed);
                });
            }
            return slow.rows;
        }
        let _counting = count.counting.lock().await;
        match usable() {
            Some(counted) => counted.rows,
            None => {
                let counted = self.recount(list).await;
                *count.latest.lock() = Some(counted);
                counted.rows
            }
        }
    }

    async fn count_from(&self, index: i64) -> Option<u64> {
        let mut counts = self.index_counts.lock().await;
        let now = Instant::now();
        if let Some((_, counted)) = counts.latest.filter(|(from, counted)| *from == index && now < counted.until) {
            return counted.rows;
        }
        if counts.due.is_some_and(|due| now < due) {
            return None;
        }
        let counted = self.recount(CountedList::From(index)).await;
        let saved = now.checked_sub(COUNT_SAVINGS).unwrap_or(now);
        counts.due = Some(counts.due.map_or(saved, |due| due.max(saved)) + counted.took * COUNT_AGE_FACTOR);
        counts.latest = Some((index, counted));
        counted.rows
    }

    async fn recount(&self, list: CountedList) -> Counted {
        let started = Instant::now();
        let rows = self
            .store
            .count(list)
            .await
            .inspect_err(|error| {
                tracing::warn!(error = error as &dyn std::error::Error, "cannot count the calculations");
            })
            .ok();
        let took = started.elapsed();
        let age = if rows.is_some() { COUNT_AGE.max(took * COUNT_AGE_FACTOR) } else { COUNT_AGE };
        Counted { rows, took, until: Instant::now() + age }
    }

    async fn read_for_all(self: Arc<Self>, key: PageKey) {
        let permit = timeout(READ_WAIT, self.permits.acquire()).await;
        // Requests from here on wait for the next read.
        let senders = self.waiting.lock().remove(&key).unwrap_or_default();
        let page = match permit {
            // The inner error means that the semaphore is closed, which never happens.
            Ok(_permit) => self.store.list(key.0, key.2).await,
            Err(elapsed) => Err(StoreError::Unavailable(elapsed.into())),
        };
        let page = page.map(|calculations| Arc::new(ListPage { calculations, body: OnceLock::new() }));
        let page = page.map_err(Arc::new);
        for sender in senders {
            // `send` fails only if the request is gone.
            let _ = sender.send(page.clone());
        }
    }
}
