//! Connects to the database and applies migrations, in the background if it is not reachable yet.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::Connection;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::error::{cannot_connect, failed};
use super::pool::ConnectionHealth;
use super::{PostgresSettings, migrations, session};
use crate::StoreError;

const MIN_RETRY_DELAY: Duration = Duration::from_millis(100);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(1);

/// The state of preparing the database: reached, with the schema of this version. Dropping it stops the attempts.
pub(super) struct Readiness {
    state: Arc<ReadinessState>,
    attempts: Option<AbortHandle>,
}

#[derive(Default)]
struct ReadinessState {
    is_ready: AtomicBool,
    is_tried: watch::Sender<bool>,
    last_error: Mutex<Option<Arc<StoreError>>>,
}

impl ReadinessState {
    fn set_error(&self, error: StoreError) {
        let mut last_error = self.last_error.lock();
        // Logged when its cause changes: most attempts fail alike.
        let cause = |error: &StoreError| error.source().map(ToString::to_string);
        if last_error.as_ref().is_none_or(|last| cause(last) != cause(&error)) {
            tracing::warn!(error = &error as &dyn Error, "the database is not ready, retrying");
        }
        *last_error = Some(Arc::new(error));
        self.is_tried.send_replace(true);
    }

    fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Release);
        self.is_tried.send_replace(true);
    }
}

/// The cause of `Unavailable` before the database was ready.
#[derive(Debug, thiserror::Error)]
#[error("the database was not yet reached and found up to date")]
struct NotReadyYet(#[source] Option<Arc<StoreError>>);

/// Connects once, and applies or verifies migrations.
pub(super) async fn prepare(settings: &PostgresSettings) -> Result<(), StoreError> {
    // A connection of its own, because of the settings that a migration needs. A migration has no deadline.
    let mut connection = ConnectionHealth::default().call(session::open(settings)).await.map_err(cannot_connect)?;
    migrations::run(&mut connection, settings.migrations).await?;
    connection.close().await.map_err(failed)
}

impl Readiness {
    /// Returns the readiness of a database that [`prepare`] has prepared.
    pub(super) fn ready() -> Self {
        let state = Arc::<ReadinessState>::default();
        state.set_ready();
        Self { state, attempts: None }
    }

    /// Prepares the database in the background until it succeeds.
    pub(super) fn start(settings: PostgresSettings) -> Self {
        let state = Arc::<ReadinessState>::default();
        let attempts = tokio::spawn(retry(settings, Arc::clone(&state))).abort_handle();
        Self { state, attempts: Some(attempts) }
    }

    /// Waits until the first attempt has succeeded or failed.
    pub(super) async fn tried(&self) {
        // Fails only without its sender, which lives as long as this.
        let _ = self.state.is_tried.subscribe().wait_for(|is_tried| *is_tried).await;
    }

    /// Refuses a call that could find tables missing.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.state.is_ready.load(Ordering::Acquire) {
            return Ok(());
        }
        let last_error = self.state.last_error.lock().clone();
        Err(StoreError::Unavailable(NotReadyYet(last_error).into()))
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        if let Some(attempts) = &self.attempts {
            attempts.abort();
        }
    }
}

async fn retry(settings: PostgresSettings, state: Arc<ReadinessState>) {
    let mut delay = MIN_RETRY_DELAY;
    while let Err(error) = prepare(&settings).await {
        state.set_error(error);
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(MAX_RETRY_DELAY);
    }
    state.set_ready();
    tracing::info!("the database is ready");
}
