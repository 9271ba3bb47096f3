//! Reads pages of calculations, once for all requests that ask for the same page at the same time.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Calculation, CalculationId};
use parking_lot::Mutex;
use store::{Store, StoreError};
use tokio::sync::{Semaphore, oneshot};

use crate::error::ApiError;

/// Lists read from the store at a time, so that they leave its connections to submissions and workers.
const CONCURRENT_READS: usize = 2;

/// The key of a page: the row before it, and the number of rows.
type PageKey = (Option<CalculationId>, u32);
type PageResult = Result<Arc<Vec<Calculation>>, Arc<StoreError>>;

/// Reads pages of calculations.
pub(crate) struct ListReader {
    store: Arc<dyn Store>,
    permits: Semaphore,
    /// The requests that wait for a read which has not started yet.
    waiting: Mutex<HashMap<PageKey, Vec<oneshot::Sender<PageResult>>>>,
}

impl ListReader {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, permits: Semaphore::new(CONCURRENT_READS), waiting: Mutex::default() }
    }

    /// Returns up to `limit` calculations before a row, newest first.
    ///
    /// The read starts after this call, so it has everything that was stored before.
    pub(crate) async fn read(
        self: &Arc<Self>,
        before: Option<CalculationId>,
        limit: u32,
    ) -> Result<Arc<Vec<Calculation>>, ApiError> {
        let (sender, receiver) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock();
            let senders = waiting.entry((before, limit)).or_default();
            senders.push(sender);
            senders.len() == 1
        };
        if is_first {
            tokio::spawn(Arc::clone(self).read_for_all((before, limit)));
        }
        match receiver.await {
            Ok(Ok(page)) => Ok(page),
            Ok(Err(error)) if matches!(*error, StoreError::Corrupt(_)) => Err(ApiError::Internal(error.into())),
            Ok(Err(error)) => Err(ApiError::Unavailable(error.into())),
            Err(panicked) => Err(ApiError::Internal(panicked.into())),
        }
    }

    async fn read_for_all(self: Arc<Self>, key: PageKey) {
        // An error means that the semaphore is closed, which never happens.
        let _permit = self.permits.acquire().await;
        // Requests from here on wait for the next read.
        let senders = self.waiting.lock().remove(&key).unwrap_or_default();
        let page = self.store.list(key.0, key.1).await.map(Arc::new).map_err(Arc::new);
        for sender in senders {
            // `send` fails only if the request is gone.
            let _ = sender.send(page.clone());
        }
    }
}
