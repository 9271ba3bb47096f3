//! Texts that are too long for the database: one object each, named by its hash.
//!
//! `v1/<subject>/<sha256>.txt` is the text, `<sha256>.blocks` beside it the hashes of its blocks. A name
//! never gets other content, so any process may write an object first and every process may read it.

mod blocks;
mod bucket;
#[cfg(test)]
mod contract;
mod error;
mod folder;
#[cfg(test)]
mod fuzzing;
mod leftovers;
mod place;
mod reader;
#[cfg(feature = "s3")]
mod s3;
#[cfg(test)]
mod tests;
mod text;

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use model::{Sha256, Subject, Timestamp};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use self::bucket::BucketAccess;
pub use self::error::{ObjectError, OpenError};
pub use self::place::{Place, PlaceError};
pub use self::reader::ObjectReader;
pub use self::text::{BLOCK_BYTES, Digested, Text, digest};
use crate::{FileIdentity, StoredValue, metrics};

/// Bytes of a part of an upload: above the 5 MiB that S3 requires, and at 10,000 parts enough for 80 GB.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that are uploaded at once; with the one being filled this bounds the memory of a write.
const PARTS_UNDER_WAY: usize = 2;

/// The object store.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The folder behind it, if it is one.
    directory: Option<Arc<Directory>>,
    /// Of those who hash a block. Half of the cores, so that many who read long values leave the rest to all others.
    hashing: Arc<Semaphore>,
    /// The bucket behind it, if it is one.
    bucket: Option<Arc<str>>,
}

/// A folder of objects.
struct Directory {
    path: PathBuf,
    identity: FileIdentity,
}

/// A text or a block list in the object store, with or without a row that points to it.
#[derive(Clone, Debug)]
pub struct FoundFile {
    /// The subject of the value.
    pub subject: Subject,
    /// Hash of the text that it is, or belongs to.
    pub sha256: Sha256,
    /// When it was written, by the clock of the object store.
    pub written_at: Timestamp,
    location: Path,
}

impl Objects {
    /// Opens the objects at a place. Creates a folder that does not exist; sends no request to a bucket, so that
    /// one that is unavailable now can be used later.
    ///
    /// # Errors
    /// `Objects` when the folder cannot be used, `Settings` when the access to the bucket contradicts itself,
    /// `NotBuiltIn` for a bucket without the feature `s3`.
    ///
    /// # Panics
    /// For a bucket, when the process has not installed a provider of rustls before.
    pub fn at(place: &Place, access: &BucketAccess) -> Result<Self, OpenError> {
        match place {
            Place::Directory(directory) => Ok(Self::in_directory(directory)?),
            Place::Bucket { name, prefix } => Self::in_bucket(name, prefix, access),
        }
    }

    #[cfg(feature = "s3")]
    fn in_bucket(name: &str, prefix: &str, access: &BucketAccess) -> Result<Self, OpenError> {
        let store = s3::open(name, prefix, access).map_err(|error| OpenError::Settings(error.into()))?;
        Ok(Self { bucket: Some(name.into()), ..Self::new(store) })
    }

    #[cfg(not(feature = "s3"))]
    fn in_bucket(_name: &str, _prefix: &str, _access: &BucketAccess) -> Result<Self, OpenError> {
        Err(OpenError::NotBuiltIn)
    }

    /// Opens a folder of objects, and creates it if it does not exist. Files and folders are synced before a write returns.
    ///
    /// # Errors
    /// `Unavailable` or `Full` when the folder cannot be created or opened.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Result<Self, ObjectError> {
        let directory = directory.into();
        std::fs::create_dir_all(&directory)?;
        let store = LocalFileSystem::new_with_prefix(&directory).map_err(ObjectError::from_write)?.with_fsync(true);
        let directory = Directory { identity: FileIdentity::of(&directory)?, path: directory };
        Ok(Self { directory: Some(Arc::new(directory)), ..Self::new(Arc::new(store)) })
    }

    /// Creates objects in any store that makes an upload visible only when it is complete.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { store, directory: None, bucket: None, hashing: Arc::new(Semaphore::new(cores.div_ceil(2))) }
    }

    /// Writes a text and its block list. When this returns, both are safe and readable by all.
    ///
    /// Writing an existing object is not an error. When the call is dropped or fails, nothing becomes
    /// visible under the text's name.
    ///
    /// # Cost
    /// Reads the text once, on a thread that may block, and holds at most 32 MiB of it for a bucket, a chunk for a folder.
    ///
    /// # Errors
    /// `Full`, `Unavailable`; `Corrupt` when the text is not as long as it was when it was digested.
    pub async fn write(
        &self,
        subject: &Subject,
        text: Arc<dyn Text>,
        digested: &Digested,
    ) -> Result<StoredValue, ObjectError> {
        if let Some(directory) = &self.directory {
            directory.identity.check()?;
        }
        let object = StoredValue { subject: subject.clone(), sha256: digested.sha256, size_bytes: digested.size_bytes };
        self.traced("write object", &text_path(&object), self.write_files(&object, text, digested)).await?;
        Ok(object)
    }

    async fn write_files(
        &self,
        object: &StoredValue,
        text: Arc<dyn Text>,
        digested: &Digested,
    ) -> Result<(), ObjectError> {
        // The list first: a text without a list would be damaged, a list without a text is only swept.
        let list = PutPayload::from_bytes(blocks::encode(digested));
        self.store.put(&list_path(object), list).await.map_err(ObjectError::from_write)?;
        if let Some(directory) = &self.directory {
            let file = directory.path.join(text_path(object).as_ref());
            return write_file(file, text, digested.size_bytes).await;
        }
        let upload = self.store.put_multipart(&text_path(object)).await.map_err(ObjectError::from_write)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        match send(&mut upload, text, digested.size_bytes).await {
            Ok(()) => upload.finish().await.map(drop).map_err(ObjectError::from_write),
            Err(error) => {
                if let Err(second) = upload.abort().await {
                    tracing::warn!(error = &second as &dyn std::error::Error, "an upload could not be aborted");
                }
                Err(error)
            }
        }
    }

    /// Opens an object: checks its block list and the length of its text.
    ///
    /// # Errors
    /// `Missing`, `Corrupt`: compute it again. `Unavailable`: try again.
    pub async fn open(&self, object: &StoredValue) -> Result<ObjectReader, ObjectError> {
        let location = text_path(object);
        self.traced("open object", &location.clone(), self.open_at(location, object)).await
    }

    async fn open_at(&self, location: Path, object: &StoredValue) -> Result<ObjectReader, ObjectError> {
        let found = self.store.head(&location).await.map_err(ObjectError::from_read)?;
        let list = self.store.get(&list_path(object)).await.map_err(ObjectError::from_read)?;
        let list = list.bytes().await.map_err(ObjectError::from_read)?;
        let hashes = blocks::decode(&list, object.sha256, object.size_bytes);
        match hashes {
            Some(hashes) if found.size == object.size_bytes => Ok(ObjectReader {
                store: Arc::clone(&self.store),
                hashing: Arc::clone(&self.hashing),
                location,
                size_bytes: object.size_bytes,
                block_hashes: hashes.into(),
            }),
            _ => Err(ObjectError::Corrupt),
        }
    }

    /// Deletes an object. A missing one is not an error.
    ///
    /// # Errors
    /// `Unavailable`; then the text, the list or both may remain.
    pub async fn delete(&self, object: &StoredValue) -> Result<(), ObjectError> {
        self.delete_at(&text_path(object)).await?;
        self.delete_at(&list_path(object)).await
    }

    /// Deletes one file that [`Objects::list`] found.
    ///
    /// # Errors
    /// `Unavailable`; then it may remain.
    pub async fn delete_found(&self, found: &FoundFile) -> Result<(), ObjectError> {
        self.delete_at(&found.location).await
    }

    async fn delete_at(&self, location: &Path) -> Result<(), ObjectError> {
        let deletion = async {
            match self.store.delete(location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(ObjectError::Unavailable(error.into())),
            }
        };
        self.traced("delete object", location, deletion).await
    }

    /// Runs a call of the object store in a span.
    async fn traced<T>(
        &self,
        operation: &'static str,
        location: &Path,
        call: impl Future<Output = Result<T, ObjectError>>,
    ) -> Result<T, ObjectError> {
        let span = spans::object_span(operation, self.bucket.as_deref(), location);
        spans::traced(span, call, ObjectError::kind).await
    }

    /// Returns the free bytes of the disk of the objects; `None` if they are not in a folder.
    pub fn room(&self) -> Option<u64> {
        let disk = rustix::fs::statvfs(&self.directory.as_deref()?.path).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Returns every text and every block list, in no order.
    ///
    /// # Errors
    /// Ends with `Unavailable` when the rest cannot be listed.
    pub fn list(&self) -> impl Stream<Item = Result<FoundFile, ObjectError>> + Send + '_ {
        self.store
            .list(Some(&Path::from(VERSION)))
            .map_err(ObjectError::from_read)
            .try_filter_map(|found| std::future::ready(Ok(parse(found))))
            .boxed()
    }

    /// Removes unfinished files of interrupted writes that were last modified before `before`. Returns their number. Only a
    /// folder keeps such files; the rules of a bucket abort its unfinished uploads.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be read; removed files stay removed.
    pub async fn sweep_leftovers(&self, before: Timestamp) -> Result<u64, ObjectError> {
        let Some(directory) = self.directory.clone() else { return Ok(0) };
        tokio::task::spawn_blocking(move || leftovers::sweep(&directory.path.join(VERSION), before))
            .await
            .map_err(|error| ObjectError::Unavailable(error.into()))?
    }
}

const VERSION: &str = "v1";
const TEXT: &str = "txt";
const LIST: &str = "blocks";

fn text_path(object: &StoredValue) -> Path {
    path(object, TEXT)
}

fn list_path(object: &StoredValue) -> Path {
    path(object, LIST)
}

fn path(object: &StoredValue, extension: &str) -> Path {
    Path::from_iter([VERSION, &object.subject.to_string(), &format!("{}.{extension}", object.sha256)])
}

/// Parses the name of a file; `None` for one that this version did not write.
fn parse(found: object_store::ObjectMeta) -> Option<FoundFile> {
    let mut parts = found.location.parts().skip(1);
    let (subject, name) = (parts.next()?, parts.next()?);
    let (sha256, extension) = name.as_ref().split_once('.')?;
    if ![TEXT, LIST].contains(&extension) {
        return None;
    }
    Some(FoundFile {
        subject: subject.as_ref().parse().ok()?,
        sha256: sha256.parse().ok()?,
        written_at: Timestamp::from_unix_ms(found.last_modified.timestamp_millis()),
        location: found.location,
    })
}

async fn write_file(file: PathBuf, text: Arc<dyn Text>, size_bytes: u64) -> Result<(), ObjectError> {
    let (caller, written) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let outcome = folder::write(&file, &*text, size_bytes, || caller.is_closed());
        // An abandoned write has no caller.
        drop(caller.send(outcome));
    });
    written.await.map_err(|error| ObjectError::Unavailable(error.into()))?
}

async fn send(upload: &mut WriteMultipart, text: Arc<dyn Text>, size_bytes: u64) -> Result<(), ObjectError> {
    let (pieces, mut inbox) = mpsc::channel::<Bytes>(1);
    let producer = tokio::task::spawn_blocking(move || {
        for chunk in text.chunks() {
            // The upload failed and dropped the receiver.
            if pieces.blocking_send(chunk).is_err() {
                return;
            }
        }
    });
    let mut sent = 0;
    while let Some(piece) = inbox.recv().await {
        sent += piece.len() as u64;
        metrics::object_bytes("written", piece.len());
        upload.wait_for_capacity(PARTS_UNDER_WAY).await.map_err(ObjectError::from_write)?;
        upload.put(piece);
    }
    producer.await.map_err(|error| ObjectError::Unavailable(error.into()))?;
    if sent != size_bytes {
        return Err(ObjectError::Corrupt);
    }
    Ok(())
}
