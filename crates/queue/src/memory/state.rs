//! The state of a queue in memory. Every method is given the time.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use model::{Job, Lane, Subject, WorkerId, WorkerReport, lease_after_losses};
use tokio::time::Instant;

use super::fair_share::FairShare;
use crate::{Delivery, LaneDepth};

const REPORT_TTL: Duration = Duration::from_secs(5);

/// The result of taking jobs.
pub(super) enum TakeResult {
    /// Jobs of one lane.
    Taken(Vec<Delivery>),
    /// No job, and none becomes due in these lanes before this moment unless something is added.
    NothingBefore(Option<Instant>),
}

#[derive(Debug, Default)]
pub(super) struct QueueState {
    jobs: HashMap<Subject, QueuedJob>,
    lanes: [LaneState; 3],
    reports: BTreeMap<WorkerId, (Instant, WorkerReport)>,
    last_number: u64,
}

#[derive(Debug)]
struct QueuedJob {
    job: Job,
    stage: Stage,
    place: WaitingPlace,
    /// Leases that expired in a row.
    lost: u32,
}

/// The place of a job among those that wait: its start by the shares of the lane, and a number that rises.
type WaitingPlace = (u64, u64);

/// The stage of a job; the lane's collections hold its subject under the same key.
#[derive(Debug)]
enum Stage {
    Waiting,
    Delayed,
    Claimed(ClaimedStage),
}

#[derive(Clone, Copy, Debug)]
struct ClaimedStage {
    receipt: u64,
    until: Instant,
    lease: Duration,
    waiting_since: Instant,
}

/// The jobs of a lane. Numbers beside the instants keep jobs of the same instant apart, and in order.
#[derive(Debug, Default)]
struct LaneState {
    /// With the moment each began to wait. All starts are 0 but in the long lane, which is shared.
    waiting: BTreeMap<WaitingPlace, (Instant, Subject)>,
    share: FairShare,
    delayed: BTreeMap<(Instant, u64), Subject>,
    claimed: BTreeMap<(Instant, u64), Subject>,
}

impl QueueState {
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn contains(&self, subject: &Subject) -> bool {
        self.jobs.contains_key(subject)
    }

    /// Adds a job whose subject is not in the queue.
    pub(super) fn add(&mut self, job: Job, now: Instant) {
        let number = self.next_number();
        let LaneState { waiting, share, .. } = self.lane(job.lane);
        if waiting.is_empty() {
            share.reset();
        }
        let start = if job.lane == Lane::Long { share.charge(job.submitter, job.work_ms) } else { 0 };
        let place = (start, number);
        waiting.insert(place, (now, job.subject.clone()));
        self.jobs.insert(job.subject.clone(), QueuedJob { stage: Stage::Waiting, place, lost: 0, job });
    }

    /// Takes the first job of the first lane that has one, or the first `max_short` of the short lane. Jobs whose
    /// lease has expired come first.
    pub(super) fn take(
        &mut self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        now: Instant,
        max_short: usize,
    ) -> TakeResult {
        for &lane in lanes {
            self.promote_due(lane, now);
            let max = if lane == Lane::Short { max_short } else { 1 };
            let taken: Vec<_> = (0..max).map_while(|_| self.take_from(lane, worker, lease, now)).collect();
            if !taken.is_empty() {
                return TakeResult::Taken(taken);
            }
        }
        TakeResult::NothingBefore(lanes.iter().filter_map(|&lane| self.lanes[position(lane)].next_due()).min())
    }

    fn take_from(&mut self, lane: Lane, worker: &WorkerId, lease: Duration, now: Instant) -> Option<Delivery> {
        let receipt = self.next_number();
        let LaneState { waiting, claimed, share, .. } = &mut self.lanes[position(lane)];
        let expired = claimed.first_entry().filter(|first| first.key().0 <= now).map(|first| first.remove());
        let reclaimed = expired.is_some();
        let (waiting_since, subject) = expired.map(|subject| (now, subject)).or_else(|| {
            let ((start, _), first) = waiting.pop_first()?;
            share.claim(start);
            Some(first)
        })?;
        let queued = self.jobs.get_mut(&subject)?;
        if reclaimed {
            queued.lost = queued.lost.saturating_add(1);
            queued.job.attempt = queued.job.attempt.saturating_add(1);
        }
        let lease = lease_after_losses(lease, queued.lost);
        let until = after(now, lease);
        queued.stage = Stage::Claimed(ClaimedStage { receipt, until, lease, waiting_since });
        claimed.insert((until, receipt), subject);
        Some(Delivery { job: queued.job.clone(), receipt: receipt.to_string(), worker: worker.clone(), reclaimed })
    }

    fn promote_due(&mut self, lane: Lane, now: Instant) {
        let LaneState { waiting, delayed, share, .. } = &mut self.lanes[position(lane)];
        while let Some(first) = delayed.first_entry().filter(|first| first.key().0 <= now) {
            let subject = first.remove();
            self.last_number = self.last_number.wrapping_add(1);
            let place = (share.start_again(), self.last_number);
            if let Some(queued) = self.jobs.get_mut(&subject) {
                queued.stage = Stage::Waiting;
                queued.place = place;
            }
            waiting.insert(place, (now, subject));
        }
    }

    /// Restarts the lease; returns `false` if the delivery is stale.
    pub(super) fn extend(&mut self, delivery: &Delivery, now: Instant) -> bool {
        let Some((lane, claimed)) = self.unclaim(delivery) else { return false };
        let until = after(now, claimed.lease);
        self.set_stage(delivery, Stage::Claimed(ClaimedStage { until, ..claimed }));
        self.lane(lane).claimed.insert((until, claimed.receipt), delivery.job.subject.clone());
        true
    }

    /// Removes the job; returns `false` if the delivery is stale.
    pub(super) fn ack(&mut self, delivery: &Delivery) -> bool {
        self.unclaim(delivery).is_some() && self.jobs.remove(&delivery.job.subject).is_some()
    }

    /// Makes the job claimable at `due` as another attempt; returns `false` if the delivery is stale.
    pub(super) fn nack(&mut self, delivery: &Delivery, due: Instant, now: Instant) -> bool {
        let Some((lane, _)) = self.unclaim(delivery) else { return false };
        if let Some(queued) = self.jobs.get_mut(&delivery.job.subject) {
            queued.job.attempt = queued.job.attempt.saturating_add(1);
            queued.lost = 0;
        }
        self.set_stage(delivery, Stage::Delayed);
        let number = self.next_number();
        self.lane(lane).delayed.insert((due, number), delivery.job.subject.clone());
        self.promote_due(lane, now);
        true
    }

    /// Makes the job the next one to be claimed; returns `false` if the delivery is stale.
    pub(super) fn release(&mut self, delivery: &Delivery) -> bool {
        let Some((lane, claimed)) = self.unclaim(delivery) else { return false };
        let Some(queued) = self.jobs.get_mut(&delivery.job.subject) else { return false };
        queued.lost = 0;
        queued.stage = Stage::Waiting;
        let place = queued.place;
        self.lane(lane).waiting.insert(place, (claimed.waiting_since, delivery.job.subject.clone()));
        true
    }

    pub(super) fn depth(&self, lane: Lane, now: Instant) -> LaneDepth {
        let lane = &self.lanes[position(lane)];
        let due = lane.delayed.keys().next().map(|&(due, _)| due).filter(|due| *due <= now);
        let oldest = lane.waiting.values().map(|(since, _)| *since).chain(due).min();
        LaneDepth {
            waiting: count(lane.waiting.len()).saturating_add(count(lane.delayed.len())),
            claimed: count(lane.claimed.len()),
            oldest_age: oldest.map(|since| now.duration_since(since)),
        }
    }

    /// Returns the subjects that wait in a lane, the first ones, in their order.
    pub(super) fn waiting(&self, lane: Lane, max: usize) -> Vec<Subject> {
        self.lanes[position(lane)].waiting.values().take(max).map(|(_, subject)| subject.clone()).collect()
    }

    pub(super) fn report(&mut self, report: WorkerReport, now: Instant) {
        self.expire_reports(now);
        self.reports.insert(report.id.clone(), (now, report));
    }

    pub(super) fn workers(&mut self, now: Instant) -> Vec<WorkerReport> {
        self.expire_reports(now);
        self.reports.values().map(|(_, report)| report.clone()).collect()
    }

    fn expire_reports(&mut self, now: Instant) {
        self.reports.retain(|_, (reported, _)| now.duration_since(*reported) < REPORT_TTL);
    }

    /// Takes the job of a delivery out of its lane unless the delivery is stale. The caller sets its new stage.
    fn unclaim(&mut self, delivery: &Delivery) -> Option<(Lane, ClaimedStage)> {
        let receipt = delivery.receipt.parse::<u64>().ok()?;
        let queued = self.jobs.get(&delivery.job.subject)?;
        let Stage::Claimed(claimed) = queued.stage else { return None };
        if claimed.receipt != receipt {
            return None;
        }
        let lane = queued.job.lane;
        self.lane(lane).claimed.remove(&(claimed.until, claimed.receipt))?;
        Some((lane, claimed))
    }

    fn set_stage(&mut self, delivery: &Delivery, stage: Stage) {
        if let Some(queued) = self.jobs.get_mut(&delivery.job.subject) {
            queued.stage = stage;
        }
    }

    fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.wrapping_add(1);
        self.last_number
    }

    fn lane(&mut self, lane: Lane) -> &mut LaneState {
        &mut self.lanes[position(lane)]
    }
}

impl LaneState {
    fn next_due(&self) -> Option<Instant> {
        let first = |keys: &BTreeMap<(Instant, u64), Subject>| keys.keys().next().map(|&(due, _)| due);
        first(&self.delayed).into_iter().chain(first(&self.claimed)).min()
    }
}

/// Returns the moment `duration` after `now`, at most ten years away.
pub(super) fn after(now: Instant, duration: Duration) -> Instant {
    const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
    now + duration.min(TEN_YEARS)
}

const fn position(lane: Lane) -> usize {
    match lane {
        Lane::Short => 0,
        Lane::Medium => 1,
        Lane::Long => 2,
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
