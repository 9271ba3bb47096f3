//! What a queue in memory holds, and how it changes. Every method is told the time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use model::{Job, Lane, Subject, WorkerId, WorkerReport};
use tokio::time::Instant;

use crate::lease::stretched;
use crate::{Delivery, LaneDepth};

/// A report is forgotten after so long without another.
const REPORT_KEPT: Duration = Duration::from_secs(5);

/// What taking a job came to.
pub(super) enum Next {
    /// Jobs of one lane.
    Taken(Vec<Delivery>),
    /// None, and none becomes due in these lanes before this moment unless something is added.
    NothingBefore(Option<Instant>),
}

#[derive(Debug, Default)]
pub(super) struct State {
    entries: HashMap<Subject, Entry>,
    lanes: [LaneState; 3],
    reports: BTreeMap<WorkerId, (Instant, WorkerReport)>,
    last_number: u64,
}

#[derive(Debug)]
struct Entry {
    job: Job,
    place: Place,
    /// Holders in a row that let go without a word.
    lost: u32,
}

/// Where an entry is; the lane's collections hold its subject under the same key.
#[derive(Debug)]
enum Place {
    Waiting,
    Delayed,
    Claimed(Claim),
}

#[derive(Clone, Copy, Debug)]
struct Claim {
    receipt: u64,
    until: Instant,
    lease: Duration,
    /// Since when it had been waiting.
    since: Instant,
}

/// Numbers beside the instants keep entries of the same instant apart, and in order.
#[derive(Debug, Default)]
struct LaneState {
    /// With the instant since when; the first has waited longest.
    waiting: VecDeque<(Instant, Subject)>,
    delayed: BTreeMap<(Instant, u64), Subject>,
    claimed: BTreeMap<(Instant, u64), Subject>,
}

impl State {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn holds(&self, subject: &Subject) -> bool {
        self.entries.contains_key(subject)
    }

    /// Adds a job whose subject is not held yet.
    pub(super) fn add(&mut self, job: Job, now: Instant) {
        self.lane(job.lane).waiting.push_back((now, job.subject.clone()));
        let entry = Entry { place: Place::Waiting, lost: 0, job };
        self.entries.insert(entry.job.subject.clone(), entry);
    }

    /// Gives the first job of the first lane that has one, or the first `max_short` of the short lane; what
    /// was lost goes before what is new.
    pub(super) fn take(
        &mut self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        now: Instant,
        max_short: usize,
    ) -> Next {
        for &lane in lanes {
            self.release_delayed(lane, now);
            let most = if lane == Lane::Short { max_short } else { 1 };
            let taken: Vec<_> = (0..most).map_while(|_| self.take_from(lane, worker, lease, now)).collect();
            if !taken.is_empty() {
                return Next::Taken(taken);
            }
        }
        Next::NothingBefore(lanes.iter().filter_map(|&lane| self.lane_ref(lane).next_due()).min())
    }

    fn take_from(&mut self, lane: Lane, worker: &WorkerId, lease: Duration, now: Instant) -> Option<Delivery> {
        let receipt = self.next_number();
        let LaneState { waiting, claimed, .. } = &mut self.lanes[slot(lane)];
        let lost = claimed.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove());
        let reclaimed = lost.is_some();
        let (since, subject) = lost.map(|subject| (now, subject)).or_else(|| waiting.pop_front())?;
        let entry = self.entries.get_mut(&subject)?;
        if reclaimed {
            entry.lost = entry.lost.saturating_add(1);
            entry.job.attempt = entry.job.attempt.saturating_add(1);
        }
        let lease = stretched(lease, entry.lost);
        let until = after(now, lease);
        entry.place = Place::Claimed(Claim { receipt, until, lease, since });
        claimed.insert((until, receipt), subject);
        Some(Delivery { job: entry.job.clone(), receipt: receipt.to_string(), worker: worker.clone(), reclaimed })
    }

    fn release_delayed(&mut self, lane: Lane, now: Instant) {
        let LaneState { waiting, delayed, .. } = &mut self.lanes[slot(lane)];
        while let Some(first) = delayed.first_entry().filter(|first| first.key().0 <= now) {
            let subject = first.remove();
            if let Some(entry) = self.entries.get_mut(&subject) {
                entry.place = Place::Waiting;
            }
            waiting.push_back((now, subject));
        }
    }

    /// Starts the delivery's lease anew; `false` if it is its holder's no longer.
    pub(super) fn extend(&mut self, delivery: &Delivery, now: Instant) -> bool {
        let Some((lane, claim)) = self.release(delivery) else { return false };
        let until = after(now, claim.lease);
        self.place(delivery, Place::Claimed(Claim { until, ..claim }));
        self.lane(lane).claimed.insert((until, claim.receipt), delivery.job.subject.clone());
        true
    }

    /// Removes the job; `false` if it is its holder's no longer.
    pub(super) fn end(&mut self, delivery: &Delivery) -> bool {
        self.release(delivery).is_some() && self.entries.remove(&delivery.job.subject).is_some()
    }

    /// Makes the job claimable at `due` as another attempt; `false` if it is its holder's no longer.
    pub(super) fn retry(&mut self, delivery: &Delivery, due: Instant, now: Instant) -> bool {
        let Some((lane, _)) = self.release(delivery) else { return false };
        if let Some(entry) = self.entries.get_mut(&delivery.job.subject) {
            entry.job.attempt = entry.job.attempt.saturating_add(1);
            entry.lost = 0;
        }
        self.place(delivery, Place::Delayed);
        let number = self.next_number();
        self.lane(lane).delayed.insert((due, number), delivery.job.subject.clone());
        self.release_delayed(lane, now);
        true
    }

    /// Puts the job where the next claim finds it; `false` if it is its holder's no longer.
    pub(super) fn hand_back(&mut self, delivery: &Delivery) -> bool {
        let Some((lane, claim)) = self.release(delivery) else { return false };
        if let Some(entry) = self.entries.get_mut(&delivery.job.subject) {
            entry.lost = 0;
        }
        self.place(delivery, Place::Waiting);
        self.lane(lane).waiting.push_front((claim.since, delivery.job.subject.clone()));
        true
    }

    pub(super) fn depth(&self, lane: Lane, now: Instant) -> LaneDepth {
        let lane = self.lane_ref(lane);
        let due = lane.delayed.keys().next().map(|&(due, _)| due).filter(|due| *due <= now);
        let oldest = lane.waiting.front().map(|(since, _)| *since).into_iter().chain(due).min();
        LaneDepth {
            waiting: count(lane.waiting.len()).saturating_add(count(lane.delayed.len())),
            claimed: count(lane.claimed.len()),
            oldest_age: oldest.map(|since| now.duration_since(since)),
        }
    }

    pub(super) fn report(&mut self, report: WorkerReport, now: Instant) {
        self.forget_silent(now);
        self.reports.insert(report.id.clone(), (now, report));
    }

    pub(super) fn workers(&mut self, now: Instant) -> Vec<WorkerReport> {
        self.forget_silent(now);
        self.reports.values().map(|(_, report)| report.clone()).collect()
    }

    fn forget_silent(&mut self, now: Instant) {
        self.reports.retain(|_, (said, _)| now.duration_since(*said) < REPORT_KEPT);
    }

    /// Takes the delivery out of its lane, if it is still its holder's. The caller places it anew.
    fn release(&mut self, delivery: &Delivery) -> Option<(Lane, Claim)> {
        let shown = delivery.receipt.parse::<u64>().ok()?;
        let entry = self.entries.get(&delivery.job.subject)?;
        let Place::Claimed(claim) = entry.place else { return None };
        if claim.receipt != shown {
            return None;
        }
        let lane = entry.job.lane;
        self.lane(lane).claimed.remove(&(claim.until, claim.receipt))?;
        Some((lane, claim))
    }

    fn place(&mut self, delivery: &Delivery, place: Place) {
        if let Some(entry) = self.entries.get_mut(&delivery.job.subject) {
            entry.place = place;
        }
    }

    fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.wrapping_add(1);
        self.last_number
    }

    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        &mut self.lanes[slot(lane)]
    }

    fn lane_ref(&self, lane: Lane) -> &LaneState {
        &self.lanes[slot(lane)]
    }
}

impl LaneState {
    fn next_due(&self) -> Option<Instant> {
        let first = |keys: &BTreeMap<(Instant, u64), Subject>| keys.keys().next().map(|&(due, _)| due);
        first(&self.delayed).into_iter().chain(first(&self.claimed)).min()
    }
}

/// The moment `duration` after `now`, or one so far away that nobody waits for it.
pub(super) fn after(now: Instant, duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    now + duration.min(FAR)
}

const fn slot(lane: Lane) -> usize {
    match lane {
        Lane::Short => 0,
        Lane::Medium => 1,
        Lane::Long => 2,
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
