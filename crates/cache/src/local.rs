//! Known values of a cache that is shared, kept for a moment in this process too.
//!
//! A value that many ask for at once then costs one look into the shared cache a second, not one each.
//! Only values that never make room for others are kept, so that what is forgotten elsewhere, which
//! happens to those that do, is noticed as soon as without this.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lru::LruCache;
use model::{Calculation, Subject, ValueState};
use tokio::time::Instant;

use crate::{CacheError, ValueCache, metrics};

/// The shared cache is asked again after so long, so that it knows what is asked for.
const KEPT: Duration = Duration::from_secs(1);
/// So many are kept; at some 2 KB each no more than a megabyte.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// The known values of another cache, each at hand here for a second after it was looked up there.
pub struct LocalValueCache {
    far: Arc<dyn ValueCache>,
    near: Mutex<LruCache<Subject, (Instant, Calculation)>>,
}

impl LocalValueCache {
    /// Keeps what `far` knows near at hand.
    pub fn new(far: Arc<dyn ValueCache>) -> Self {
        Self { far, near: Mutex::new(LruCache::new(CAPACITY)) }
    }

    fn keep(&self, calculation: &Calculation) {
        if calculation.value().is_some_and(|value| value.state == ValueState::Inline) {
            let until = Instant::now() + KEPT;
            self.near().put(calculation.subject.clone(), (until, calculation.clone()));
        }
    }

    /// No call leaves the values half changed, so a panic elsewhere need not end this.
    fn near(&self) -> MutexGuard<'_, LruCache<Subject, (Instant, Calculation)>> {
        self.near.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ValueCache for LocalValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        let near = self.near().get(subject).filter(|(until, _)| Instant::now() < *until).cloned();
        if let Some((_, known)) = near {
            metrics::looked_up(true);
            return Ok(Some(known));
        }
        let known = self.far.get(subject).await?;
        if let Some(known) = &known {
            self.keep(known);
        }
        Ok(known)
    }

    async fn put(&self, calculation: &Calculation) -> Result<(), CacheError> {
        // Whoever puts a value has it; only what is asked for is kept near.
        self.near().pop(&calculation.subject);
        self.far.put(calculation).await
    }

    async fn forget(&self, subject: &Subject) -> Result<(), CacheError> {
        self.near().pop(subject);
        self.far.forget(subject).await
    }
}

impl fmt::Debug for LocalValueCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalValueCache").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use model::CalculationState;

    use super::*;
    use crate::MemoryValueCache;
    use crate::contract::done;

    async fn value_cache() -> (Arc<LocalValueCache>, ()) {
        (Arc::new(LocalValueCache::new(Arc::new(MemoryValueCache::new(1 << 20)))), ())
    }

    crate::contract::values_keep_the_contract!(value_cache, []);

    /// A value that lies as told, known to a cache and to one near it, and forgotten behind the latter's back.
    async fn forgotten_elsewhere(lies: ValueState) -> (LocalValueCache, Subject) {
        let far = Arc::new(MemoryValueCache::new(1 << 20));
        let near = LocalValueCache::new(Arc::clone(&far) as _);
        let mut known = done(10);
        if let CalculationState::Done { value, .. } = &mut known.state {
            value.state = lies;
        }
        far.put(&known).await.unwrap();
        assert_eq!(near.get(&known.subject).await.unwrap().as_ref(), Some(&known));
        far.forget(&known.subject).await.unwrap();
        (near, known.subject)
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_looked_up_is_at_hand_for_a_second() {
        let (near, subject) = forgotten_elsewhere(ValueState::Inline).await;
        tokio::time::advance(KEPT - Duration::from_millis(1)).await;
        assert!(near.get(&subject).await.unwrap().is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(near.get(&subject).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_may_be_evicted_is_looked_up_each_time() {
        let (near, subject) = forgotten_elsewhere(ValueState::Object).await;
        assert_eq!(near.get(&subject).await.unwrap(), None);
    }
}
