//! What stands behind the ports, whichever shape runs. Everything above knows the ports alone.

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Timestamp};
use store::{Objects, OpenError, Place, SqliteStore, Values};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::clock::SystemClock;
use crate::config::Data;

/// What stands behind the ports of one process.
pub(crate) struct Backends {
    /// The ports themselves.
    pub(crate) ports: ports::Ports,
    /// Where long values lie.
    pub(crate) objects: Objects,
    /// What must be closed at the end.
    pub(crate) record: Record,
}

/// The record, as what it is.
pub(crate) enum Record {
    Sqlite(Arc<SqliteStore>),
    #[cfg(feature = "distributed")]
    Postgres(Arc<store::PostgresStore>),
}

/// The place for long values cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("ABACI_VALUES_URL: {} cannot be used for values", shown(place))]
pub(crate) struct ValuesError {
    place: Place,
    source: OpenError,
}

impl ValuesError {
    /// Whether another setting is wanted, rather than another attempt.
    pub(crate) fn is_wrong_setting(&self) -> bool {
        matches!(self.source, OpenError::Settings(_) | OpenError::NotBuiltIn)
    }
}

fn shown(place: &Place) -> String {
    match place {
        Place::Directory(folder) => format!("the folder {}", folder.display()),
        Place::Bucket { name, .. } => format!("the bucket {name}"),
    }
}

/// Opens the place for long values: the one that is set, or a folder in the data directory.
pub(crate) fn open_objects(data: &Data) -> Result<Objects, ValuesError> {
    let place = data.values_place();
    Objects::at(&place, &data.bucket_access()).map_err(|source| ValuesError { place, source })
}

impl Backends {
    /// Removes, once an hour, files that a crash left behind; until `stopping` is cancelled.
    pub(crate) fn tidy(&self, stopping: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        tidy(self.ports.values.clone(), self.objects.clone(), stopping)
    }

    /// Closes the record.
    pub(crate) async fn close(&self) {
        match &self.record {
            Record::Sqlite(store) => store.close().await,
            #[cfg(feature = "distributed")]
            Record::Postgres(store) => store.close().await,
        }
    }
}

async fn tidy(values: Values, objects: Objects, stopping: CancellationToken) {
    const EVERY: Duration = Duration::from_secs(3600);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return,
        }
        // An object is written before its row says so; whatever is older than an hour is not under way.
        let now = SystemClock.now().unix_ms();
        let before = Timestamp::from_unix_ms(now.saturating_sub(i64::try_from(EVERY.as_millis()).unwrap_or(i64::MAX)));
        match values.sweep_orphans(before).await {
            Ok(deleted) if deleted > 0 => tracing::info!(deleted, "values that no calculation points to are gone"),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "values could not be tidied"),
        }
        if let Err(error) = objects.sweep_leftovers(before).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "unfinished files could not be tidied");
        }
    }
}
