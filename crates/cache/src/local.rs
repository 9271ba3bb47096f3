//! A cache in this process, in front of a shared one.
//!
//! A value that many clients request at once then costs one lookup in the shared cache a second. Only inline
//! values are cached locally: they are never evicted from the store, so a removal elsewhere cannot be missed.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lru::LruCache;
use model::{Calculation, Subject, ValueState};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::{CacheError, ValueCache, metrics};

/// Short, so that the shared cache still sees which values are in use.
const LOCAL_TTL: Duration = Duration::from_secs(1);
/// At some 2 KB each about a megabyte.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(512).expect("not zero");

/// A cache that keeps the values of a shared one for a second after each lookup.
pub struct LocalValueCache {
    shared: Arc<dyn ValueCache>,
    store: watch::Receiver<Option<Arc<str>>>,
    local: Mutex<LruCache<Subject, LocalValue>>,
}

struct LocalValue {
    until: Instant,
    store: Option<Arc<str>>,
    calculation: Calculation,
}

impl LocalValueCache {
    /// Creates an empty cache in front of `shared`. `store` says which data the store holds at present: values are
    /// found only while it is the same, and not while it is `None`.
    pub fn new(shared: Arc<dyn ValueCache>, store: watch::Receiver<Option<Arc<str>>>) -> Self {
        Self { shared, store, local: Mutex::new(LruCache::new(CAPACITY)) }
    }

    fn store(&self) -> Option<Arc<str>> {
        self.store.borrow().clone()
    }

    fn put_local(&self, calculation: &Calculation, store: Option<Arc<str>>) {
        if calculation.value().is_some_and(|value| value.state == ValueState::Inline) {
            let until = Instant::now() + LOCAL_TTL;
            let value = LocalValue { until, store, calculation: calculation.clone() };
            self.local.lock().put(calculation.subject.clone(), value);
        }
    }
}

#[async_trait]
impl ValueCache for LocalValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        let store = self.store();
        let is_current = |local: &&LocalValue| Instant::now() < local.until && local.store == store && store.is_some();
        let local = self.local.lock().get(subject).filter(is_current).map(|local| local.calculation.clone());
        if let Some(cached) = local {
            metrics::looked_up(true);
            return Ok(Some(cached));
        }
        let cached = self.shared.get(subject).await?;
        if let Some(cached) = &cached {
            self.put_local(cached, store);
        }
        Ok(cached)
    }

    async fn put_batch(&self, calculations: &[Calculation]) -> Result<(), CacheError> {
        // Cached locally on lookup only: the caller has the values.
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

#[cfg(test)]
mod tests {
    use model::CalculationState;

    use super::*;
    use crate::MemoryValueCache;
    use crate::contract::done;

    fn store() -> watch::Sender<Option<Arc<str>>> {
        watch::Sender::new(Some("one".into()))
    }

    async fn value_cache() -> (Arc<LocalValueCache>, ()) {
        (Arc::new(LocalValueCache::new(Arc::new(MemoryValueCache::new(1 << 20)), store().subscribe())), ())
    }

    crate::contract::value_cache_keeps_the_contract!(value_cache, []);

    /// Looks a value up, then removes it from the shared cache only.
    async fn removed_elsewhere(state: ValueState) -> (LocalValueCache, Subject) {
        let shared = Arc::new(MemoryValueCache::new(1 << 20));
        let local = LocalValueCache::new(Arc::clone(&shared) as _, store().subscribe());
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
    async fn a_value_of_another_store_is_not_found() {
        let shared = Arc::new(MemoryValueCache::new(1 << 20));
        let store = store();
        let local = LocalValueCache::new(Arc::clone(&shared) as _, store.subscribe());
        let cached = done(10);
        shared.put(&cached).await.unwrap();
        assert!(local.get(&cached.subject).await.unwrap().is_some());
        shared.remove(&cached.subject).await.unwrap();
        assert!(local.get(&cached.subject).await.unwrap().is_some());
        for other in [Some("another".into()), None] {
            store.send_replace(other);
            assert_eq!(local.get(&cached.subject).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn an_object_is_looked_up_each_time() {
        let (local, subject) = removed_elsewhere(ValueState::Object).await;
        assert_eq!(local.get(&subject).await.unwrap(), None);
    }
}
