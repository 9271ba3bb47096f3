//! A cache in this process, in front of a shared one.
//!
//! A value that many clients request at once then costs one lookup in the shared cache a second. Only inline
//! values are cached locally: they are never evicted from the store, so a removal elsewhere cannot be missed.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lru::LruCache;
use model::{Calculation, Subject, ValueState};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{CacheError, ValueCache, metrics};

/// Short, so that the shared cache still sees which values are in use.
const LOCAL_TTL: Duration = Duration::from_secs(1);
/// At some 2 KB each about a megabyte.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// A cache that keeps the values of a shared one for a second after each lookup.
pub struct LocalValueCache {
    shared: Arc<dyn ValueCache>,
    local: Mutex<LruCache<Subject, (Instant, Calculation)>>,
}

impl LocalValueCache {
    /// Creates an empty cache in front of `shared`.
    pub fn new(shared: Arc<dyn ValueCache>) -> Self {
        Self { shared, local: Mutex::new(LruCache::new(CAPACITY)) }
    }

    fn put_local(&self, calculation: &Calculation) {
        if calculation.value().is_some_and(|value| value.state == ValueState::Inline) {
            let until = Instant::now() + LOCAL_TTL;
            self.local.lock().put(calculation.subject.clone(), (until, calculation.clone()));
        }
    }
}

#[async_trait]
impl ValueCache for LocalValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        let local = self.local.lock().get(subject).filter(|(until, _)| Instant::now() < *until).cloned();
        if let Some((_, cached)) = local {
            metrics::looked_up(true);
            return Ok(Some(cached));
        }
        let cached = self.shared.get(subject).await?;
        if let Some(cached) = &cached {
            self.put_local(cached);
        }
        Ok(cached)
    }

    async fn put(&self, calculation: &Calculation) -> Result<(), CacheError> {
        // Cached locally on lookup only: the caller of `put` has the value.
        self.local.lock().pop(&calculation.subject);
        self.shared.put(calculation).await
    }

    async fn put_batch(&self, calculations: &[Calculation]) -> Result<(), CacheError> {
        {
            let mut local = self.local.lock();
            for calculation in calculations {
                local.pop(&calculation.subject);
            }
        }
        self.shared.put_batch(calculations).await
    }

    async fn remove(&self, subject: &Subject) -> Result<(), CacheError> {
        self.local.lock().pop(subject);
        self.shared.remove(subject).await
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

    crate::contract::value_cache_keeps_the_contract!(value_cache, []);

    /// Looks a value up, then removes it from the shared cache only.
    async fn removed_elsewhere(state: ValueState) -> (LocalValueCache, Subject) {
        let shared = Arc::new(MemoryValueCache::new(1 << 20));
        let local = LocalValueCache::new(Arc::clone(&shared) as _);
        let mut cached = done(10);
        if let CalculationState::Done { value, .. } = &mut cached.state {
            value.state = state;
        }
        shared.put(&cached).await.unwrap();
        assert_eq!(local.get(&cached.subject).await.unwrap().as_ref(), Some(&cached));
        shared.remove(&cached.subject).await.unwrap();
        (local, cached.subject)
    }

    #[tokio::test(start_paused = true)]
    async fn an_inline_value_is_cached_for_a_second() {
        let (local, subject) = removed_elsewhere(ValueState::Inline).await;
        tokio::time::advance(LOCAL_TTL - Duration::from_millis(1)).await;
        assert!(local.get(&subject).await.unwrap().is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(local.get(&subject).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_object_is_looked_up_each_time() {
        let (local, subject) = removed_elsewhere(ValueState::Object).await;
        assert_eq!(local.get(&subject).await.unwrap(), None);
    }
}
