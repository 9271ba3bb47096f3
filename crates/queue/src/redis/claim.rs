//! Claiming jobs: look into every lane, then wait for the first job of any lane, and repeat.
//!
//! A claim waits on a connection of its own. When the claim is dropped the connection is closed, and Redis stops
//! serving the claim.

use std::time::Duration;

use model::{JOB_VERSION, Job, Lane, WorkerId, lease_after_losses, new_epoch};
use redis::AsyncCommands;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis_link::{ExclusiveConnection, LinkError, RedisLink};
use tokio::time::{Instant, sleep};

use super::payload::{self, DecodedEntry};
use super::receipt::Receipt;
use super::scripts::Scripts;
use super::{milliseconds, unavailable};
use crate::{Delivery, QueueError, metrics};

/// Interval at which a waiting claim looks for expired leases and due jobs.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Minimum duration of a failing claim, so that a caller that repeats it does not spin.
const FAILURE_PAUSE: Duration = Duration::from_millis(250);
/// The groups keep the name of every worker; those without jobs are removed after this time.
const IDLE_WORKER_TTL: Duration = Duration::from_secs(60 * 60);

pub(super) struct ClaimRequest<'a> {
    pub(super) link: &'a RedisLink,
    pub(super) scripts: &'a Scripts,
    pub(super) worker: &'a WorkerId,
    pub(super) lanes: &'a [Lane],
    pub(super) lease: Duration,
    pub(super) max_short: usize,
}

/// The answer of the script: a lane, and of each entry its id, the number of its deliveries, and its job.
pub(super) type TakenEntries = (String, Vec<(String, u32, String)>);

/// An entry as Redis delivered it.
struct RawEntry {
    lane: Lane,
    id: String,
    deliveries: u32,
    job: String,
}

enum ClaimedEntry {
    Job(Delivery),
    Newer(RawEntry),
    Invalid,
}

impl ClaimRequest<'_> {
    pub(super) async fn run(self, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let claim = self.link.call_exclusive(async |redis| self.claim(redis, wait).await);
        match claim.await {
            Ok(deliveries) => {
                for delivery in &deliveries {
                    metrics::claimed(delivery.job.lane, delivery.reclaimed);
                }
                Ok(deliveries)
            }
            Err(error) => {
                let error = unavailable("claim", error);
                sleep(FAILURE_PAUSE.min(wait)).await;
                Err(error)
            }
        }
    }

    async fn claim(&self, redis: &mut ExclusiveConnection, wait: Duration) -> Result<Vec<Delivery>, LinkError> {
        if redis.is_new() {
            let mut script = self.scripts.over_queue(&self.scripts.remove_idle_workers);
            script.arg(milliseconds(IDLE_WORKER_TTL));
            redis.run::<u32>(&script).await?;
        }
        let began = Instant::now();
        loop {
            let taken = self.take(redis).await?;
            if !taken.is_empty() {
                let deliveries: Vec<Delivery> = taken
                    .into_iter()
                    .filter_map(|entry| match self.decode(entry) {
                        ClaimedEntry::Job(delivery) => Some(delivery),
                        // An unreadable entry stays pending and is delivered again after its lease.
                        ClaimedEntry::Newer(_) | ClaimedEntry::Invalid => None,
                    })
                    .collect();
                if deliveries.is_empty() {
                    continue;
                }
                return Ok(deliveries);
            }
            let remaining = wait.saturating_sub(began.elapsed());
            if remaining.is_zero() {
                return Ok(Vec::new());
            }
            if self.lanes.is_empty() {
                sleep(remaining).await;
                continue;
            }
            if let Some(delivery) = self.wait(redis, remaining.min(POLL_INTERVAL)).await? {
                return Ok(vec![delivery]);
            }
        }
    }

    /// Takes the jobs that are there, without waiting, in the order of the lanes.
    async fn take(&self, redis: &mut ExclusiveConnection) -> Result<Vec<RawEntry>, LinkError> {
        // During an outage no worker could extend; each gets one lease of time to do so.
        let reclaims = !self.link.failed_within(self.lease);
        let mut script = self.scripts.over_queue(&self.scripts.take);
        script.arg(new_epoch()).arg(&self.worker.0).arg(leases(self.lease)).arg(JOB_VERSION);
        script.arg(u8::from(reclaims)).arg(self.max_short);
        for lane in self.lanes {
            script.arg(lane.as_str());
        }
        let taken: Option<TakenEntries> = redis.run(&script).await?;
        let Some((lane, entries)) = taken else { return Ok(Vec::new()) };
        let Ok(lane) = lane.parse() else { return Ok(Vec::new()) };
        Ok(entries.into_iter().map(|(id, deliveries, job)| RawEntry { lane, id, deliveries, job }).collect())
    }

    /// Waits for the first new job of any of the lanes.
    pub(super) async fn wait(
        &self,
        redis: &mut ExclusiveConnection,
        block: Duration,
    ) -> Result<Option<Delivery>, LinkError> {
        let block_ms = usize::try_from(milliseconds(block).max(1)).unwrap_or(usize::MAX);
        let options = StreamReadOptions::default().group("workers", &self.worker.0).count(1).block(block_ms);
        let keys: Vec<&str> = self.lanes.iter().map(|&lane| self.scripts.stream_key(lane)).collect();
        let undelivered = vec![">"; keys.len()];
        let read = redis.block(block, |redis| redis.xread_options(&keys, &undelivered, &options)).await;
        let read: StreamReadReply = match read {
            Ok(read) => Option::unwrap_or_default(read),
            Err(LinkError::Redis(error)) if matches!(error.code(), Some("NOGROUP" | "UNBLOCKED")) => {
                // The streams were deleted meanwhile. The next look resets the queue.
                sleep(Duration::from_millis(20)).await;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut first = None;
        for entry in self.entries(read) {
            // Several lanes may have got a job in the same instant; all but the first are released.
            match self.decode(entry) {
                ClaimedEntry::Job(delivery) if first.is_none() => first = Some(delivery),
                ClaimedEntry::Job(surplus) => self.release(redis, &surplus).await?,
                ClaimedEntry::Newer(newer) => self.park(redis, &newer).await?,
                ClaimedEntry::Invalid => {}
            }
        }
        Ok(first)
    }

    /// Returns the entries read, in the order of the lanes.
    fn entries(&self, read: StreamReadReply) -> Vec<RawEntry> {
        let lane_of = |key: &str| self.lanes.iter().copied().find(|&lane| self.scripts.stream_key(lane) == key);
        let mut entries: Vec<RawEntry> = Vec::new();
        for stream in read.keys {
            let Some(lane) = lane_of(&stream.key) else { continue };
            entries.extend(stream.ids.into_iter().map(|entry| {
                let job = entry.get("job").unwrap_or_default();
                RawEntry { lane, id: entry.id, deliveries: 1, job }
            }));
        }
        entries.sort_by_key(|entry| self.lanes.iter().position(|&lane| lane == entry.lane));
        entries
    }

    fn decode(&self, entry: RawEntry) -> ClaimedEntry {
        let RawEntry { lane, id, deliveries, job } = &entry;
        match payload::decode(job, *deliveries) {
            DecodedEntry::Job(job) => ClaimedEntry::Job(Delivery {
                job: Job { lane: *lane, ..job },
                receipt: Receipt { entry: id.clone(), deliveries: *deliveries }.to_string(),
                worker: self.worker.clone(),
                reclaimed: *deliveries > 1,
            }),
            DecodedEntry::Newer => {
                metrics::unreadable();
                ClaimedEntry::Newer(entry)
            }
            DecodedEntry::Invalid(error) => {
                metrics::unreadable();
                tracing::warn!(entry = %id, lane = %lane, %error, "queue entry {id} is not a valid job");
                ClaimedEntry::Invalid
            }
        }
    }

    async fn release(&self, redis: &mut ExclusiveConnection, surplus: &Delivery) -> Result<(), LinkError> {
        let Ok(receipt) = surplus.receipt.parse::<Receipt>() else { return Ok(()) };
        let Ok(job) = payload::encode(&surplus.job) else { return Ok(()) };
        let mut script = self.scripts.over_queue(&self.scripts.requeue);
        script.arg(surplus.job.lane.as_str()).arg(receipt.entry).arg(&self.worker.0).arg(1);
        script.arg(surplus.job.subject.to_string()).arg(job).arg(0);
        redis.run(&script).await
    }

    async fn park(&self, redis: &mut ExclusiveConnection, newer: &RawEntry) -> Result<(), LinkError> {
        let mut script = self.scripts.over_queue(&self.scripts.park);
        script.arg(newer.lane.as_str()).arg(&newer.id).arg(&self.worker.0);
        redis.run(&script).await
    }
}

/// Returns the leases after 0, 1, 2 … losses in milliseconds, up to the longest.
fn leases(lease: Duration) -> String {
    let mut leases: Vec<u64> =
        (0..).map(|lost| milliseconds(lease_after_losses(lease, lost)).max(1)).take(32).collect();
    leases.dedup();
    leases.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[test]
fn the_script_is_given_the_leases_of_the_one_rule() {
    assert_eq!(leases(Duration::from_secs(2)), "2000 4000 8000 16000 32000 60000");
    assert_eq!(leases(Duration::from_secs(90)), "90000");
    assert!(leases(Duration::from_millis(1)).ends_with(" 32768 60000"));
}
