//! The residues of values. A value never changes, so that those read most are computed once.

use std::num::NonZero;

use lru::LruCache;
use model::Subject;
use parking_lot::Mutex;
use wire::ValueResidue;

use crate::error::ApiError;

/// The most values whose residues are remembered: about 2 MB.
const CAPACITY: NonZero<usize> = NonZero::new(4_096).unwrap();

/// The residues of the values that were read last.
pub(crate) struct ValueResidues(Mutex<LruCache<Subject, Vec<ValueResidue>>>);

impl Default for ValueResidues {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CAPACITY)))
    }
}

impl ValueResidues {
    /// Returns the residues of a value that is done.
    pub(crate) async fn get(&self, subject: &Subject, value: Option<String>) -> Result<Vec<ValueResidue>, ApiError> {
        if let Some(known) = self.0.lock().get(subject) {
            return Ok(known.clone());
        }
        // Up to 20 ms of arithmetic: not for a thread that serves connections.
        let computed = subject.clone();
        let residues = tokio::task::spawn_blocking(move || answers::value_residues(&computed, value.as_deref()));
        let residues = residues.await.map_err(|error| ApiError::Internal(error.into()))?;
        self.0.lock().put(subject.clone(), residues.clone());
        Ok(residues)
    }
}
