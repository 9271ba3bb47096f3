//! Cached values in this process, bounded in bytes; the least recently used one is evicted first.

use async_trait::async_trait;
use lru::LruCache;
use model::{Calculation, Subject};
use parking_lot::Mutex;

use crate::{CacheError, ValueCache, metrics};

/// A cache in this process.
pub struct MemoryValueCache {
    entries: Mutex<CacheEntries>,
    capacity_bytes: u64,
}

struct CacheEntries {
    values: LruCache<Subject, Calculation>,
    size_bytes: u64,
}

impl MemoryValueCache {
    /// Creates an empty cache of about `capacity_bytes`.
    pub fn new(capacity_bytes: u64) -> Self {
        let entries = CacheEntries { values: LruCache::unbounded(), size_bytes: 0 };
        Self { entries: Mutex::new(entries), capacity_bytes }
    }
}

#[async_trait]
impl ValueCache for MemoryValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        let cached = self.entries.lock().values.get(subject).cloned();
        metrics::looked_up(cached.is_some());
        Ok(cached)
    }

    async fn put_batch(&self, calculations: &[Calculation]) -> Result<(), CacheError> {
        for calculation in calculations {
            let size_bytes = size_bytes(calculation);
            if calculation.is_readable() && size_bytes <= self.capacity_bytes {
                self.entries.lock().put(calculation.clone(), size_bytes, self.capacity_bytes);
            }
        }
        Ok(())
    }

    async fn remove(&self, subject: &Subject) -> Result<(), CacheError> {
        self.entries.lock().remove(subject);
        Ok(())
    }
}

impl CacheEntries {
    fn put(&mut self, calculation: Calculation, size: u64, capacity: u64) {
        self.remove(&calculation.subject);
        while self.size_bytes.saturating_add(size) > capacity {
            let Some((_, oldest)) = self.values.pop_lru() else { break };
            self.size_bytes = self.size_bytes.saturating_sub(size_bytes(&oldest));
            metrics::evicted();
        }
        self.size_bytes = self.size_bytes.saturating_add(size);
        self.values.put(calculation.subject.clone(), calculation);
    }

    fn remove(&mut self, subject: &Subject) {
        if let Some(removed) = self.values.pop(subject) {
            self.size_bytes = self.size_bytes.saturating_sub(size_bytes(&removed));
        }
    }
}

/// Returns about how many bytes a cached calculation occupies.
fn size_bytes(calculation: &Calculation) -> u64 {
    /// The structures, the map entry with its key, and the allocator's overhead.
    const FIXED: usize = size_of::<Calculation>() + 2 * size_of::<Subject>() + 128;
    let texts = calculation.value().map_or(0, |value| {
        value.text.as_ref().map_or(0, String::len) + value.first_digits.len() + value.last_digits.len()
    });
    u64::try_from(FIXED.saturating_add(texts)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract::done;

    async fn value_cache() -> (Arc<MemoryValueCache>, ()) {
        (Arc::new(MemoryValueCache::new(1 << 20)), ())
    }

    crate::contract::value_cache_keeps_the_contract!(value_cache, []);

    async fn is_cached(values: &MemoryValueCache, n: i64) -> bool {
        values.get(&done(n).subject).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn the_least_recently_used_value_is_evicted() {
        let values = MemoryValueCache::new(3 * size_bytes(&done(1)));
        for n in 1..=3 {
            values.put(&done(n)).await.unwrap();
        }
        assert!(is_cached(&values, 1).await);
        values.put(&done(4)).await.unwrap();
        assert!(!is_cached(&values, 2).await);
        for n in [1, 3, 4] {
            assert!(is_cached(&values, n).await, "{n}");
        }
    }

    #[tokio::test]
    async fn size_is_counted_once_however_often_a_value_is_put_and_removed() {
        let values = MemoryValueCache::new(3 * size_bytes(&done(1)));
        for _ in 0..10 {
            for n in 1..=3 {
                values.put(&done(n)).await.unwrap();
            }
            values.remove(&done(1).subject).await.unwrap();
            values.remove(&done(1).subject).await.unwrap();
        }
        assert_eq!(values.entries.lock().size_bytes, 2 * size_bytes(&done(1)));
        values.put(&done(1)).await.unwrap();
        for n in 1..=3 {
            assert!(is_cached(&values, n).await, "{n}");
        }
    }

    #[tokio::test]
    async fn thousands_of_values_stay_within_the_capacity() {
        let values = MemoryValueCache::new(100_000);
        for n in 0..5_000 {
            values.put(&done(n)).await.unwrap();
        }
        let entries = values.entries.lock();
        assert!(entries.size_bytes <= 100_000);
        assert_eq!(
            entries.size_bytes,
            entries.values.iter().map(|(_, calculation)| size_bytes(calculation)).sum::<u64>()
        );
        assert!(entries.values.len() > 50);
    }

    #[tokio::test]
    async fn a_value_larger_than_the_cache_is_refused_and_evicts_nothing() {
        let mut large = done(2);
        if let model::CalculationState::Done { value, .. } = &mut large.state {
            value.text = Some("1".repeat(10_000));
        }
        let values = MemoryValueCache::new(5_000);
        values.put(&done(1)).await.unwrap();
        values.put(&large).await.unwrap();
        assert!(is_cached(&values, 1).await);
        assert!(!is_cached(&values, 2).await);
    }
}
