//! Notices that another server or other data took the place of the store's.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// Follows which server and data the store reaches.
pub(super) struct StoreWatch {
    incarnation: Option<watch::Receiver<Option<Arc<str>>>>,
    known: Option<Arc<str>>,
}

impl StoreWatch {
    pub(super) fn new(incarnation: Option<watch::Receiver<Option<Arc<str>>>>) -> Self {
        let known = incarnation.as_ref().and_then(|incarnation| incarnation.borrow().clone());
        Self { incarnation, known }
    }

    /// Waits until the store was replaced; forever if it cannot be.
    pub(super) async fn replaced(&mut self) {
        let Some(incarnation) = &mut self.incarnation else { return pending().await };
        while incarnation.changed().await.is_ok() {
            // Nothing is known while no server answers.
            let Some(found) = incarnation.borrow_and_update().clone() else { continue };
            if self.known.replace(found.clone()).is_some_and(|known| known != found) {
                return;
            }
        }
        pending().await
    }
}
