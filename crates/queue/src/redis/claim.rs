//! LeaseResult: look into every lane, then wait for the first job of any, and begin again.
//!
//! The waiting goes over a connection of the claimer's own. When the claim is dropped the connection
//! is closed with it, and Redis forgets that somebody waited.

use std::time::Duration;

use model::{JOB_VERSION, Job, Lane, WorkerId};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, RedisResult};
use tokio::time::{Instant, sleep};

use super::link::{self, Link};
use super::payload::{self, Content, Receipt};
use super::scripts::Scripts;
use super::{epoch_of_a_new_life, milliseconds};
use crate::{Delivery, QueueError, metrics};

/// Lost and delayed jobs are looked for so often while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A claim that fails takes at least so long, if it may, so that whoever repeats it does not spin.
const PAUSE: Duration = Duration::from_millis(250);

/// Redis keeps every worker's name in the groups; of those that are silent for so long it is removed.
const FORGET_WORKERS_AFTER: Duration = Duration::from_secs(60 * 60);

pub(super) struct Claim<'a> {
    pub(super) link: &'a Link,
    pub(super) scripts: &'a Scripts,
    pub(super) worker: &'a WorkerId,
    pub(super) lanes: &'a [Lane],
    pub(super) lease: Duration,
    pub(super) max_short: usize,
}

/// What the script took: a lane, and of each entry its name, how often it was delivered, and its job.
pub(super) type Taken = (String, Vec<(String, u32, String)>);

/// An entry as Redis delivered it.
struct RawEntry {
    lane: Lane,
    id: String,
    deliveries: u32,
    job: String,
}

/// What an entry is to us.
enum Entry {
    Job(Delivery),
    Newer(RawEntry),
    Unknown,
}

impl Claim<'_> {
    pub(super) async fn within(self, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let claimed = self.claim(wait).await;
        match &claimed {
            Ok(deliveries) => {
                for delivery in deliveries {
                    metrics::claimed(delivery.job.lane, delivery.reclaimed);
                }
            }
            Err(_) => sleep(PAUSE.min(wait)).await,
        }
        claimed
    }

    async fn claim(&self, wait: Duration) -> Result<Vec<Delivery>, QueueError> {
        let (mut redis, is_new) = self.link.own("claim").await?;
        let outcome = async {
            if is_new {
                let mut tidy = self.scripts.over_queue(&self.scripts.tidy);
                tidy.arg(milliseconds(FORGET_WORKERS_AFTER));
                let _: u32 = self.link.patiently(Duration::ZERO, tidy.invoke_async(&mut redis)).await?;
            }
            self.look_and_wait(&mut redis, wait).await
        };
        match outcome.await {
            Ok(deliveries) => {
                self.link.put_back(redis);
                Ok(deliveries)
            }
            Err(error) => Err(self.link.failed("claim", error)),
        }
    }

    async fn look_and_wait(&self, redis: &mut MultiplexedConnection, wait: Duration) -> RedisResult<Vec<Delivery>> {
        let began = Instant::now();
        loop {
            let taken = self.look(redis).await?;
            if !taken.is_empty() {
                // What cannot be read stays pending, and comes by again when its lease is over.
                let read = taken.into_iter().map(|entry| self.read(entry));
                let jobs =
                    read.filter_map(|entry| if let Entry::Job(delivery) = entry { Some(delivery) } else { None });
                let jobs: Vec<Delivery> = jobs.collect();
                if jobs.is_empty() {
                    // There may be others.
                    continue;
                }
                return Ok(jobs);
            }
            let left = wait.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(Vec::new());
            }
            if self.lanes.is_empty() {
                sleep(left).await;
                continue;
            }
            if let Some(delivery) = self.wait(redis, left.min(LOOK_EVERY)).await? {
                return Ok(vec![delivery]);
            }
        }
    }

    /// Takes what is there, without waiting, in the order of the lanes.
    async fn look(&self, redis: &mut MultiplexedConnection) -> RedisResult<Vec<RawEntry>> {
        // After an outage the holders could not say a word; they are given one lease to do so.
        let takes_lost = !self.link.had_trouble_within(self.lease);
        let mut script = self.scripts.over_queue(&self.scripts.take);
        script.arg(epoch_of_a_new_life()).arg(&self.worker.0).arg(milliseconds(self.lease).max(1)).arg(JOB_VERSION);
        script.arg(u8::from(takes_lost)).arg(self.max_short);
        for lane in self.lanes {
            script.arg(lane.as_str());
        }
        let taken: Option<Taken> = self.link.patiently(Duration::ZERO, script.invoke_async(redis)).await?;
        let Some((lane, entries)) = taken else { return Ok(Vec::new()) };
        let Ok(lane) = lane.parse() else { return Ok(Vec::new()) };
        Ok(entries.into_iter().map(|(id, deliveries, job)| RawEntry { lane, id, deliveries, job }).collect())
    }

    /// Waits for the first new job of any of the lanes.
    pub(super) async fn wait(
        &self,
        redis: &mut MultiplexedConnection,
        block: Duration,
    ) -> RedisResult<Option<Delivery>> {
        let block_ms = usize::try_from(milliseconds(block).max(1)).unwrap_or(usize::MAX);
        let options = StreamReadOptions::default().group("workers", &self.worker.0).count(1).block(block_ms);
        let keys: Vec<&str> = self.lanes.iter().map(|&lane| self.scripts.stream_key(lane)).collect();
        let news = vec![">"; keys.len()];
        let read: RedisResult<Option<StreamReadReply>> =
            self.link.patiently(block, redis.xread_options(&keys, &news, &options)).await;
        let read = match read {
            Ok(read) => read.unwrap_or_default(),
            Err(error) if link::is_gone(&error) => {
                // Emptied while we waited. The next look begins a new life.
                sleep(Duration::from_millis(20)).await;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut first = None;
        for entry in self.entries(read) {
            // Several lanes may have got a job in the same instant; all but the first go back.
            match self.read(entry) {
                Entry::Job(delivery) if first.is_none() => first = Some(delivery),
                Entry::Job(surplus) => self.hand_back(redis, &surplus).await?,
                Entry::Newer(newer) => self.park(redis, &newer).await?,
                Entry::Unknown => {}
            }
        }
        Ok(first)
    }

    /// The entries read, in the order of the lanes.
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

    fn read(&self, entry: RawEntry) -> Entry {
        let RawEntry { lane, id, deliveries, job } = &entry;
        match payload::decode(job, *deliveries) {
            Content::Job(job) => Entry::Job(Delivery {
                job: Job { lane: *lane, ..job },
                receipt: Receipt { entry: id.clone(), deliveries: *deliveries }.to_string(),
                worker: self.worker.clone(),
                reclaimed: *deliveries > 1,
            }),
            Content::Newer => {
                metrics::unreadable();
                Entry::Newer(entry)
            }
            Content::Unknown(error) => {
                metrics::unreadable();
                tracing::warn!(entry = %id, lane = %lane, %error, "queue entry {id} is no job that this version knows");
                Entry::Unknown
            }
        }
    }

    async fn hand_back(&self, redis: &mut MultiplexedConnection, surplus: &Delivery) -> RedisResult<()> {
        let Ok(receipt) = surplus.receipt.parse::<Receipt>() else { return Ok(()) };
        let Ok(job) = payload::encode(&surplus.job) else { return Ok(()) };
        let mut script = self.scripts.over_queue(&self.scripts.give_back);
        script.arg(surplus.job.lane.as_str()).arg(receipt.entry).arg(&self.worker.0).arg(1).arg(job).arg(0);
        self.link.patiently(Duration::ZERO, script.invoke_async(redis)).await
    }

    async fn park(&self, redis: &mut MultiplexedConnection, newer: &RawEntry) -> RedisResult<()> {
        let mut script = self.scripts.over_queue(&self.scripts.park);
        script.arg(newer.lane.as_str()).arg(&newer.id).arg(&self.worker.0);
        self.link.patiently(Duration::ZERO, script.invoke_async(redis)).await
    }
}
