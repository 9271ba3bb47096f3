//! Making room for a value by evicting others.

use std::ops::Range;
use std::sync::atomic::Ordering;

use futures_util::future::{join_all, try_join_all};
use model::{Subject, Value};

use super::{ValueError, Values, unplaced};
use crate::{StoreError, StoredValue, metrics};

/// Values that are evicted before the store is asked for the next.
const EVICTED_AT_ONCE: u32 = 16;
/// The part of the limit from which a value is large.
const LARGE_SHARE: u64 = 16;
/// The part of the limit that values may take before all are counted again.
const CHECKED_SHARE: u64 = 256;
/// The smallest value that lies in the object store.
const SMALLEST_OBJECT: u64 = Value::INLINE_BYTES + 1;
/// Bytes of the disk that a value leaves free: for its block list, folders, and what else is written meanwhile.
const DISK_MARGIN: u64 = 1 << 20;

/// Returns the size of the largest value that is stored with a limit of all values: half of it, so that the other half
/// is left to smaller values.
pub fn largest_value(limit_bytes: u64) -> u64 {
    limit_bytes / 2
}

/// A value that is larger than the limit of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{size_bytes} bytes do not fit into {limit_bytes}")]
pub struct AboveLimit {
    /// Bytes of the value.
    pub size_bytes: u64,
    /// The limit of one value.
    pub limit_bytes: u64,
}

/// A value for which the disk has no room, even if others are evicted.
#[derive(Debug, thiserror::Error)]
#[error("{size_bytes} bytes do not fit on the disk: {free_bytes} are free, and {object_bytes} are values")]
struct DiskShortage {
    size_bytes: u64,
    free_bytes: u64,
    object_bytes: u64,
}

/// Values that share a limit.
struct Budget {
    limit_bytes: u64,
    /// The size of the smallest value that counts.
    from_bytes: u64,
}

impl Values {
    /// Returns the bytes that the disk has for an object, counting what may be evicted for it if fewer than
    /// `required_bytes` are free; `None` if the disk is unknown.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt` as for the store.
    pub async fn object_room(&self, required_bytes: u64) -> Result<Option<u64>, StoreError> {
        let free_bytes = self.objects.room();
        let Some(free_bytes) = free_bytes.filter(|free_bytes| *free_bytes < required_bytes) else {
            return Ok(free_bytes);
        };
        let object_bytes = self.store.value_bytes(SMALLEST_OBJECT..u64::MAX).await?;
        Ok(Some(free_bytes.max(largest_value(free_bytes.saturating_add(object_bytes)))))
    }

    /// Evicts values until `incoming_bytes` more stay below the limit and, if they become an object, fit on its disk.
    /// Returns the subjects of the evicted values, also after an error.
    ///
    /// Values above a sixteenth of the limit are evicted for one another first, and so are smaller ones: neither kind
    /// falls below half of the limit because of the other. Within a kind the least recently read go first. Values are
    /// added up between two counts, so the limit may be exceeded by a 256th for each process. Where the disk has less
    /// room than the limit, what it has for objects is the limit of the objects.
    ///
    /// A row is marked before its object is deleted: a crash in between leaves an orphan for
    /// [`sweep_orphans`](Self::sweep_orphans), never a row without its object.
    ///
    /// # Errors
    /// `Full` when `incoming_bytes` are above [`largest_value`] of the limit or of the disk (then nothing is evicted for
    /// it), `Unavailable`.
    pub async fn make_room(&self, incoming_bytes: u64) -> (Vec<Subject>, Result<(), ValueError>) {
        let mut evicted = Vec::new();
        let result = self.evict_for(incoming_bytes, &mut evicted).await;
        (evicted, result)
    }

    async fn evict_for(&self, incoming_bytes: u64, evicted: &mut Vec<Subject>) -> Result<(), ValueError> {
        if let Some(limit_bytes) = self.limit_bytes {
            let largest_bytes = largest_value(limit_bytes);
            if incoming_bytes > largest_bytes {
                let above = AboveLimit { size_bytes: incoming_bytes, limit_bytes: largest_bytes };
                return Err(ValueError::Full(above.into()));
            }
            if self.is_count_due(incoming_bytes, limit_bytes) {
                self.evict_within(&Budget { limit_bytes, from_bytes: 0 }, incoming_bytes, evicted).await?;
            }
        }
        match self.objects.room() {
            Some(free_bytes)
                if incoming_bytes >= SMALLEST_OBJECT && free_bytes < incoming_bytes.saturating_add(DISK_MARGIN) =>
            {
                self.evict_on_disk(incoming_bytes, free_bytes, evicted).await
            }
            _ => Ok(()),
        }
    }

    async fn evict_on_disk(
        &self,
        incoming_bytes: u64,
        free_bytes: u64,
        evicted: &mut Vec<Subject>,
    ) -> Result<(), ValueError> {
        let object_bytes = self.store.value_bytes(SMALLEST_OBJECT..u64::MAX).await?;
        let limit_bytes = free_bytes.saturating_add(object_bytes).saturating_sub(DISK_MARGIN);
        if incoming_bytes <= largest_value(limit_bytes) {
            return self
                .evict_within(&Budget { limit_bytes, from_bytes: SMALLEST_OBJECT }, incoming_bytes, evicted)
                .await;
        }
        if incoming_bytes <= free_bytes {
            return Ok(());
        }
        Err(ValueError::Full(DiskShortage { size_bytes: incoming_bytes, free_bytes, object_bytes }.into()))
    }

    async fn evict_within(
        &self,
        budget: &Budget,
        incoming_bytes: u64,
        evicted: &mut Vec<Subject>,
    ) -> Result<(), ValueError> {
        let &Budget { limit_bytes, from_bytes } = budget;
        let large_from = (limit_bytes / LARGE_SHARE).max(from_bytes);
        let (small, large) = (from_bytes..large_from, large_from..u64::MAX);
        let (own, others) = if incoming_bytes < large_from { (small, large) } else { (large, small) };
        let mut own_bytes = self.store.value_bytes(own.clone()).await?.saturating_add(incoming_bytes);
        let mut other_bytes = self.store.value_bytes(others.clone()).await?;
        let share_bytes = largest_value(limit_bytes);
        loop {
            let surplus = own_bytes.saturating_add(other_bytes).saturating_sub(limit_bytes);
            if surplus == 0 {
                return Ok(());
            }
            let (sizes, bytes) =
                if own_bytes > share_bytes { (&own, &mut own_bytes) } else { (&others, &mut other_bytes) };
            let surplus = surplus.min(bytes.saturating_sub(share_bytes).max(1));
            let freed_bytes = self.evict(sizes.clone(), surplus, evicted).await?;
            if freed_bytes == 0 {
                return Ok(());
            }
            *bytes = bytes.saturating_sub(freed_bytes);
        }
    }

    /// Adds up the bytes of values, and returns whether it is time to count.
    fn is_count_due(&self, incoming_bytes: u64, limit_bytes: u64) -> bool {
        let added = self.uncounted_bytes.fetch_add(incoming_bytes, Ordering::Relaxed).saturating_add(incoming_bytes);
        let is_due = added > limit_bytes / CHECKED_SHARE;
        if is_due {
            self.uncounted_bytes.store(0, Ordering::Relaxed);
        }
        is_due
    }

    /// Evicts the least recently read values of these sizes until `bytes` are free, a few at most. Returns their bytes.
    async fn evict(&self, sizes: Range<u64>, bytes: u64, evicted: &mut Vec<Subject>) -> Result<u64, ValueError> {
        let mut values = self.store.lru_values(sizes, EVICTED_AT_ONCE).await?;
        let mut free = 0;
        let enough = values.iter().position(|value| {
            free += value.size_bytes;
            free >= bytes
        });
        values.truncate(enough.map_or(values.len(), |last| last + 1));
        // Together, because a database writes many marks in little more time than one.
        let marks = join_all(values.iter().map(|value| self.store.mark_evicted(value))).await;
        let mut marked = Vec::with_capacity(values.len());
        let mut failed = Ok(());
        for (value, mark) in values.into_iter().zip(marks) {
            match mark {
                Ok(()) => marked.push(value),
                Err(error) => failed = Err(error),
            }
        }
        for value in &marked {
            metrics::evicted(value.size_bytes);
            evicted.push(value.subject.clone());
        }
        let is_object = |value: &&StoredValue| value.size_bytes >= SMALLEST_OBJECT;
        try_join_all(marked.iter().filter(is_object).map(|value| self.objects.delete(value)))
            .await
            .map_err(unplaced)?;
        failed?;
        Ok(marked.iter().map(|value| value.size_bytes).sum())
    }
}
