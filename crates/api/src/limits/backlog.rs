//! Limits how much queued work there is, per address and in all, by the price of each calculation.
//!
//! The prices are known to every API process: it adds what it accepts, learns from events what others accept and
//! what ends, and reads the store at its start and after lost events.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Calculation, Lane, Subject, Submitter};
use parking_lot::Mutex;
use server::{household, record_refusal_of};
use store::{Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{ApiConfig, ValidIndex, WorkerCapacity};
use crate::error::ApiError;

/// Rows read from the store at a time.
const PAGE_ROWS: u32 = 500;
/// Pause after a failed read of the store.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The queued and running work.
pub(crate) struct WorkBacklog {
    total_limit: Option<Duration>,
    address_limit: Option<Duration>,
    workers: Arc<WorkerCapacity>,
    lost_events: Notify,
    state: Mutex<BacklogState>,
}

#[derive(Default)]
struct BacklogState {
    calculations: HashMap<Subject, QueuedWork>,
    by_address: HashMap<IpAddr, Duration>,
    total: Duration,
    /// Rises with each reload, which keeps what was added meanwhile.
    generation: u64,
}

struct QueuedWork {
    work: Duration,
    /// Unknown for what another process accepted.
    address: Option<IpAddr>,
    generation: u64,
}

/// The work that an address may still queue, for the `RateLimit` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) limit: Duration,
    pub(crate) remaining: Duration,
    /// Until nothing of the address is queued any more.
    pub(crate) reset: Duration,
}

impl WorkBacklog {
    pub(crate) fn new(config: &ApiConfig, workers: Arc<WorkerCapacity>) -> Self {
        Self {
            total_limit: config.queued_work,
            address_limit: config.queued_work_per_address,
            workers,
            lost_events: Notify::new(),
            state: Mutex::default(),
        }
    }

    /// Checks that new work would wait no longer than the limits say. The first work of an address, or of all, is
    /// accepted at any price; short work is not subject to the limit of all, and long work may take nine tenths of it,
    /// so that long work cannot block shorter work.
    ///
    /// # Errors
    /// `TooManyRequests` or `BacklogFull`, with the time after which enough is computed.
    pub(crate) fn check(&self, address: IpAddr, index: &ValidIndex) -> Result<(), ApiError> {
        let state = self.state.lock();
        if state.calculations.contains_key(&index.subject) {
            return Ok(());
        }
        let own = state.by_address.get(&household(address)).copied().unwrap_or_default();
        let total = state.total;
        drop(state);
        let excess = |queued: Duration, limit: Option<Duration>| {
            let limit = limit?.saturating_mul(self.workers.parallelism());
            let excess = (queued + index.work).checked_sub(limit)?;
            (!queued.is_zero() && !excess.is_zero()).then_some(excess.min(queued))
        };
        if let Some(excess) = excess(own, self.address_limit) {
            record_refusal_of("queued-work-of-address", address);
            return Err(ApiError::TooManyRequests { retry_after: self.time_for(excess) });
        }
        if index.lane() != Lane::Short
            && let Some(excess) = excess(total, self.total_limit_for(index.lane()))
        {
            record_refusal_of("queued-work", address);
            return Err(ApiError::BacklogFull { retry_after: self.time_for(excess) });
        }
        Ok(())
    }

    /// Checks the sum of a batch like [`WorkBacklog::check`], except that the first work of an address is not accepted
    /// at any price: it can be submitted in parts.
    ///
    /// # Errors
    /// `BatchTooLarge` if it is too much even when nothing else is queued.
    pub(crate) fn check_batch(&self, address: IpAddr, indexes: &[ValidIndex]) -> Result<(), ApiError> {
        let (mut work, mut long, mut subjects) = (Duration::ZERO, Duration::ZERO, HashSet::new());
        let mut longest = Lane::Short;
        let (own, total) = {
            let state = self.state.lock();
            for index in indexes {
                if !state.calculations.contains_key(&index.subject) && subjects.insert(&index.subject) {
                    work += index.work;
                    long += if index.lane() == Lane::Short { Duration::ZERO } else { index.work };
                    longest = if index.lane() == Lane::Long { Lane::Long } else { longest };
                }
            }
            (state.by_address.get(&household(address)).copied().unwrap_or_default(), state.total)
        };
        if let ([index], 1) = (indexes, subjects.len()) {
            return self.check(address, index);
        }
        let excess = |queued: Duration, work: Duration, limit: Option<Duration>| {
            let limit = limit?.saturating_mul(self.workers.parallelism());
            let excess = (queued + work).checked_sub(limit).filter(|excess| !excess.is_zero())?;
            Some((excess, limit))
        };
        let refusal = |kind, queued, excess, limit: Duration, work: Duration| {
            record_refusal_of(kind, address);
            if work > limit {
                return Err(ApiError::BatchTooLarge {
                    given: format!("{} s of work", work.as_secs()),
                    allowed: format!("up to {} s of work", limit.as_secs()),
                });
            }
            Ok(self.time_for(Duration::min(excess, queued)))
        };
        if let Some((excess, limit)) = excess(own, work, self.address_limit) {
            let retry_after = refusal("queued-work-of-address", own, excess, limit, work)?;
            return Err(ApiError::TooManyRequests { retry_after });
        }
        if !long.is_zero()
            && let Some((excess, limit)) = excess(total, long, self.total_limit_for(longest))
        {
            let retry_after = refusal("queued-work", total, excess, limit, long)?;
            return Err(ApiError::BacklogFull { retry_after });
        }
        Ok(())
    }

    /// Adds work of a batch that this process accepted for an address.
    pub(crate) fn add_batch(&self, address: IpAddr, indexes: &[&ValidIndex]) {
        let mut state = self.state.lock();
        for index in indexes {
            state.add(index.subject.clone(), index.work, Some(household(address)));
        }
    }

    /// Adds work that this process accepted for an address.
    pub(crate) fn add(&self, address: IpAddr, index: &ValidIndex) {
        self.state.lock().add(index.subject.clone(), index.work, Some(household(address)));
    }

    /// Follows an event: adds what another process accepted, and removes what ended.
    pub(crate) fn follow(&self, calculation: &Calculation) {
        let mut state = self.state.lock();
        if calculation.status().is_final() {
            state.remove(&calculation.subject);
        } else if !state.calculations.contains_key(&calculation.subject) {
            state.add(calculation.subject.clone(), price(&calculation.subject), None);
        }
    }

    /// Returns what an address may still queue; `None` without a limit per address.
    pub(crate) fn allowance(&self, address: IpAddr) -> Option<Allowance> {
        let limit = self.address_limit?;
        let own = self.state.lock().by_address.get(&household(address)).copied().unwrap_or_default();
        let reset = self.time_for(own);
        Some(Allowance { limit, remaining: limit.saturating_sub(reset), reset })
    }

    /// Notes that events were lost, so that the store must be read again.
    pub(crate) fn note_lost_events(&self) {
        self.lost_events.notify_one();
    }

    /// Reads the store at the start and after lost events, until `shutdown`.
    pub(crate) async fn keep_loaded(&self, store: &dyn Store, shutdown: CancellationToken) {
        let mut is_failing = false;
        loop {
            let reloaded = self.reload(store).await;
            if let Err(error) = &reloaded
                && !is_failing
            {
                tracing::warn!(error = error as &dyn std::error::Error, "cannot read the queued work; retrying");
            }
            is_failing = reloaded.is_err();
            let retry = async {
                if is_failing { tokio::time::sleep(RETRY_INTERVAL).await } else { self.lost_events.notified().await }
            };
            if shutdown.run_until_cancelled(retry).await.is_none() {
                return;
            }
        }
    }

    /// Reads the unfinished calculations from the store, and forgets those that ended unnoticed.
    async fn reload(&self, store: &dyn Store) -> Result<(), StoreError> {
        let generation = {
            let mut state = self.state.lock();
            state.generation += 1;
            state.generation
        };
        let (mut unfinished, mut after) = (HashMap::new(), None);
        loop {
            let rows = store.unfinished(after, PAGE_ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            unfinished.extend(rows.into_iter().map(|row| {
                let address = row.submitter.map(Submitter::address);
                let work = price(&row.subject);
                (row.subject, (work, address))
            }));
        }
        // Leased work is not among them. What is not found at all ended too.
        let unlisted = self.state.lock().subjects_before(generation, |subject| !unfinished.contains_key(subject));
        let mut running = HashSet::new();
        for subjects in unlisted.chunks(PAGE_ROWS as usize) {
            let found = store.find_batch(subjects).await?.into_iter();
            running.extend(found.filter(|row| !row.status().is_final()).map(|row| row.subject));
        }
        let mut state = self.state.lock();
        let is_ended = |subject: &Subject| !unfinished.contains_key(subject) && !running.contains(subject);
        state.subjects_before(generation, is_ended).iter().for_each(|subject| state.remove(subject));
        for (subject, (work, address)) in unfinished {
            if !state.calculations.contains_key(&subject) {
                state.add(subject, work, address);
            }
        }
        Ok(())
    }

    /// Returns the limit of all for work of a lane.
    fn total_limit_for(&self, lane: Lane) -> Option<Duration> {
        self.total_limit.map(|limit| if lane == Lane::Long { limit / 10 * 9 } else { limit })
    }

    fn time_for(&self, work: Duration) -> Duration {
        work / self.workers.parallelism()
    }
}

impl BacklogState {
    fn add(&mut self, subject: Subject, work: Duration, address: Option<IpAddr>) {
        self.remove(&subject);
        self.total += work;
        if let Some(address) = address {
            *self.by_address.entry(address).or_default() += work;
        }
        let queued = QueuedWork { work, address, generation: self.generation };
        self.calculations.insert(subject, queued);
    }

    /// Returns the subjects that were added before a reload and meet a condition.
    fn subjects_before(&self, generation: u64, condition: impl Fn(&Subject) -> bool) -> Vec<Subject> {
        let older = self.calculations.iter().filter(|(_, queued)| queued.generation < generation);
        older.map(|(subject, _)| subject).filter(|subject| condition(subject)).cloned().collect()
    }

    fn remove(&mut self, subject: &Subject) {
        let Some(queued) = self.calculations.remove(subject) else { return };
        self.total = self.total.saturating_sub(queued.work);
        if let Some(address) = queued.address
            && let Some(own) = self.by_address.get_mut(&address)
        {
            *own = own.saturating_sub(queued.work);
            if own.is_zero() {
                self.by_address.remove(&address);
            }
        }
    }
}

fn price(subject: &Subject) -> Duration {
    fibonacci::estimate(subject.index().get()).work
}

#[cfg(test)]
mod tests {
    use model::Index;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn backlog(parallelism: u32) -> WorkBacklog {
        let config = ApiConfig {
            queued_work: Some(6 * MINUTE),
            queued_work_per_address: Some(2 * MINUTE),
            ..ApiConfig::default()
        };
        WorkBacklog::new(&config, Arc::new(WorkerCapacity::new(parallelism)))
    }

    fn work(n: i64, work: Duration) -> ValidIndex {
        ValidIndex { subject: Index::new(n).into(), digits: 1, work, memory_bytes: 1 }
    }

    fn address(n: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, n])
    }

    #[test]
    fn an_address_is_refused_beyond_its_limit_until_enough_has_ended() {
        let backlog = backlog(1);
        let (one, other) = (address(1), address(2));
        for n in 1..=2 {
            backlog.check(one, &work(n, MINUTE)).expect("within the limit");
            backlog.add(one, &work(n, MINUTE));
        }
        let Err(ApiError::TooManyRequests { retry_after }) = backlog.check(one, &work(3, MINUTE)) else {
            panic!("two minutes are queued");
        };
        assert_eq!(retry_after, MINUTE);
        assert!(backlog.check(one, &work(2, MINUTE)).is_ok(), "it is queued already");
        assert!(backlog.check(other, &work(3, 3 * MINUTE)).is_ok(), "the first work at any price");
        let allowance = backlog.allowance(one).expect("a limit");
        assert_eq!((allowance.remaining, allowance.reset), (Duration::ZERO, 2 * MINUTE));
        backlog.state.lock().remove(&Index::new(1).into());
        assert!(backlog.check(one, &work(3, MINUTE)).is_ok());
    }

    #[test]
    fn all_together_have_a_limit_that_does_not_apply_to_short_work() {
        let (backlog, faster) = (backlog(1), backlog(2));
        for n in 1..=6 {
            backlog.add(address(n), &work(n.into(), 9 * MINUTE / 10));
            faster.add(address(n), &work(n.into(), 9 * MINUTE / 10));
        }
        let Err(ApiError::BacklogFull { retry_after }) = backlog.check(address(7), &work(7, MINUTE)) else {
            panic!("nine tenths of six minutes are queued");
        };
        assert_eq!(retry_after, MINUTE);
        assert!(backlog.check(address(7), &work(8, Duration::from_millis(1))).is_ok());
        let medium = work(9, Duration::from_millis(900));
        assert_eq!(medium.lane(), Lane::Medium);
        assert!(backlog.check(address(7), &medium).is_ok(), "the last tenth is for shorter work");
        assert!(backlog.check_batch(address(7), &[medium, work(10, Duration::from_millis(900))]).is_ok());
        let with_long = [work(11, Duration::from_millis(900)), work(12, MINUTE)];
        assert!(matches!(backlog.check_batch(address(7), &with_long), Err(ApiError::BacklogFull { .. })));
        backlog.add(address(8), &work(13, 36 * MINUTE / 60));
        let medium = work(14, Duration::from_millis(900));
        assert!(matches!(backlog.check(address(7), &medium), Err(ApiError::BacklogFull { .. })), "it is full");
        assert!(faster.check(address(7), &work(7, MINUTE)).is_ok(), "it waits half as long");
    }

    #[tokio::test]
    async fn a_restarted_process_knows_the_queued_work_and_forgets_what_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = store::StoreLimits { max_queued: 10 };
        let store = store::SqliteStore::open(&folder.path().join("s.sqlite"), limits).await.expect("a store");
        let long = price(&Index::new(900_000_000).into());
        let new = store::NewCalculation {
            subject: Index::new(900_000_000).into(),
            digits: 1,
            lane: Lane::for_work(long),
            ask: None,
            submitter: Some(address(3).into()),
            traceparent: None,
            now: model::Timestamp::from_unix_ms(0),
        };
        store.submit(&new).await.expect("room");
        let half = Some(long / 2);
        let config = ApiConfig { queued_work: half, queued_work_per_address: half, ..ApiConfig::default() };
        let backlog = WorkBacklog::new(&config, Arc::new(WorkerCapacity::new(1)));
        backlog.add(address(1), &work(5, MINUTE));
        backlog.reload(&store).await.expect("the store answers");
        assert_eq!(backlog.state.lock().total, long, "F(5) is not in the store");
        assert!(matches!(backlog.check(address(2), &work(7, long)), Err(ApiError::BacklogFull { .. })));
        assert!(matches!(backlog.check(address(3), &work(7, long)), Err(ApiError::TooManyRequests { .. })));

        let worker = model::WorkerId("w".to_owned());
        let leased = store.lease(&new.subject, &worker, MINUTE, new.now).await.expect("the store answers");
        let store::LeaseResult::Leased(lease, _) = leased else { panic!("{leased:?}") };
        backlog.reload(&store).await.expect("the store answers");
        assert_eq!(backlog.state.lock().total, long, "it is running");
        let failure = model::Failure { reason: model::FailureReason::StorageFailed, attempts: 3 };
        store.fail(&new.subject, Some(&lease), failure, new.now).await.expect("the store answers").expect("failed");
        backlog.reload(&store).await.expect("the store answers");
        assert_eq!(backlog.state.lock().total, Duration::ZERO, "it has ended");
    }
}
