//! Limits the queued work, per address and in all, by the price of each calculation.
//!
//! The prices are known to every API process: it adds what it accepts, learns from events what others accept and
//! what ends, and reads the store at its start and after lost events.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Calculation, Lane, Subject, Submitter};
use parking_lot::Mutex;
use server::{household, record_refusal_of};
use store::{Store, StoreError, UnfinishedFilter};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{ApiConfig, ValidSubject, WorkerCapacity};
use crate::error::ApiError;

/// Rows read from the store at a time.
const PAGE_ROWS: u32 = 500;
/// Addresses whose work is looked at to say when that of one of them is done. With more, all queued work is waited for.
const MAX_SHARES: usize = 1_000;
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
    by_address: HashMap<IpAddr, AddressWork>,
    total: Duration,
    /// How many calculations there are of each price.
    prices: BTreeMap<Duration, usize>,
    last_number: u64,
    /// Rises with each reload, which keeps what was added meanwhile.
    generation: u64,
}

struct QueuedWork {
    work: Duration,
    /// Unknown for what another process accepted.
    address: Option<IpAddr>,
    generation: u64,
    number: u64,
}

/// The work of one address.
#[derive(Default)]
struct AddressWork {
    total: Duration,
    /// The part that is shared between addresses.
    long: Duration,
    /// In the order of submission.
    calculations: BTreeMap<u64, Duration>,
    /// The same, shortest first.
    by_work: BTreeSet<(Duration, u64)>,
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
    pub(crate) fn check(&self, address: IpAddr, index: &ValidSubject) -> Result<(), ApiError> {
        let state = self.state.lock();
        if state.calculations.contains_key(&index.subject) {
            return Ok(());
        }
        let (own, total) = (state.own(address), state.total);
        let excess = |queued: Duration, limit: Option<Duration>| {
            let limit = limit?.saturating_mul(self.workers.parallelism());
            let excess = (queued + index.work).checked_sub(limit)?;
            (!queued.is_zero() && !excess.is_zero()).then_some(excess.min(queued))
        };
        let of_all = excess(total, self.total_limit_for(index.lane())).filter(|_| index.lane() != Lane::Short);
        let of_all = of_all.map(|excess| state.time_for_all(excess, self.workers.parallelism()));
        if let Some(excess) = excess(own, self.address_limit) {
            record_refusal_of("queued-work-of-address", address);
            let retry_after = state.time_for_own(address, excess, self.workers.parallelism());
            return Err(ApiError::TooManyRequests { retry_after: retry_after.max(of_all.unwrap_or_default()) });
        }
        if let Some(retry_after) = of_all {
            record_refusal_of("queued-work", address);
            return Err(ApiError::BacklogFull { retry_after });
        }
        Ok(())
    }

    /// Checks the sum of a batch like [`WorkBacklog::check`], except that the first work of an address is not accepted
    /// at any price: it can be submitted in parts.
    ///
    /// # Errors
    /// `BatchTooLarge` if it is too much even when nothing else is queued.
    pub(crate) fn check_batch(&self, address: IpAddr, indexes: &[ValidSubject]) -> Result<(), ApiError> {
        let (mut work, mut long, mut subjects) = (Duration::ZERO, Duration::ZERO, HashSet::new());
        let mut longest = Lane::Short;
        if let [index] = indexes {
            return self.check(address, index);
        }
        let state = self.state.lock();
        for index in indexes {
            if !state.calculations.contains_key(&index.subject) && subjects.insert(&index.subject) {
                work += index.work;
                long += if index.lane() == Lane::Short { Duration::ZERO } else { index.work };
                longest = if index.lane() == Lane::Long { Lane::Long } else { longest };
            }
        }
        let (own, total) = (state.own(address), state.total);
        let excess = |queued: Duration, work: Duration, limit: Option<Duration>| {
            let limit = limit?.saturating_mul(self.workers.parallelism());
            let excess = (queued + work).checked_sub(limit).filter(|excess| !excess.is_zero())?;
            Some((excess, limit))
        };
        let fits = |limit: Duration, work: Duration| {
            if work > limit {
                return Err(ApiError::BatchTooLarge {
                    given: format!("{} s of work", work.as_secs()),
                    allowed: format!("up to {} s of work", limit.as_secs()),
                });
            }
            Ok(())
        };
        let of_all = excess(total, long, self.total_limit_for(longest)).filter(|_| !long.is_zero());
        let time_of_all = of_all.map(|(excess, _)| state.time_for_all(excess, self.workers.parallelism()));
        let time_of_all = time_of_all.unwrap_or_default();
        if let Some((excess, limit)) = excess(own, work, self.address_limit) {
            record_refusal_of("queued-work-of-address", address);
            fits(limit, work)?;
            let retry_after = state.time_for_own(address, excess, self.workers.parallelism());
            return Err(ApiError::TooManyRequests { retry_after: retry_after.max(time_of_all) });
        }
        if let Some((_, limit)) = of_all {
            record_refusal_of("queued-work", address);
            fits(limit, long)?;
            return Err(ApiError::BacklogFull { retry_after: time_of_all });
        }
        Ok(())
    }

    /// Adds work of a batch that this process accepted for an address.
    pub(crate) fn add_batch(&self, address: IpAddr, indexes: &[&ValidSubject]) {
        let mut state = self.state.lock();
        for index in indexes {
            state.add(index.subject.clone(), index.work, Some(household(address)));
        }
    }

    /// Adds work that this process accepted for an address.
    pub(crate) fn add(&self, address: IpAddr, index: &ValidSubject) {
        self.state.lock().add(index.subject.clone(), index.work, Some(household(address)));
    }

    /// Follows an event: adds what another process accepted, and removes what ended.
    pub(crate) fn follow(&self, calculation: &Calculation) {
        let mut state = self.state.lock();
        if calculation.status().is_final() {
            state.remove(&calculation.subject);
            return;
        }
        let generation = state.generation;
        match state.calculations.get_mut(&calculation.subject) {
            // A reload that has passed its row must not forget it.
            Some(queued) => queued.generation = generation,
            None => state.add(calculation.subject.clone(), price(&calculation.subject), None),
        }
    }

    /// Returns what an address may still queue; `None` without a limit per address.
    pub(crate) fn allowance(&self, address: IpAddr) -> Option<Allowance> {
        let limit = self.address_limit?;
        let state = self.state.lock();
        let own = state.own(address);
        let reset = state.time_for_own(address, own, self.workers.parallelism());
        Some(Allowance { limit, remaining: limit.saturating_sub(own / self.workers.parallelism()), reset })
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
        let (mut unfinished, mut after) = (Vec::new(), None);
        loop {
            let rows = store.unfinished_work(&UnfinishedFilter::default(), after, PAGE_ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            unfinished.extend(rows.into_iter().map(|row| {
                let work = price(&row.subject);
                (row.subject, work, row.submitter.map(Submitter::address))
            }));
        }
        let found: HashSet<&Subject> = unfinished.iter().map(|(subject, ..)| subject).collect();
        let mut state = self.state.lock();
        for subject in state.subjects_before(generation, |subject| !found.contains(subject)) {
            state.remove(&subject);
        }
        for (subject, work, address) in unfinished {
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
}

impl BacklogState {
    /// Returns the queued work of an address.
    fn own(&self, address: IpAddr) -> Duration {
        self.by_address.get(&household(address)).map(|own| own.total).unwrap_or_default()
    }

    /// Returns the time after which `excess` of all queued work is done for certain.
    ///
    /// A calculation counts until it ends, so each worker may have one that does not count as done yet.
    fn time_for_all(&self, excess: Duration, parallelism: u32) -> Duration {
        let longest = self.prices.last_key_value().map(|(price, _)| *price).unwrap_or_default();
        (excess / parallelism + longest).min(self.total)
    }

    /// Returns the time after which `excess` of the queued work of an address is done for certain.
    ///
    /// A calculation counts until it ends, and takes as long as on one worker. Meanwhile every other address has as much
    /// long work done, and all shorter work may be done first, as may be work of addresses that are unknown.
    fn time_for_own(&self, address: IpAddr, excess: Duration, parallelism: u32) -> Duration {
        let address = household(address);
        let (mut work, mut longest) = (Duration::ZERO, Duration::ZERO);
        let own = self.by_address.get(&address);
        if let Some(own) = own.filter(|own| own.total <= excess) {
            // Every accepted submission asks for this, however many are queued.
            work = own.total;
            longest = own.by_work.last().map(|(work, _)| *work).unwrap_or_default();
        } else if let Some(own) = own {
            for next in own.calculations.values() {
                if work >= excess {
                    break;
                }
                work += *next;
                longest = longest.max(*next);
            }
        }
        if work.is_zero() {
            return work;
        }
        let mut before = self.total;
        if self.by_address.len() <= MAX_SHARES {
            for (other, queued) in &self.by_address {
                let later = if *other == address { queued.total - work } else { queued.long.saturating_sub(work) };
                before = before.saturating_sub(later);
            }
        }
        (before / parallelism).max(longest)
    }

    fn add(&mut self, subject: Subject, work: Duration, address: Option<IpAddr>) {
        self.remove(&subject);
        self.total += work;
        *self.prices.entry(work).or_default() += 1;
        self.last_number += 1;
        let number = self.last_number;
        if let Some(address) = address {
            let own = self.by_address.entry(address).or_default();
            own.total += work;
            own.long += long_part(work);
            own.calculations.insert(number, work);
            own.by_work.insert((work, number));
        }
        self.calculations.insert(subject, QueuedWork { work, address, generation: self.generation, number });
    }

    /// Returns the subjects that were added before a reload and meet a condition.
    fn subjects_before(&self, generation: u64, condition: impl Fn(&Subject) -> bool) -> Vec<Subject> {
        let older = self.calculations.iter().filter(|(_, queued)| queued.generation < generation);
        older.map(|(subject, _)| subject).filter(|subject| condition(subject)).cloned().collect()
    }

    fn remove(&mut self, subject: &Subject) {
        let Some(queued) = self.calculations.remove(subject) else { return };
        self.total = self.total.saturating_sub(queued.work);
        if let Some(count) = self.prices.get_mut(&queued.work) {
            *count -= 1;
            if *count == 0 {
                self.prices.remove(&queued.work);
            }
        }
        if let Some(address) = queued.address
            && let Some(own) = self.by_address.get_mut(&address)
        {
            own.total = own.total.saturating_sub(queued.work);
            own.long = own.long.saturating_sub(long_part(queued.work));
            own.calculations.remove(&queued.number);
            own.by_work.remove(&(queued.work, queued.number));
            if own.calculations.is_empty() {
                self.by_address.remove(&address);
            }
        }
    }
}

/// Returns the part of work that belongs to the lane that is shared between addresses: all or nothing.
fn long_part(work: Duration) -> Duration {
    if Lane::for_work(work) == Lane::Long { work } else { Duration::ZERO }
}

fn price(subject: &Subject) -> Duration {
    calculator::estimate(subject).work
}

#[cfg(test)]
mod tests;
