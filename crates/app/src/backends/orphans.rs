//! Deletes objects and files that a crash left behind.

use std::error::Error;
use std::time::Duration;

use model::{Clock, Timestamp};
use store::{Objects, Values};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::host::SystemClock;

/// Interval of the deletion, and minimum age of what is deleted: an object is written before its row points to it.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Deletes orphans once an hour until `stopping` is cancelled.
pub(super) async fn delete_hourly(values: Values, objects: Objects, stopping: CancellationToken) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return,
        }
        let now_ms = SystemClock.now().unix_ms();
        let min_age_ms = i64::try_from(INTERVAL.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp::from_unix_ms(now_ms.saturating_sub(min_age_ms));
        match values.sweep_orphans(before).await {
            Ok(deleted) if deleted > 0 => tracing::info!(deleted, "deleted objects that no calculation points to"),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = &error as &dyn Error, "cannot delete orphaned objects"),
        }
        if let Err(error) = objects.sweep_leftovers(before).await {
            tracing::warn!(error = &error as &dyn Error, "cannot delete unfinished files");
        }
    }
}
