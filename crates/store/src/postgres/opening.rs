//! The first meeting with a database that may not be there yet.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{ConnectOptions, Connection};
use tokio::task::AbortHandle;

use super::{PostgresSettings, failed, migrations, within_deadline};
use crate::StoreError;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Whether the database is known to be of the form that this version needs. Dropping it ends the attempts.
pub(super) struct Opening {
    state: Arc<State>,
    attempts: Option<AbortHandle>,
}

#[derive(Default)]
struct State {
    is_done: AtomicBool,
    trouble: Mutex<Option<Arc<StoreError>>>,
}

impl State {
    fn note(&self, error: StoreError) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        // The first of its kind is news; every attempt says the same.
        let kind = std::mem::discriminant(&error);
        if trouble.as_ref().is_none_or(|last| std::mem::discriminant(&**last) != kind) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database is not ready, trying again");
        }
        *trouble = Some(Arc::new(error));
    }
}

/// The cause of `Unavailable` before the first meeting.
#[derive(Debug, thiserror::Error)]
#[error("the database was not yet reached and found to be up to date")]
struct NotYet(#[source] Option<Arc<StoreError>>);

/// Brings the database up to date or makes sure that it is, once.
pub(super) async fn settle(settings: &PostgresSettings) -> Result<(), StoreError> {
    // A connection of its own, because of the settings that a migration needs. Migrating may take its time.
    let mut connection = within_deadline(settings.options().connect()).await.map_err(failed)?;
    migrations::settle(&mut connection, settings.migrations).await?;
    connection.close().await.map_err(failed)
}

impl Opening {
    /// It was met already.
    pub(super) fn done() -> Self {
        let opening = Self { state: Arc::default(), attempts: None };
        opening.state.is_done.store(true, Ordering::Release);
        opening
    }

    /// Tries until it succeeds.
    pub(super) fn start(settings: PostgresSettings) -> Self {
        let state = Arc::<State>::default();
        let attempts = tokio::spawn(attempt(settings, Arc::clone(&state))).abort_handle();
        Self { state, attempts: Some(attempts) }
    }

    /// Refuses a call that could find tables missing.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.state.is_done.load(Ordering::Acquire) {
            return Ok(());
        }
        let trouble = self.state.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Err(StoreError::Unavailable(NotYet(trouble).into()))
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(attempts) = &self.attempts {
            attempts.abort();
        }
    }
}

async fn attempt(settings: PostgresSettings, state: Arc<State>) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = settle(&settings).await {
        state.note(error);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    state.is_done.store(true, Ordering::Release);
    tracing::info!("the database is ready");
}
