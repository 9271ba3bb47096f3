//! Known values in this process, bounded in bytes; the one not asked for longest goes first.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use lru::LruCache;
use model::{Calculation, Subject};

use crate::{CacheError, ValueCache, metrics};

/// The latest known values, in about so many bytes of memory.
pub struct MemoryValueCache {
    kept: Mutex<Kept>,
    capacity_bytes: u64,
}

struct Kept {
    values: LruCache<Subject, Calculation>,
    size_bytes: u64,
}

impl MemoryValueCache {
    /// An empty cache that holds no more than about `capacity_bytes`.
    pub fn new(capacity_bytes: u64) -> Self {
        Self { kept: Mutex::new(Kept { values: LruCache::unbounded(), size_bytes: 0 }), capacity_bytes }
    }

    /// No call leaves the cache half changed, so a panic elsewhere need not end it.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ValueCache for MemoryValueCache {
    async fn get(&self, subject: &Subject) -> Result<Option<Calculation>, CacheError> {
        let known = self.kept().values.get(subject).cloned();
        metrics::looked_up(known.is_some());
        Ok(known)
    }

    async fn put(&self, calculation: &Calculation) -> Result<(), CacheError> {
        let size_bytes = size_bytes(calculation);
        if calculation.is_readable() && size_bytes <= self.capacity_bytes {
            self.kept().put(calculation.clone(), size_bytes, self.capacity_bytes);
        }
        Ok(())
    }

    async fn forget(&self, subject: &Subject) -> Result<(), CacheError> {
        self.kept().forget(subject);
        Ok(())
    }
}

impl Kept {
    fn put(&mut self, calculation: Calculation, size: u64, capacity: u64) {
        self.forget(&calculation.subject);
        while self.size_bytes.saturating_add(size) > capacity {
            let Some((_, oldest)) = self.values.pop_lru() else { break };
            self.size_bytes = self.size_bytes.saturating_sub(size_bytes(&oldest));
            metrics::evicted();
        }
        self.size_bytes = self.size_bytes.saturating_add(size);
        self.values.put(calculation.subject.clone(), calculation);
    }

    fn forget(&mut self, subject: &Subject) {
        if let Some(forgotten) = self.values.pop(subject) {
            self.size_bytes = self.size_bytes.saturating_sub(size_bytes(&forgotten));
        }
    }
}

impl fmt::Debug for MemoryValueCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryValueCache").field("capacity_bytes", &self.capacity_bytes).finish_non_exhaustive()
    }
}

/// What a calculation occupies, about: its texts, and the same again and again for all else.
fn size_bytes(calculation: &Calculation) -> u64 {
    /// The structures, the entry in the map with its key, and what the allocator adds.
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

    crate::contract::values_keep_the_contract!(value_cache, []);

    async fn is_at_hand(values: &MemoryValueCache, n: i64) -> bool {
        values.get(&done(n).subject).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn what_was_not_asked_for_longest_makes_room() {
        let values = MemoryValueCache::new(3 * size_bytes(&done(1)));
        for n in 1..=3 {
            values.put(&done(n)).await.unwrap();
        }
        assert!(is_at_hand(&values, 1).await);
        values.put(&done(4)).await.unwrap();
        assert!(!is_at_hand(&values, 2).await);
        for n in [1, 3, 4] {
            assert!(is_at_hand(&values, n).await, "{n}");
        }
    }

    #[tokio::test]
    async fn room_is_counted_once_however_often_a_value_comes_and_goes() {
        let values = MemoryValueCache::new(3 * size_bytes(&done(1)));
        for _ in 0..10 {
            for n in 1..=3 {
                values.put(&done(n)).await.unwrap();
            }
            values.forget(&done(1).subject).await.unwrap();
            values.forget(&done(1).subject).await.unwrap();
        }
        assert_eq!(values.kept().size_bytes, 2 * size_bytes(&done(1)));
        values.put(&done(1)).await.unwrap();
        for n in 1..=3 {
            assert!(is_at_hand(&values, n).await, "{n}");
        }
    }

    #[tokio::test]
    async fn thousands_of_values_stay_within_the_bytes() {
        let values = MemoryValueCache::new(100_000);
        for n in 0..5_000 {
            values.put(&done(n)).await.unwrap();
        }
        let kept = values.kept();
        assert!(kept.size_bytes <= 100_000);
        assert_eq!(kept.size_bytes, kept.values.iter().map(|(_, calculation)| size_bytes(calculation)).sum::<u64>());
        assert!(kept.values.len() > 50);
    }

    #[tokio::test]
    async fn a_value_larger_than_the_cache_is_refused_and_pushes_nothing_out() {
        let mut large = done(2);
        if let model::CalculationState::Done { value, .. } = &mut large.state {
            value.text = Some("1".repeat(10_000));
        }
        let values = MemoryValueCache::new(5_000);
        values.put(&done(1)).await.unwrap();
        values.put(&large).await.unwrap();
        assert!(is_at_hand(&values, 1).await);
        assert!(!is_at_hand(&values, 2).await);
    }
}
