//! The queue of the distributed system, on Redis 6.2, Valkey 7.2 or later.
//!
//! | key | type | contents |
//! |---|---|---|
//! | `<prefix>:{q}:stream:<lane>` | stream, group `workers` | one entry per job of the lane, field `job`, JSON `{v, subject, lane, attempt, enqueued_ms, traceparent, submitter, work_ms}` |
//! | `<prefix>:{q}:queued` | set | subjects in the streams and among the delayed jobs; makes enqueuing idempotent |
//! | `<prefix>:{q}:waiting` | sorted set | long jobs that are not in the stream yet, `<subject> <job>`, by their start |
//! | `<prefix>:{q}:since` | sorted set | the subjects of those, by the time at which they began to wait |
//! | `<prefix>:{q}:finish` | sorted set | submitters of long jobs, by the end of their work so far |
//! | `<prefix>:{q}:delayed` | sorted set | delayed jobs, `<lane> <job>`, by the time they are due |
//! | `<prefix>:{q}:epoch` | string | the epoch, created together with the groups |
//! | `<prefix>:workers` | hash | the latest report of each worker, with the time it was made |
//!
//! The streams' pending lists hold the leases: who claimed an entry, for how long that worker was silent, and how
//! often the entry was delivered. Nothing else is written while a job is claimed, and all times are Redis's own, so
//! clocks of hosts may differ. Every change is one script, so the set and the streams are lost together or not at
//! all: if any key is missing, the next call resets the queue with a new epoch, and the sweep fills it from the
//! store. The same happens if entries were lost while their subjects are still in the set, which the sweep's check
//! of the epoch finds. Every waiting claim looks for expired leases four times a second.
//!
//! The long lane is shared between submitters by start-time fair queueing. A job starts where the work of its submitter
//! ends, and not before the start of the job that was let in last. Long jobs wait by their start outside of the stream;
//! a claim that finds the stream without a new entry lets in the next. From then on a long job is an entry like others,
//! so leases and recovery know nothing of shares. If no job waits, a new long job goes to the stream at once and wakes a
//! waiting claim. Processes of an earlier version add all long jobs to the stream: these come first.
//!
//! Lists would need a second list per worker to survive its death; a sorted set by deadline would have to be
//! polled. A stream wakes one waiting worker per job.
//!
//! Redis Cluster is refused when connecting. A user for the queue needs exactly these rights:
//! ```text
//! ACL SETUSER abaci on >password resetchannels ~<prefix>:* -@all +@connection +evalsha +script|load
//!   +del +exists +get +set +hset +hdel +hgetall +pexpire +sadd +scard +srem +sismember +time
//!   +xack +xadd +xclaim +xdel +xgroup +xinfo +xlen +xpending +xrange +xreadgroup
//!   +zadd +zcard +zrange +zrangebyscore +zrem +zremrangebyscore +zscore
//! ```

mod claim;
#[cfg(test)]
mod fuzzing;
mod payload;
mod receipt;
mod scripts;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use model::{Job, Lane, Subject, WorkerId, WorkerReport, new_epoch};
use redis::{FromRedisValue, Script, ScriptInvocation};
use redis_link::{LinkError, RedisLink};

use self::claim::ClaimRequest;
use self::receipt::Receipt;
use self::scripts::Scripts;
use crate::{Delivery, Enqueued, JobQueue, LaneDepth, QueueError, metrics};

/// Timeout of a call, connecting included.
const CALL_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum number of jobs per call. Redis runs no other command during a call, which takes about a millisecond.
const CALL_BATCH: usize = 500;
const REPORT_TTL: Duration = Duration::from_secs(5);

/// A queue on Redis, shared by all processes with the same prefix.
pub struct RedisQueue {
    link: RedisLink,
    scripts: Scripts,
}

impl RedisQueue {
    /// Creates a queue whose keys begin with `prefix`. It connects at the first call, and again after every error.
    pub fn new(client: redis::Client, prefix: &str) -> Self {
        let link = RedisLink::new(client, CALL_TIMEOUT, Duration::ZERO);
        Self { link, scripts: Scripts::new(prefix) }
    }

    async fn run<T: FromRedisValue>(&self, call: &'static str, script: &ScriptInvocation<'_>) -> Result<T, QueueError> {
        self.link.run(call, script).await.map_err(|error| unavailable(call, error))
    }

    /// Acknowledges deliveries of one lane to one worker.
    async fn ack_in_one_call(&self, deliveries: &[Delivery]) -> Result<(), QueueError> {
        let Some(Delivery { job, worker, .. }) = deliveries.first() else { return Ok(()) };
        let mut script = self.scripts.over_queue(&self.scripts.ack);
        script.arg(job.lane.as_str()).arg(&worker.0);
        for delivery in deliveries {
            if let Some(receipt) = receipt("ack", delivery) {
                script.arg(receipt.entry).arg(receipt.deliveries).arg(delivery.job.subject.to_string());
            }
        }
        let ended: Vec<bool> = self.run("ack", &script).await?;
        for has_ended in ended {
            match has_ended {
                true => metrics::acked(job.lane),
                false => metrics::stale("ack"),
            }
        }
        Ok(())
    }

    /// Returns a delivery's job to the queue in the given form. Returns `false` if the delivery is stale.
    async fn requeue(
        &self,
        call: &'static str,
        delivery: &Delivery,
        job: &Job,
        delay: Duration,
    ) -> Result<bool, QueueError> {
        let Some(receipt) = receipt(call, delivery) else { return Ok(false) };
        let job = payload::encode(job).map_err(|error| QueueError::Unavailable(Box::new(error)))?;
        let mut script = self.for_delivery(&self.scripts.requeue, delivery, &receipt);
        script.arg(delivery.job.subject.to_string()).arg(job).arg(milliseconds(delay));
        let is_ours: bool = self.run(call, &script).await?;
        if !is_ours {
            metrics::stale(call);
        }
        Ok(is_ours)
    }

    /// Prepares a script that does nothing if the delivery is stale.
    fn for_delivery<'a>(&'a self, script: &'a Script, delivery: &Delivery, receipt: &Receipt) -> ScriptInvocation<'a> {
        let mut script = self.scripts.over_queue(script);
        script.arg(delivery.job.lane.as_str()).arg(&receipt.entry).arg(&delivery.worker.0).arg(receipt.deliveries);
        script
    }
}

#[async_trait]
impl JobQueue for RedisQueue {
    async fn enqueue(&self, job: &Job) -> Result<Enqueued, QueueError> {
        let enqueued = self.enqueue_batch(std::slice::from_ref(job)).await?;
        Ok(enqueued.first().copied().unwrap_or(Enqueued::AlreadyQueued))
    }

    async fn enqueue_batch(&self, jobs: &[Job]) -> Result<Vec<Enqueued>, QueueError> {
        let mut enqueued = Vec::with_capacity(jobs.len());
        for jobs in jobs.chunks(CALL_BATCH) {
            let mut script = self.scripts.over_queue(&self.scripts.enqueue);
            script.arg(new_epoch());
            for job in jobs {
                let payload = payload::encode(job).map_err(|error| QueueError::Unavailable(Box::new(error)))?;
                let submitter = job.submitter.map(|submitter| submitter.to_string()).unwrap_or_default();
                script.arg(job.subject.to_string()).arg(job.lane.as_str()).arg(payload).arg(submitter).arg(job.work_ms);
            }
            let added: Vec<bool> = self.run("enqueue", &script).await?;
            for (job, added) in jobs.iter().zip(added) {
                let result = if added { Enqueued::Added } else { Enqueued::AlreadyQueued };
                metrics::enqueued(job.lane, result);
                enqueued.push(result);
            }
        }
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
        ClaimRequest { link: &self.link, scripts: &self.scripts, worker, lanes, lease, max_short }.run(wait).await
    }

    async fn extend(&self, delivery: &Delivery) -> Result<bool, QueueError> {
        let Some(receipt) = receipt("extend", delivery) else { return Ok(false) };
        let script = self.for_delivery(&self.scripts.extend, delivery, &receipt);
        let extended: bool = self.run("extend", &script).await?;
        if !extended {
            metrics::stale("extend");
        }
        Ok(extended)
    }

    async fn ack(&self, delivery: &Delivery) -> Result<(), QueueError> {
        self.ack_batch(std::slice::from_ref(delivery)).await
    }

    async fn ack_batch(&self, deliveries: &[Delivery]) -> Result<(), QueueError> {
        let of_one_call = |one: &Delivery, next: &Delivery| one.job.lane == next.job.lane && one.worker == next.worker;
        for deliveries in deliveries.chunk_by(of_one_call).flat_map(|deliveries| deliveries.chunks(CALL_BATCH)) {
            self.ack_in_one_call(deliveries).await?;
        }
        Ok(())
    }

    async fn nack(&self, delivery: &Delivery, delay: Duration) -> Result<(), QueueError> {
        let job = Job { attempt: delivery.job.attempt.saturating_add(1), ..delivery.job.clone() };
        if self.requeue("nack", delivery, &job, delay).await? {
            metrics::nacked(job.lane);
        }
        Ok(())
    }

    async fn release(&self, delivery: &Delivery) -> Result<(), QueueError> {
        if self.requeue("release", delivery, &delivery.job, Duration::ZERO).await? {
            metrics::released(delivery.job.lane);
        }
        Ok(())
    }

    async fn contains(&self, subject: &Subject) -> Result<bool, QueueError> {
        let subject = subject.to_string();
        let mut either = redis::pipe();
        either.sismember(self.scripts.queued_key(), &subject).zscore(self.scripts.since_key(), &subject);
        let call = self.link.call("PIPELINE", "contains", async |mut redis| either.query_async(&mut redis).await);
        let (is_queued, since): (bool, Option<f64>) = call.await.map_err(|error| unavailable("contains", error))?;
        Ok(is_queued || since.is_some())
    }

    async fn epoch(&self) -> Result<String, QueueError> {
        let mut script = self.scripts.over_queue(&self.scripts.epoch);
        script.arg(new_epoch());
        self.run("epoch", &script).await
    }

    async fn depth(&self) -> Result<[LaneDepth; 3], QueueError> {
        let mut script = self.scripts.over_queue(&self.scripts.depth);
        script.arg(new_epoch());
        let depth: [(u64, u64, i64); 3] = self.run("depth", &script).await?;
        Ok(depth.map(|(waiting, claimed, age_ms)| {
            let oldest_age = u64::try_from(age_ms).ok().map(Duration::from_millis);
            LaneDepth { waiting, claimed, oldest_age }
        }))
    }

    async fn waiting(&self, max: usize) -> Result<[Vec<Subject>; 3], QueueError> {
        let mut script = self.scripts.over_queue(&self.scripts.waiting);
        script.arg(new_epoch()).arg(max);
        let lanes: [Vec<String>; 3] = self.run("waiting", &script).await?;
        Ok(lanes.map(|subjects| subjects.iter().filter_map(|subject| subject.parse().ok()).collect()))
    }

    async fn report(&self, report: &WorkerReport) -> Result<(), QueueError> {
        let text = serde_json::to_string(report).map_err(|error| QueueError::Unavailable(Box::new(error)))?;
        let mut script = self.scripts.report();
        script.arg(&report.id.0).arg(text).arg(milliseconds(REPORT_TTL));
        self.run("report", &script).await
    }

    async fn workers(&self) -> Result<Vec<WorkerReport>, QueueError> {
        let mut script = self.scripts.workers();
        script.arg(milliseconds(REPORT_TTL));
        let texts: Vec<String> = self.run("workers", &script).await?;
        // A report that only a newer version can read is left out; the others are still shown.
        let mut reports: Vec<WorkerReport> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        reports.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(reports)
    }
}

fn unavailable(call: &'static str, error: LinkError) -> QueueError {
    metrics::unavailable(call);
    QueueError::Unavailable(Box::new(error))
}

/// Returns the receipt of a delivery, or `None` if no backend of this kind issued it.
fn receipt(call: &'static str, delivery: &Delivery) -> Option<Receipt> {
    let receipt = delivery.receipt.parse().ok();
    if receipt.is_none() {
        metrics::stale(call);
    }
    receipt
}

/// Returns whole milliseconds, rounded up and at most ten years, which stay exact in Redis's scripts.
fn milliseconds(duration: Duration) -> u64 {
    const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;
    let rounded_up = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(rounded_up).map_or(TEN_YEARS, |ms| ms.min(TEN_YEARS))
}
