//! Reading an object: every block is checked before a byte of it is returned.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use model::Sha256;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use sha2::Digest;
use tokio::sync::Semaphore;

use super::error::ObjectError;
use super::text::BLOCK_BYTES;
use crate::metrics;

/// An object that existed, with a sound block list, when it was opened.
#[derive(Clone)]
pub struct ObjectReader {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) hashing: Arc<Semaphore>,
    pub(super) location: Path,
    pub(super) size_bytes: u64,
    pub(super) block_hashes: Arc<[Sha256]>,
}

impl ObjectReader {
    /// Returns the bytes of the whole text.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Returns the bytes of a range, which is cut to the text.
    ///
    /// # Cost
    /// Every block of 1 MiB that the range touches is read and hashed whole, one at a time; the stream holds
    /// one block, and the piece it has handed out shares it.
    ///
    /// # Errors
    /// Ends with `Missing` or `Corrupt` when the object was removed or damaged; the bytes before that are right.
    pub fn read(&self, range: Range<u64>) -> impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static + use<> {
        let end = range.end.min(self.size_bytes);
        stream::try_unfold((self.clone(), range.start), move |(reader, at)| async move {
            if at >= end {
                return Ok(None);
            }
            let block = at / BLOCK_BYTES;
            let begin = block * BLOCK_BYTES;
            let bytes = reader.block(block).await?;
            let until = end.min(begin + BLOCK_BYTES);
            let piece = piece(&bytes, at - begin, until - begin).ok_or(ObjectError::Corrupt)?;
            metrics::object_bytes("read", piece.len());
            Ok(Some((piece, (reader, until))))
        })
    }

    async fn block(&self, block: u64) -> Result<Bytes, ObjectError> {
        let begin = block * BLOCK_BYTES;
        let range = begin..self.size_bytes.min(begin + BLOCK_BYTES);
        let expected_length = range.end - range.start;
        let hash = usize::try_from(block).ok().and_then(|block| self.block_hashes.get(block)).copied();
        let bytes = match self.store.get_range(&self.location, range).await {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.unread(error).await),
        };
        // An error means that the semaphore is closed, which never happens.
        let _permit = self.hashing.acquire().await;
        // A millisecond or more: too long for a thread that serves others.
        let (bytes, found) = tokio::task::spawn_blocking(move || {
            let hash = Sha256(sha2::Sha256::digest(&bytes).into());
            (bytes, hash)
        })
        .await
        .map_err(|error| ObjectError::Unavailable(error.into()))?;
        if bytes.len() as u64 != expected_length || Some(found) != hash {
            return Err(ObjectError::Corrupt);
        }
        Ok(bytes)
    }

    /// Converts an error of reading a range. Object stores report a range beyond the end differently, so the length is
    /// compared.
    async fn unread(&self, error: object_store::Error) -> ObjectError {
        match self.store.head(&self.location).await {
            Ok(found) if found.size != self.size_bytes => ObjectError::Corrupt,
            _ => ObjectError::from_read(error),
        }
    }
}

fn piece(block: &Bytes, begin: u64, end: u64) -> Option<Bytes> {
    let range = usize::try_from(begin).ok()?..usize::try_from(end).ok()?;
    (range.start <= range.end && range.end <= block.len()).then(|| block.slice(range))
}
