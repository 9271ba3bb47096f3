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
                let scene = Scene::set();
                contract::$check(scene.objects.clone()).await;
            }
        )*
    };
}

every_check!(in_a_folder);

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

    fn file(&self, object: &StoredObject, extension: &str) -> PathBuf {
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
    let scene = Scene::set();
    let digested = digest(&digits(100_000));
    let refused = scene.objects.write(&subject(), Arc::new(digits(99_999)), &digested).await;
    assert!(matches!(refused, Err(ObjectError::Corrupt)), "{refused:?}");
    assert_eq!(scene.file_count(), files(&scene.objects).await.len());
}

#[tokio::test]
async fn what_an_interrupted_write_left_is_swept_and_nothing_else() {
    let scene = Scene::set();
    assert_eq!(scene.objects.sweep_leftovers(LATE).await.expect("an empty folder"), 0);
    let object = written(&scene.objects, &digits(70_000)).await;
    for leftover in ["txt#1", "txt#12", "blocks#1"] {
        fs::write(scene.file(&object, leftover), "123").expect("left behind");
    }
    let early = Timestamp::from_unix_ms(0);
    assert_eq!(scene.objects.sweep_leftovers(early).await.expect("swept"), 0, "somebody may still write those");
    assert_eq!(scene.objects.sweep_leftovers(LATE).await.expect("swept"), 3);
    assert_eq!(scene.file_count(), 2);
    scene.objects.open(&object).await.expect("untouched");
}

#[tokio::test]
async fn a_folder_that_is_removed_or_replaced_takes_no_objects() {
    let scene = Scene::set();
    let (folder, text) = (scene.folder.path().join("values"), digits(70_000));
    fs::rename(&folder, scene.folder.path().join("renamed")).expect("renamed");
    for replaced in [false, true] {
        if replaced {
            fs::create_dir(&folder).expect("replaced");
        }
        let refused = scene.objects.write(&subject(), Arc::new(text.clone()), &digest(&text)).await;
        assert!(matches!(refused, Err(ObjectError::Unavailable(_))), "{refused:?}");
    }
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
    let object = runtime.block_on(written(&scene.objects, &text));
    let reader = runtime.block_on(scene.objects.open(&object)).expect("opened");
    Shared { runtime, text, reader, _scene: scene }
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
