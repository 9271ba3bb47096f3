//! The queue of the distributed system, on Redis 6.2 or Valkey 7.2 and later.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:{q}:stream:<lane>` | stream, group `workers` | one entry per job of the lane, field `job`, JSON `{v, subject, lane, attempt, enqueued_ms, traceparent}` |
//! | `<prefix>:{q}:queued` | set | the subjects in the queue, claimed and delayed ones too; makes enqueuing idempotent |
//! | `<prefix>:{q}:delayed` | sorted set | jobs given back, `<lane> <job>`, by the moment they are due in Redis's time |
//! | `<prefix>:{q}:epoch` | string | the name of the queue's present life, made together with the groups |
//! | `<prefix>:workers` | hash | the workers' latest reports, with the moment each was made in Redis's time |
//!
//! A stream's pending list is the record of leases: it knows who holds an entry, for how long that holder
//! was silent, and how often it was delivered. Nothing else is written while a job is claimed, and all
//! times are Redis's, so that hosts may disagree on theirs. Every change is one script, so that the set
//! and the streams are lost together or not at all: if any key is gone, the next call begins a new life
//! with a new epoch, and the record offers its jobs again. What was delivered to a worker that said no
//! more is found by looking at idle times, four times a second, by everybody who waits for a job.
//!
//! Lists would need a second list per worker to survive its death; a sorted set by deadline would be
//! polled. Streams wake one waiting worker per job.
//!
//! A user for it needs, and needs no more than:
//! ```text
//! ACL SETUSER abaci on >password resetchannels ~<prefix>:* -@all +@connection +evalsha +script|load
//!   +del +exists +get +set +hset +hdel +hgetall +pexpire +sadd +srem +sismember +time
//!   +xack +xadd +xclaim +xdel +xgroup +xinfo +xlen +xpending +xrange +xreadgroup
//!   +zadd +zrange +zrangebyscore +zrem
//! ```

mod claim;
mod link;
mod payload;
mod scripts;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use async_trait::async_trait;
use model::{Job, Lane, Subject, WorkerId, WorkerReport};
use redis::AsyncCommands;

use self::link::Link;
use self::payload::Receipt;
use self::scripts::Scripts;
use crate::{Delivery, Enqueued, JobQueue, LaneDepth, QueueError, metrics};

/// A report is forgotten after so long without another.
const REPORT_KEPT: Duration = Duration::from_secs(5);

/// A queue on Redis, shared with every other process of the same prefix.
pub struct RedisQueue {
    link: Link,
    scripts: Scripts,
    prefix: String,
}

impl RedisQueue {
    /// A queue whose keys begin with `prefix`. Connects at the first call, and again after every trouble.
    ///
    /// With a `rediss` address the program must have installed a process-wide `rustls` provider before the first
    /// call: this crate brings none, and `rustls` panics without.
    pub fn new(client: redis::Client, prefix: &str) -> Self {
        Self { link: Link::new(client), scripts: Scripts::new(prefix), prefix: prefix.to_owned() }
    }

    /// Gives a delivery's job back in the form given, if it is still its holder's.
    async fn give_back(
        &self,
        call: &'static str,
        delivery: &Delivery,
        job: &Job,
        delay: Duration,
    ) -> Result<bool, QueueError> {
        let Some(receipt) = receipt(call, delivery) else { return Ok(false) };
        let job = payload::encode(job).map_err(|error| QueueError::Unavailable(Box::new(error)))?;
        let mut script = self.about(&self.scripts.give_back, delivery, &receipt);
        script.arg(job).arg(milliseconds(delay));
        let is_ours: bool = self.link.run(call, &script).await?;
        if !is_ours {
            metrics::stale(call);
        }
        Ok(is_ours)
    }

    /// Prepares a script that begins by asking whether the delivery is still its holder's.
    fn about<'a>(
        &'a self,
        script: &'a redis::Script,
        delivery: &Delivery,
        receipt: &Receipt,
    ) -> redis::ScriptInvocation<'a> {
        let mut script = self.scripts.over_queue(script);
        script.arg(delivery.job.lane.as_str()).arg(&receipt.entry).arg(&delivery.worker.0).arg(receipt.deliveries);
        script
    }
}

#[async_trait]
impl JobQueue for RedisQueue {
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError> {
        let payload = payload::encode(job).map_err(|error| QueueError::Unavailable(Box::new(error)))?;
        let mut script = self.scripts.over_queue(&self.scripts.enqueue);
        script.arg(epoch_of_a_new_life()).arg(job.subject.to_string()).arg(job.lane.as_str()).arg(payload);
        let added: bool = self.link.run("enqueue", &script).await?;
        let enqueued = if added { Enqueued::Added } else { Enqueued::AlreadyQueued };
        metrics::enqueued(job.lane, enqueued);
        Ok(enqueued)
    }

    async fn claim_batch(
        &self,
        worker: &WorkerId,
        lanes: &[Lane],
        lease: Duration,
        wait: Duration,
        max_short: usize,
    ) -> Result<Vec<Delivery>, QueueError> {
        let max_short = max_short.max(1);
        claim::Claim { link: &self.link, scripts: &self.scripts, worker, lanes, lease, max_short }.within(wait).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError> {
        let Some(receipt) = receipt("extend", delivery) else { return Ok(false) };
        let script = self.about(&self.scripts.extend, delivery, &receipt);
        let extended: bool = self.link.run("extend", &script).await?;
        if !extended {
            metrics::stale("extend");
        }
        Ok(extended)
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError> {
        let Some(receipt) = receipt("ack", delivery) else { return Ok(()) };
        let mut script = self.about(&self.scripts.ack, delivery, &receipt);
        script.arg(delivery.job.subject.to_string());
        match self.link.run("ack", &script).await? {
            true => metrics::acked(delivery.job.lane),
            false => metrics::stale("ack"),
        }
        Ok(())
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError> {
        let job = Job { attempt: delivery.job.attempt.saturating_add(1), ..delivery.job.clone() };
        if self.give_back("nack", delivery, &job, delay).await? {
            metrics::nacked(job.lane);
        }
        Ok(())
    }

    async fn hand_back(&self, delivery: &Delivery) -> Result<(), QueueError> {
        if self.give_back("hand_back", delivery, &delivery.job, Duration::ZERO).await? {
            metrics::handed_back(delivery.job.lane);
        }
        Ok(())
    }

    async fn holds(&self, subject: &Subject) -> Result<bool, QueueError> {
        let (key, subject) = (self.scripts.queued_key(), subject.to_string());
        self.link.call("holds", async |mut redis| redis.sismember(key, subject).await).await
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        let mut script = self.scripts.over_queue(&self.scripts.epoch);
        script.arg(epoch_of_a_new_life());
        self.link.run("epoch", &script).await
    }

    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError> {
        let mut script = self.scripts.over_queue(&self.scripts.depth);
        script.arg(epoch_of_a_new_life());
        let depth: [(u64, u64, i64); 3] = self.link.run("depth", &script).await?;
        Ok(depth.map(|(waiting, claimed, age_ms)| {
            let oldest_age = u64::try_from(age_ms).ok().map(Duration::from_millis);
            LaneDepth { waiting, claimed, oldest_age }
        }))
    }

    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError> {
        let text = serde_json::to_string(report).map_err(|error| QueueError::Unavailable(Box::new(error)))?;
        let mut script = self.scripts.report();
        script.arg(&report.id.0).arg(text).arg(milliseconds(REPORT_KEPT));
        self.link.run("report", &script).await
    }

    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError> {
        let mut script = self.scripts.workers();
        script.arg(milliseconds(REPORT_KEPT));
        let texts: Vec<String> = self.link.run("workers", &script).await?;
        // A report that only a newer version can read is left out rather than hiding all the others.
        let mut reports: Vec<WorkerReport> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        reports.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(reports)
    }
}

impl fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisQueue").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// The name of a delivery, unless it never was one.
fn receipt(call: &'static str, delivery: &Delivery) -> Option<Receipt> {
    let receipt = delivery.receipt.parse().ok();
    if receipt.is_none() {
        metrics::stale(call);
    }
    receipt
}

/// A name for the queue's life, should this call be the first of it.
fn epoch_of_a_new_life() -> String {
    // The standard library's own randomness: it never fails, and an epoch need not be secret.
    format!("{:016x}", RandomState::new().hash_one("epoch"))
}

/// Redis counts in whole milliseconds; more than ten years are as good as ten, and stay exact in its scripts.
fn milliseconds(duration: Duration) -> u64 {
    const FAR: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;
    let rounded_up = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(rounded_up).map_or(FAR, |ms| ms.min(FAR))
}

#[cfg(test)]
mod tests;
