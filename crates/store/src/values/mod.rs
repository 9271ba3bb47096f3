//! Values: short ones in the database, long ones as objects, and their eviction.

mod room;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use model::{Calculation, Sha256, Subject, Timestamp, Value, ValueState};

pub use self::room::{AboveLimit, largest_value};
use crate::{
    BoxError, Digested, FoundFile, ObjectError, ObjectReader, Objects, Placement, Store, StoreError, StoredValue, Text,
    digest, metrics,
};

/// The values, with the limit of their bytes.
#[derive(Clone)]
pub struct Values {
    store: Arc<dyn Store>,
    objects: Objects,
    limit_bytes: Option<u64>,
    /// Bytes of values since all were counted. At first the whole limit, so that the next one counts.
    uncounted_bytes: Arc<AtomicU64>,
}

/// An error of placing or reading a value.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// The store or the object store is unavailable; the same call may succeed later.
    #[error("values are unavailable")]
    Unavailable(#[source] BoxError),
    /// The disk is full, or the value is [`AboveLimit`].
    #[error("no room is left for a value")]
    Full(#[source] BoxError),
    /// The object was missing or damaged, and the calculation is queued again; `None` if it was queued or evicted
    /// before.
    #[error("the value is no longer readable and is computed again")]
    Lost(Option<Box<Calculation>>),
    /// The row or the given text is not what it claims to be; trying again will not help.
    #[error("a value and what is known of it disagree")]
    Corrupt(#[source] BoxError),
}

impl Values {
    /// Creates the values of a store and its objects, which may take up to `limit_bytes` (no limit if `None`).
    pub fn new(store: Arc<dyn Store>, objects: Objects, limit_bytes: Option<u64>) -> Self {
        Self { store, objects, limit_bytes, uncounted_bytes: Arc::new(limit_bytes.unwrap_or_default().into()) }
    }

    /// Places a text: up to [`Value::INLINE_BYTES`] it is returned for the database,
    /// longer ones are written as an object; room for it is made first with [`Values::make_room`].
    ///
    /// # Errors
    /// `Full`, `Unavailable`; `Corrupt` when the text is not the one that was digested.
    pub async fn place(
        &self,
        subject: &Subject,
        text: Arc<dyn Text>,
        digested: &Digested,
    ) -> Result<Placement, ValueError> {
        if digested.size_bytes <= Value::INLINE_BYTES {
            return inline(text).await.map(Placement::Inline);
        }
        self.objects.write(subject, text, digested).await.map_err(unplaced)?;
        Ok(Placement::Object)
    }

    /// Opens the value of a calculation; `None` if it has none that can be read.
    ///
    /// # Errors
    /// `Lost` when its object is missing or damaged: the calculation is queued again.
    /// `Unavailable`, `Corrupt` as for the store.
    pub async fn open(&self, calculation: &Calculation) -> Result<Option<ValueReader>, ValueError> {
        let Some(value) = calculation.value() else { return Ok(None) };
        let (size_bytes, sha256) = (value.size_bytes, value.sha256);
        let source = match value.state {
            ValueState::Evicted => return Ok(None),
            ValueState::Inline => match value.text.as_ref().filter(|text| digest(*text).sha256 == sha256) {
                // A short text is part of the calculation; the store need not be read.
                Some(text) => Source::Inline(text.clone().into()),
                None => {
                    let Some(inline) = self.store.inline_value(&calculation.subject).await? else { return Ok(None) };
                    Source::Inline(inline.text.into())
                }
            },
            ValueState::Object => {
                let object = StoredValue { subject: calculation.subject.clone(), sha256, size_bytes };
                match self.objects.open(&object).await {
                    Ok(reader) => Source::Object { reader, object, store: Arc::clone(&self.store) },
                    Err(error) => return Err(unread(&*self.store, &object, error).await),
                }
            }
        };
        Ok(Some(ValueReader { size_bytes, sha256, source }))
    }

    /// Deletes files of objects that no row points to and that were written before `before`. Returns their number.
    ///
    /// An object is written before its row points to it: `before` must lie further back than a write and its commit can
    /// take, unless no worker runs.
    ///
    /// # Errors
    /// `Unavailable`; what was deleted by then stays deleted.
    pub async fn sweep_orphans(&self, before: Timestamp) -> Result<u64, ValueError> {
        let mut deleted = 0;
        let mut files = self.objects.list();
        while let Some(file) = files.try_next().await.map_err(unplaced)? {
            if file.written_at < before && !self.is_pointed_to(&file).await? {
                self.objects.delete_found(&file).await.map_err(unplaced)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Marks every value whose object is missing or damaged as evicted. Returns their number.
    ///
    /// For a restored database: its rows are true before anybody reads them, and missing objects take no room.
    ///
    /// # Errors
    /// `Unavailable`; what was marked by then stays marked.
    pub async fn evict_missing(&self) -> Result<u64, ValueError> {
        let mut evicted = 0;
        let objects = Value::INLINE_BYTES + 1..u64::MAX;
        for object in self.store.lru_values(objects, u32::MAX).await? {
            match self.objects.open(&object).await {
                Ok(_) => {}
                Err(ObjectError::Missing | ObjectError::Corrupt) => {
                    self.store.mark_evicted(&object).await?;
                    evicted += 1;
                }
                Err(error) => return Err(unplaced(error)),
            }
        }
        Ok(evicted)
    }

    async fn is_pointed_to(&self, file: &FoundFile) -> Result<bool, StoreError> {
        let calculation = self.store.find(&file.subject).await?;
        let value = calculation.as_ref().and_then(Calculation::value);
        Ok(value.is_some_and(|value| value.state == ValueState::Object && value.sha256 == file.sha256))
    }
}

/// A readable value.
#[derive(Clone)]
pub struct ValueReader {
    /// Bytes of the text, sign included.
    pub size_bytes: u64,
    /// Hash of the text.
    pub sha256: Sha256,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Inline(Bytes),
    Object { reader: ObjectReader, object: StoredValue, store: Arc<dyn Store> },
}

impl ValueReader {
    /// Returns the bytes of a range, which is cut to the text. Memory: about one block of 1 MiB.
    ///
    /// # Errors
    /// The stream ends with `Lost` when the object is missing or damaged; the calculation is then queued again. Everything
    /// streamed before that is correct.
    pub fn read(&self, range: Range<u64>) -> BoxStream<'static, Result<Bytes, ValueError>> {
        match &self.source {
            Source::Inline(text) => {
                let length = text.len();
                let end = usize::try_from(range.end).unwrap_or(length).min(length);
                let start = usize::try_from(range.start).unwrap_or(end).min(end);
                let piece = text.slice(start..end);
                stream::iter((!piece.is_empty()).then_some(Ok(piece))).boxed()
            }
            Source::Object { reader, object, store } => {
                let (object, store) = (object.clone(), Arc::clone(store));
                reader
                    .read(range)
                    .or_else(move |error| {
                        let (object, store) = (object.clone(), Arc::clone(&store));
                        async move { Err(unread(&*store, &object, error).await) }
                    })
                    .boxed()
            }
        }
    }
}

async fn inline(text: Arc<dyn Text>) -> Result<String, ValueError> {
    let whole = tokio::task::spawn_blocking(move || text.chunks().collect::<Vec<_>>().concat());
    let whole = whole.await.map_err(|error| ValueError::Unavailable(error.into()))?;
    String::from_utf8(whole).map_err(|error| ValueError::Corrupt(error.into()))
}

/// Converts an error of reading an object, and marks a lost object in the store.
async fn unread(store: &dyn Store, object: &StoredValue, error: ObjectError) -> ValueError {
    match error {
        ObjectError::Missing | ObjectError::Corrupt => {
            let queued = match store.mark_lost(object).await {
                Ok(queued) => queued,
                Err(error) => return error.into(),
            };
            // A row that no longer points to the object lost nothing: the object was evicted meanwhile.
            if queued.is_some() {
                tracing::error!(
                    calculation.subject = %object.subject,
                    error = &error as &dyn std::error::Error,
                    "the object of {} is lost; it is computed again", object.subject
                );
                metrics::lost();
            }
            ValueError::Lost(queued.map(Box::new))
        }
        ObjectError::Unavailable(_) => ValueError::Unavailable(error.into()),
        ObjectError::Full(_) => ValueError::Full(error.into()),
    }
}

fn unplaced(error: ObjectError) -> ValueError {
    match error {
        ObjectError::Full(_) => ValueError::Full(error.into()),
        ObjectError::Unavailable(_) => ValueError::Unavailable(error.into()),
        ObjectError::Missing | ObjectError::Corrupt => ValueError::Corrupt(error.into()),
    }
}

impl From<StoreError> for ValueError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::QueueFull { .. } => Self::Unavailable(error.into()),
            StoreError::Full(_) => Self::Full(error.into()),
            StoreError::Corrupt(_) => Self::Corrupt(error.into()),
        }
    }
}

#[cfg(test)]
mod tests;
