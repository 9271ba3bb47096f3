//! Objects in a folder.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::contract::{self, MEGABYTE, digits, every_check, files, read, subject, written};
use super::*;

const LATE: Timestamp = Timestamp::from_unix_ms(i64::MAX);

macro_rules! in_a_folder {
    ($($check:ident,)*) => {
        $(
            #[tokio::test]
            async fn $check() {
                let fixture = FolderFixture::new();
                contract::$check(fixture.objects.clone()).await;
            }
        )*
    };
}

every_check!(in_a_folder);

struct FolderFixture {
    folder: TempDir,
    objects: Objects,
}

impl FolderFixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let objects = Objects::in_directory(folder.path().join("values")).expect("opened");
        Self { folder, objects }
    }

    fn file(&self, object: &StoredValue, extension: &str) -> PathBuf {
        self.folder.path().join(format!("values/v1/{}/{}.{extension}", object.subject, object.sha256))
    }

    /// All files, those too that the object store does not list because they are unfinished.
    fn file_count(&self) -> usize {
        let subjects = fs::read_dir(self.folder.path().join("values/v1")).into_iter().flatten();
        subjects.map(|subject| fs::read_dir(subject.expect("listed").path()).expect("listed").count()).sum()
    }
}

#[tokio::test]
async fn a_refused_text_leaves_no_unfinished_file() {
    let fixture = FolderFixture::new();
    let digested = digest(&digits(100_000));
    let refused = fixture.objects.write(&subject(), Arc::new(digits(99_999)), &digested).await;
    assert!(matches!(refused, Err(ObjectError::Corrupt)), "{refused:?}");
    assert_eq!(fixture.file_count(), files(&fixture.objects).await.len());
}

#[tokio::test]
async fn what_an_interrupted_write_left_is_swept_and_nothing_else() {
    let fixture = FolderFixture::new();
    assert_eq!(fixture.objects.sweep_leftovers(LATE).await.expect("an empty folder"), 0);
    let object = written(&fixture.objects, &digits(70_000)).await;
    for leftover in ["txt#1", "txt#12", "blocks#1"] {
        fs::write(fixture.file(&object, leftover), "123").expect("left behind");
    }
    let early = Timestamp::from_unix_ms(0);
    assert_eq!(fixture.objects.sweep_leftovers(early).await.expect("swept"), 0, "somebody may still write those");
    assert_eq!(fixture.objects.sweep_leftovers(LATE).await.expect("swept"), 3);
    assert_eq!(fixture.file_count(), 2);
    fixture.objects.open(&object).await.expect("untouched");
}

#[tokio::test]
async fn a_folder_that_is_removed_or_replaced_takes_no_objects() {
    let fixture = FolderFixture::new();
    let (folder, text) = (fixture.folder.path().join("values"), digits(70_000));
    fs::rename(&folder, fixture.folder.path().join("renamed")).expect("renamed");
    for replaced in [false, true] {
        if replaced {
            fs::create_dir(&folder).expect("replaced");
        }
        let refused = fixture.objects.write(&subject(), Arc::new(text.clone()), &digest(&text)).await;
        assert!(matches!(refused, Err(ObjectError::Unavailable(_))), "{refused:?}");
    }
}

#[test]
fn a_folder_has_a_known_amount_of_room_and_other_stores_have_not() {
    assert!(FolderFixture::new().objects.room().is_some_and(|bytes| bytes > 0));
    assert_eq!(Objects::new(Arc::new(object_store::memory::InMemory::new())).room(), None);
}

struct Shared {
    runtime: Runtime,
    text: Bytes,
    reader: ObjectReader,
    _fixture: FolderFixture,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let (fixture, text) = (FolderFixture::new(), digits(3 * MEGABYTE + 17));
    let object = runtime.block_on(written(&fixture.objects, &text));
    let reader = runtime.block_on(fixture.objects.open(&object)).expect("opened");
    Shared { runtime, text, reader, _fixture: fixture }
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_range_is_the_slice_of_the_text(start in 0..4 * MEGABYTE, length in 0..2 * MEGABYTE) {
        let Shared { runtime, text, reader, .. } = &*SHARED;
        let range = start as u64..(start + length) as u64;
        let served = runtime.block_on(read(reader, range)).expect("read");
        let (from, to) = (start.min(text.len()), (start + length).min(text.len()));
        prop_assert!(served == text[from..to]);
    }
}
