//! Objects in a folder: what is written is read, and what is damaged never leaves.

use std::fs;
use std::sync::LazyLock;

use model::Index;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;

const MEGABYTE: usize = 1024 * 1024;
const LATE: Timestamp = Timestamp::from_unix_ms(i64::MAX);

struct Scene {
    folder: TempDir,
    objects: Objects,
}

impl Scene {
    fn set() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let objects = Objects::in_directory(folder.path().join("values")).expect("opened");
        Self { folder, objects }
    }

    async fn write(&self, text: &Bytes) -> StoredObject {
        let digested = digest(text);
        self.objects.write(&subject(), Arc::new(text.clone()), &digested).await.expect("written")
    }

    fn file(&self, object: &StoredObject, extension: &str) -> PathBuf {
        self.folder.path().join(format!("values/v1/{}/{}.{extension}", object.subject, object.sha256))
    }

    fn alter(&self, object: &StoredObject, extension: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let file = self.file(object, extension);
        let mut bytes = fs::read(&file).expect("read");
        change(&mut bytes);
        fs::write(&file, bytes).expect("altered");
    }

    fn files(&self) -> usize {
        let subjects = fs::read_dir(self.folder.path().join("values/v1")).into_iter().flatten();
        subjects.map(|subject| fs::read_dir(subject.expect("listed").path()).expect("listed").count()).sum()
    }
}

fn subject() -> Subject {
    Subject::from(Index::new(-1_000_000))
}

/// Digits without a period that a shifted block could hide behind.
fn digits(length: usize) -> Bytes {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'0' + u8::try_from((state >> 33) % 10).expect("one digit")
    };
    (0..length).map(next).collect()
}

async fn read(reader: &ObjectReader, range: std::ops::Range<u64>) -> Result<Vec<u8>, ObjectError> {
    reader
        .read(range)
        .try_fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece);
            Ok(all)
        })
        .await
}

#[tokio::test]
async fn a_written_text_is_read_back_whole_in_blocks() {
    let scene = Scene::set();
    for length in [1, 70_000, MEGABYTE, 2 * MEGABYTE + 1, 20 * MEGABYTE + 3] {
        let text = digits(length);
        let object = scene.write(&text).await;
        let reader = scene.objects.open(&object).await.expect("opened");
        let pieces: Vec<Bytes> = reader.read(0..u64::MAX).try_collect().await.expect("read");
        assert!(pieces.iter().all(|piece| piece.len() <= MEGABYTE));
        assert!(pieces.concat() == text, "{length} bytes came back otherwise");
    }
}

#[tokio::test]
async fn writing_again_changes_nothing() {
    let scene = Scene::set();
    let text = digits(70_000);
    let first = scene.write(&text).await;
    assert_eq!(scene.write(&text).await, first);
    assert_eq!(scene.files(), 2);
    let reader = scene.objects.open(&first).await.expect("opened");
    assert_eq!(read(&reader, 0..70_000).await.expect("read"), text);
}

#[tokio::test]
async fn a_text_that_changed_since_it_was_digested_is_not_stored() {
    let scene = Scene::set();
    let digested = digest(&digits(100_000));
    let refused = scene.objects.write(&subject(), Arc::new(digits(99_999)), &digested).await;
    assert!(matches!(refused, Err(ObjectError::Corrupt)), "{refused:?}");
    let object = StoredObject { subject: subject(), sha256: digested.sha256, size_bytes: 100_000 };
    assert!(matches!(scene.objects.open(&object).await, Err(ObjectError::Missing)));
    assert!(!scene.file(&object, "txt#1").exists(), "the unfinished file is gone");
}

#[tokio::test]
async fn a_flipped_bit_keeps_its_block_from_being_served_and_no_other() {
    let scene = Scene::set();
    let text = digits(3 * MEGABYTE - 5);
    for at in [0, MEGABYTE - 1, MEGABYTE, 2 * MEGABYTE + 12_345, text.len() - 1] {
        let object = scene.write(&text).await;
        let reader = scene.objects.open(&object).await.expect("opened");
        scene.alter(&object, "txt", |bytes| bytes[at] ^= 1);
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

#[tokio::test]
async fn a_damaged_block_list_is_noticed_when_opening() {
    let scene = Scene::set();
    let text = digits(2 * MEGABYTE);
    for change in [
        (|list| list[0] ^= 1) as fn(&mut Vec<u8>),
        |list| list[40] ^= 0x80,
        |list| *list.last_mut().expect("not empty") ^= 1,
        |list| list.truncate(list.len() - 32),
        |list| list.push(0),
        Vec::clear,
    ] {
        let object = scene.write(&text).await;
        scene.alter(&object, "blocks", change);
        assert!(matches!(scene.objects.open(&object).await, Err(ObjectError::Corrupt)));
    }
}

#[tokio::test]
async fn a_cut_or_lengthened_object_is_noticed() {
    let scene = Scene::set();
    let text = digits(2 * MEGABYTE);
    for length in [0, 1, MEGABYTE, 2 * MEGABYTE - 1, 2 * MEGABYTE + 1] {
        let object = scene.write(&text).await;
        let opened_before = scene.objects.open(&object).await.expect("opened");
        scene.alter(&object, "txt", |bytes| bytes.resize(length, b'7'));
        assert!(matches!(scene.objects.open(&object).await, Err(ObjectError::Corrupt)), "{length}");
        if length < text.len() {
            let served = read(&opened_before, 0..u64::MAX).await;
            assert!(matches!(served, Err(ObjectError::Corrupt)), "{length}: {:?}", served.map(|bytes| bytes.len()));
        }
    }
}

#[tokio::test]
async fn a_missing_half_is_missing() {
    let scene = Scene::set();
    for extension in ["txt", "blocks"] {
        let object = scene.write(&digits(70_000)).await;
        let opened_before = scene.objects.open(&object).await.expect("opened");
        fs::remove_file(scene.file(&object, extension)).expect("removed");
        assert!(matches!(scene.objects.open(&object).await, Err(ObjectError::Missing)));
        let served = read(&opened_before, 0..10).await;
        assert_eq!(matches!(served, Err(ObjectError::Missing)), extension == "txt");
    }
}

#[tokio::test]
async fn deleting_leaves_nothing_and_may_be_repeated() {
    let scene = Scene::set();
    let object = scene.write(&digits(70_000)).await;
    scene.objects.delete(&object).await.expect("deleted");
    scene.objects.delete(&object).await.expect("gone already");
    assert_eq!(scene.files(), 0);
}

#[tokio::test]
async fn what_an_interrupted_write_left_is_swept_and_nothing_else() {
    let scene = Scene::set();
    assert_eq!(scene.objects.sweep_leftovers(LATE).await.expect("an empty folder"), 0);
    let object = scene.write(&digits(70_000)).await;
    for leftover in ["txt#1", "txt#12", "blocks#1"] {
        fs::write(scene.file(&object, leftover), "123").expect("left behind");
    }
    let early = Timestamp::from_unix_ms(0);
    assert_eq!(scene.objects.sweep_leftovers(early).await.expect("swept"), 0, "somebody may still write those");
    assert_eq!(scene.objects.sweep_leftovers(LATE).await.expect("swept"), 3);
    assert_eq!(scene.files(), 2);
    scene.objects.open(&object).await.expect("untouched");
}

#[tokio::test]
async fn the_listing_names_both_files_of_every_object() {
    let scene = Scene::set();
    let object = scene.write(&digits(70_000)).await;
    fs::write(scene.folder.path().join("values/v1/notes"), "mine").expect("written");
    fs::write(scene.file(&object, "txt#1"), "123").expect("left behind");
    let files: Vec<FoundFile> = scene.objects.list().try_collect().await.expect("listed");
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| (&file.subject, file.sha256) == (&object.subject, object.sha256)));
    for file in &files {
        scene.objects.delete_found(file).await.expect("deleted");
    }
    assert!(!scene.file(&object, "txt").exists() && !scene.file(&object, "blocks").exists());
}

#[test]
fn a_folder_has_a_known_amount_of_room_and_other_stores_have_not() {
    assert!(Scene::set().objects.room().is_some_and(|bytes| bytes > 0));
    assert_eq!(Objects::new(Arc::new(object_store::memory::InMemory::new())).room(), None);
}

struct Shared {
    runtime: Runtime,
    text: Bytes,
    reader: ObjectReader,
    _scene: Scene,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let (scene, text) = (Scene::set(), digits(3 * MEGABYTE + 17));
    let object = runtime.block_on(scene.write(&text));
    let reader = runtime.block_on(scene.objects.open(&object)).expect("opened");
    Shared { runtime, text, reader, _scene: scene }
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_range_is_the_slice_of_the_text(start in 0..4 * MEGABYTE, length in 0..2 * MEGABYTE) {
        let Shared { runtime, text, reader, .. } = &*SHARED;
        let range = start as u64..(start + length) as u64;
        let served = runtime.block_on(read(reader, range)).expect("read");
        let (from, to) = (start.min(text.len()), (start + length).min(text.len()));
        prop_assert!(served == text[from..to]);
    }
}
