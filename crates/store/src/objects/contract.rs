//! The contract of every object store: a written text is read back, and damaged objects are never returned.
//!
//! A check takes an empty object store of its own. [`every_check`] passes all of them to a macro, which makes tests of
//! them or runs them one after the other.

use std::ops::Range;

use model::Index;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};

use super::*;

pub(super) const MEGABYTE: usize = 1024 * 1024;

macro_rules! every_check {
    ($with:ident) => {
        $with! {
            a_written_text_is_read_back_whole_in_blocks,
            writing_again_changes_nothing,
            a_text_that_changed_since_it_was_digested_is_not_stored,
            a_write_that_is_dropped_leaves_nothing_to_serve,
            a_flipped_bit_keeps_its_block_from_being_served_and_no_other,
            a_damaged_block_list_is_noticed_when_opening,
            a_cut_or_lengthened_object_is_noticed,
            a_missing_half_is_missing,
            a_range_is_the_slice_of_the_text,
            deleting_leaves_nothing_and_may_be_repeated,
            the_listing_names_both_files_of_every_object,
        }
    };
}
pub(super) use every_check;

pub(super) async fn a_written_text_is_read_back_whole_in_blocks(objects: Objects) {
    for length in [1, 70_000, MEGABYTE, 2 * MEGABYTE + 1, 20 * MEGABYTE + 3] {
        let text = digits(length);
        let object = written(&objects, &text).await;
        let reader = objects.open(&object).await.expect("opened");
        let pieces: Vec<Bytes> = reader.read(0..u64::MAX).try_collect().await.expect("read");
        assert!(pieces.iter().all(|piece| piece.len() <= MEGABYTE));
        assert!(pieces.concat() == text, "{length} bytes came back otherwise");
    }
}

pub(super) async fn writing_again_changes_nothing(objects: Objects) {
    let text = digits(70_000);
    let first = written(&objects, &text).await;
    assert_eq!(written(&objects, &text).await, first);
    assert_eq!(files(&objects).await.len(), 2);
    let reader = objects.open(&first).await.expect("opened");
    assert_eq!(read(&reader, 0..70_000).await.expect("read"), text);
}

pub(super) async fn a_text_that_changed_since_it_was_digested_is_not_stored(objects: Objects) {
    let digested = digest(&digits(100_000));
    let refused = objects.write(&subject(), Arc::new(digits(99_999)), &digested).await;
    assert!(matches!(refused, Err(ObjectError::Corrupt)), "{refused:?}");
    let object = StoredValue { subject: subject(), sha256: digested.sha256, size_bytes: 100_000 };
    assert!(matches!(objects.open(&object).await, Err(ObjectError::Missing)));
}

pub(super) async fn a_flipped_bit_keeps_its_block_from_being_served_and_no_other(objects: Objects) {
    let text = digits(3 * MEGABYTE - 5);
    for at in [0, MEGABYTE - 1, MEGABYTE, 2 * MEGABYTE + 12_345, text.len() - 1] {
        let object = written(&objects, &text).await;
        let reader = objects.open(&object).await.expect("opened");
        alter(&objects, &object, "txt", |bytes| bytes[at] ^= 1).await;
        let block = at / MEGABYTE;
        for other in (0..3).filter(|other| *other != block) {
            let range = other * MEGABYTE..text.len().min((other + 1) * MEGABYTE);
            let served = read(&reader, range.start as u64..range.end as u64).await.expect("an undamaged block");
            assert!(served == text[range]);
        }
        // Even a byte far from the damage is not served from the damaged block.
        let (begin, end) = (block * MEGABYTE, text.len().min((block + 1) * MEGABYTE));
        for touched in [begin, end - 1] {
            let served = read(&reader, touched as u64..touched as u64 + 1).await;
            assert!(matches!(served, Err(ObjectError::Corrupt)), "byte {touched} was served");
        }
        let mut whole = Box::pin(reader.read(0..u64::MAX));
        let mut served = 0;
        while let Some(Ok(piece)) = whole.next().await {
            served += piece.len();
        }
        assert_eq!(served, begin, "all before the damage, nothing after");
    }
}

pub(super) async fn a_damaged_block_list_is_noticed_when_opening(objects: Objects) {
    let text = digits(2 * MEGABYTE);
    for change in [
        (|list| list[0] ^= 1) as fn(&mut Vec<u8>),
        |list| list[40] ^= 0x80,
        |list| *list.last_mut().expect("not empty") ^= 1,
        |list| list.truncate(list.len() - 32),
        |list| list.push(0),
        Vec::clear,
    ] {
        let object = written(&objects, &text).await;
        alter(&objects, &object, "blocks", change).await;
        assert!(matches!(objects.open(&object).await, Err(ObjectError::Corrupt)));
    }
}

pub(super) async fn a_cut_or_lengthened_object_is_noticed(objects: Objects) {
    let text = digits(2 * MEGABYTE);
    for length in [0, 1, MEGABYTE, 2 * MEGABYTE - 1, 2 * MEGABYTE + 1] {
        let object = written(&objects, &text).await;
        let opened_before = objects.open(&object).await.expect("opened");
        alter(&objects, &object, "txt", |bytes| bytes.resize(length, b'7')).await;
        assert!(matches!(objects.open(&object).await, Err(ObjectError::Corrupt)), "{length}");
        if length < text.len() {
            let served = read(&opened_before, 0..u64::MAX).await;
            assert!(matches!(served, Err(ObjectError::Corrupt)), "{length}: {:?}", served.map(|bytes| bytes.len()));
        }
    }
}

pub(super) async fn a_missing_half_is_missing(objects: Objects) {
    for extension in ["txt", "blocks"] {
        let object = written(&objects, &digits(70_000)).await;
        let opened_before = objects.open(&object).await.expect("opened");
        objects.store.delete(&path(&object, extension)).await.expect("removed");
        assert!(matches!(objects.open(&object).await, Err(ObjectError::Missing)));
        let served = read(&opened_before, 0..10).await;
        assert_eq!(matches!(served, Err(ObjectError::Missing)), extension == "txt");
    }
}

pub(super) async fn deleting_leaves_nothing_and_may_be_repeated(objects: Objects) {
    let object = written(&objects, &digits(70_000)).await;
    objects.delete(&object).await.expect("deleted");
    objects.delete(&object).await.expect("gone already");
    assert_eq!(files(&objects).await.len(), 0);
}

pub(super) async fn the_listing_names_both_files_of_every_object(objects: Objects) {
    let object = written(&objects, &digits(70_000)).await;
    let foreign = PutPayload::from_static(b"mine");
    objects.store.put(&Path::from("v1/notes"), foreign).await.expect("written");
    let found: Vec<FoundFile> = objects.list().try_collect().await.expect("listed");
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|file| (&file.subject, file.sha256) == (&object.subject, object.sha256)));
    for file in &found {
        objects.delete_found(file).await.expect("deleted");
    }
    assert_eq!(files(&objects).await, [Path::from("v1/notes")]);
}

pub(super) async fn a_write_that_is_dropped_leaves_nothing_to_serve(objects: Objects) {
    let text = digits(20 * MEGABYTE);
    let digested = digest(&text);
    let object = StoredValue { subject: subject(), sha256: digested.sha256, size_bytes: digested.size_bytes };
    let (reached, dropped) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let halting = Halting { text: text.clone(), reached: Arc::clone(&reached), dropped: Arc::clone(&dropped) };
    let write = objects.write(&object.subject, Arc::new(halting), &digested);
    tokio::select! {
        result = write => panic!("the text never ended, and yet: {result:?}"),
        () = reached.notified() => {}
    }
    dropped.close();
    assert!(matches!(objects.open(&object).await, Err(ObjectError::Missing)));
    assert!(files(&objects).await.iter().all(|file| *file == list_path(&object)), "no text has that name");
    assert_eq!(written(&objects, &text).await, object);
    objects.open(&object).await.expect("whole");
}

/// A text that blocks after two parts until its reader is dropped.
struct Halting {
    text: Bytes,
    reached: Arc<Notify>,
    dropped: Arc<Semaphore>,
}

impl Text for Halting {
    fn chunks(&self) -> Box<dyn Iterator<Item = Bytes> + Send + '_> {
        let before = self.text.slice(..17 * MEGABYTE);
        let rest = std::iter::once_with(|| {
            self.reached.notify_one();
            let closed = Handle::current().block_on(self.dropped.acquire()).is_err();
            assert!(closed, "it has no permits");
            self.text.slice(17 * MEGABYTE..)
        });
        Box::new(std::iter::once(before).chain(rest))
    }
}

pub(super) async fn a_range_is_the_slice_of_the_text(objects: Objects) {
    let text = digits(3 * MEGABYTE + 17);
    let object = written(&objects, &text).await;
    let reader = objects.open(&object).await.expect("opened");
    let end = text.len();
    for edge in [0, 1, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 2 * MEGABYTE, end - 1, end, end + 5] {
        for length in [0, 1, 2, MEGABYTE, MEGABYTE + 1, 5 * MEGABYTE] {
            let served = read(&reader, edge as u64..(edge + length) as u64).await.expect("read");
            assert!(served == text[edge.min(end)..(edge + length).min(end)], "{edge} + {length}");
        }
    }
}

pub(super) fn subject() -> Subject {
    Subject::from(Index::new(-1_000_000))
}

/// Digits without a period that a shifted block could hide behind.
pub(super) fn digits(length: usize) -> Bytes {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'0' + u8::try_from((state >> 33) % 10).expect("one digit")
    };
    (0..length).map(next).collect()
}

pub(super) async fn written(objects: &Objects, text: &Bytes) -> StoredValue {
    let digested = digest(text);
    objects.write(&subject(), Arc::new(text.clone()), &digested).await.expect("written")
}

pub(super) async fn read(reader: &ObjectReader, range: Range<u64>) -> Result<Vec<u8>, ObjectError> {
    reader
        .read(range)
        .try_fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}

/// The objects under any name.
pub(super) async fn files(objects: &Objects) -> Vec<Path> {
    let found: Vec<_> = objects.store.list(None).try_collect().await.expect("listed");
    found.into_iter().map(|found| found.location).collect()
}

async fn alter(objects: &Objects, object: &StoredValue, extension: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let location = path(object, extension);
    let stored = objects.store.get(&location).await.expect("there").bytes().await.expect("read");
    let mut bytes = stored.to_vec();
    change(&mut bytes);
    objects.store.put(&location, bytes.into()).await.expect("altered");
}
