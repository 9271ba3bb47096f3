//! Values over a record and objects in one temporary folder.

use std::fs;
use std::path::PathBuf;

use model::{CalculationState, Index, Lane, Status};
use tempfile::TempDir;

use super::*;
use crate::{CompleteResult, CompletedValue, NewCalculation, SqliteStore, StoreLimits, SubmitResult, digest};

const NOON: Timestamp = Timestamp::from_unix_ms(1_764_000_000_000);
const LATE: Timestamp = Timestamp::from_unix_ms(i64::MAX);
const MEGABYTE: usize = 1024 * 1024;

struct ValuesFixture {
    folder: TempDir,
    store: Arc<dyn Store>,
    values: Values,
}

impl ValuesFixture {
    async fn open(limit_bytes: Option<u64>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let limits = StoreLimits { max_queued: 100 };
        let store = SqliteStore::open(&folder.path().join("record.sqlite"), limits).await.expect("opened");
        let store: Arc<dyn Store> = Arc::new(store);
        let objects = Objects::in_directory(folder.path().join("values")).expect("opened");
        let values = Values::new(Arc::clone(&store), objects, limit_bytes);
        Self { folder, store, values }
    }

    async fn submit(&self, n: i64) -> SubmitResult {
        let acceptance = NewCalculation {
            subject: f(n),
            digits: 9,
            lane: Lane::Short,
            ask: None,
            submitter: None,
            traceparent: None,
            now: NOON,
        };
        self.store.submit(&acceptance).await.expect("accepted")
    }

    /// Does what a worker does.
    async fn compute(&self, n: i64, text: &str) -> Result<Calculation, ValueError> {
        self.submit(n).await;
        let text: Arc<dyn Text> = Arc::new(text.to_owned());
        let digested = digest(&*text);
        self.values.make_room(digested.size_bytes).await.1?;
        let placement = self.values.place(&f(n), text, &digested).await?;
        let recorded = CompletedValue {
            subject: f(n),
            sha256: digested.sha256,
            first_digits: "1".into(),
            last_digits: "1".into(),
            digits: digested.size_bytes,
            size_bytes: digested.size_bytes,
            placement,
            started_at: NOON,
            finished_at: NOON,
            compute_ms: 1,
        };
        match self.store.complete(&recorded).await? {
            CompleteResult::Recorded(calculation) => Ok(calculation),
            other => panic!("not recorded: {other:?}"),
        }
    }

    async fn found(&self, n: i64) -> Calculation {
        self.store.find(&f(n)).await.expect("reachable").expect("stored")
    }

    fn text_file(&self, calculation: &Calculation) -> PathBuf {
        let sha256 = calculation.value().expect("done").sha256;
        self.folder.path().join(format!("values/v1/{}/{sha256}.txt", calculation.subject))
    }
}

fn f(n: i64) -> Subject {
    Subject::from(Index::new(n))
}

async fn read(reader: &ValueReader, range: Range<u64>) -> Result<String, ValueError> {
    let pieces: Vec<Bytes> = reader.read(range).try_collect().await?;
    Ok(String::from_utf8(pieces.concat()).expect("digits"))
}

#[tokio::test]
async fn a_short_text_that_came_with_its_calculation_is_read_without_the_record_unless_it_is_damaged() {
    let fixture = ValuesFixture::open(None).await;
    let mut calculation = fixture.compute(1, "123").await.expect("recorded");
    let without_it = ValuesFixture::open(None).await.values;
    let reader = without_it.open(&calculation).await.expect("reachable").expect("readable");
    assert_eq!(read(&reader, 0..3).await.expect("read"), "123");
    if let CalculationState::Done { value, .. } = &mut calculation.state {
        value.text = Some("124".to_owned());
    }
    assert!(without_it.open(&calculation).await.expect("reachable").is_none());
}

#[tokio::test]
async fn short_texts_lie_in_the_record_and_long_ones_beside_it() {
    let fixture = ValuesFixture::open(None).await;
    for (n, length, state) in [
        (1, 3, ValueState::Inline),
        (2, 65_536, ValueState::Inline),
        (3, 65_537, ValueState::Object),
        (4, 2 * MEGABYTE, ValueState::Object),
    ] {
        let text = "4181".repeat(length.div_ceil(4))[..length].to_owned();
        let done = fixture.compute(n, &text).await.expect("placed");
        assert_eq!(done.value().map(|value| value.state), Some(state));
        let reader = fixture.values.open(&done).await.expect("reachable").expect("readable");
        assert_eq!(reader.size_bytes, length as u64);
        assert!(read(&reader, 0..u64::MAX).await.expect("read") == text);
        let most = length as u64;
        for range in [0..1, most - 1..most, 1..most.min(9), most / 2..most, most..most + 5, most + 1..u64::MAX] {
            let slice = &text[range.start.min(most) as usize..range.end.min(most) as usize];
            assert!(read(&reader, range.clone()).await.expect("read") == slice, "{range:?} of {length}");
        }
    }
}

#[tokio::test]
async fn what_is_not_done_has_no_value_to_open() {
    let fixture = ValuesFixture::open(None).await;
    let SubmitResult::Queued(waiting) = fixture.submit(1).await else { panic!("not queued") };
    assert!(fixture.values.open(&waiting).await.expect("reachable").is_none());
}

#[tokio::test]
async fn a_missing_object_is_queued_again_when_it_is_opened() {
    let fixture = ValuesFixture::open(None).await;
    let text = "7".repeat(70_000);
    let done = fixture.compute(1, &text).await.expect("placed");
    fs::remove_file(fixture.text_file(&done)).expect("removed");
    let lost = fixture.values.open(&done).await.err();
    assert!(matches!(lost, Some(ValueError::Lost(Some(ref row))) if row.status() == Status::Queued), "{lost:?}");
    assert_eq!(fixture.store.unfinished(None, 9).await.expect("reachable").len(), 1);
    let again = fixture.values.open(&done).await.err();
    assert!(matches!(again, Some(ValueError::Lost(None))), "queued once: {again:?}");
    let done = fixture.compute(1, &text).await.expect("computed again");
    let reader = fixture.values.open(&done).await.expect("reachable").expect("readable");
    assert!(read(&reader, 0..u64::MAX).await.expect("read") == text);
}

#[tokio::test]
async fn an_object_that_was_evicted_meanwhile_is_not_lost() {
    let fixture = ValuesFixture::open(None).await;
    let done = fixture.compute(1, &"7".repeat(70_000)).await.expect("placed");
    let value = done.value().expect("done");
    let object = StoredValue { subject: f(1), sha256: value.sha256, size_bytes: value.size_bytes };
    fixture.store.mark_evicted(&object).await.expect("reachable");
    fs::remove_file(fixture.text_file(&done)).expect("removed");
    let gone = fixture.values.open(&done).await.err();
    assert!(matches!(gone, Some(ValueError::Lost(None))), "{gone:?}");
    assert_eq!(fixture.found(1).await.status(), Status::Done, "nothing is queued");
}

#[tokio::test]
async fn an_object_damaged_while_it_is_read_ends_the_stream_and_is_queued_again() {
    let fixture = ValuesFixture::open(None).await;
    let text = "4181".repeat(MEGABYTE / 2);
    let done = fixture.compute(1, &text).await.expect("placed");
    let reader = fixture.values.open(&done).await.expect("reachable").expect("readable");
    let mut stream = reader.read(0..u64::MAX);
    assert_eq!(stream.next().await.expect("the first block").expect("right").len(), MEGABYTE);
    let mut bytes = fs::read(fixture.text_file(&done)).expect("read");
    bytes[MEGABYTE + 5] = b'x';
    fs::write(fixture.text_file(&done), bytes).expect("damaged");
    assert!(matches!(stream.next().await, Some(Err(ValueError::Lost(Some(_))))));
    assert!(stream.next().await.is_none());
    assert_eq!(fixture.found(1).await.status(), Status::Queued);
}

#[tokio::test]
async fn the_least_recently_read_make_room_and_their_facts_stay() {
    let fixture = ValuesFixture::open(Some(300_000)).await;
    for n in 1..=4 {
        fixture.compute(n, &n.to_string().repeat(70_000)).await.expect("placed");
    }
    let later = NOON + std::time::Duration::from_secs(1);
    fixture.store.touch(&[f(1), f(3)], later).await.expect("reachable");
    let evicted = [fixture.found(2).await, fixture.found(4).await];
    fixture.compute(5, &"5".repeat(150_000)).await.expect("placed");
    assert_eq!(fixture.store.value_bytes(0..u64::MAX).await.expect("reachable"), 290_000);
    for (n, before) in [2, 4].into_iter().zip(evicted) {
        let row = fixture.found(n).await;
        let value = row.value().expect("still known");
        assert_eq!((value.state, value.sha256), (ValueState::Evicted, before.value().expect("done").sha256));
        assert!(fixture.values.open(&row).await.expect("reachable").is_none());
        assert!(!fixture.text_file(&before).exists());
    }
    for n in [1, 3, 5] {
        assert!(fixture.values.open(&fixture.found(n).await).await.expect("reachable").is_some());
    }
    let (evicted, made) = fixture.values.make_room(10_000).await;
    made.expect("room is there");
    assert_eq!(evicted, []);
}

#[tokio::test]
async fn a_value_above_half_of_the_limit_is_refused_and_evicts_nothing() {
    let fixture = ValuesFixture::open(Some(200_000)).await;
    fixture.compute(1, &"7".repeat(70_000)).await.expect("placed");
    fixture.compute(3, &"7".repeat(100_000)).await.expect("placed");
    let refused = fixture.compute(2, &"7".repeat(100_001)).await;
    assert!(matches!(refused, Err(ValueError::Full(_))), "{refused:?}");
    assert!(fixture.found(1).await.is_readable());
}

#[tokio::test]
async fn what_was_evicted_is_known_although_its_file_cannot_be_deleted() {
    let fixture = ValuesFixture::open(Some(300_000)).await;
    let done = fixture.compute(1, &"7".repeat(70_000)).await.expect("placed");
    fixture.compute(2, &"7".repeat(90_000)).await.expect("placed");
    fs::remove_file(fixture.text_file(&done)).expect("removed");
    fs::create_dir_all(fixture.text_file(&done).join("folder")).expect("a folder in place of the file");
    let (evicted, made) = fixture.values.make_room(150_000).await;
    assert_eq!(evicted, [f(1)]);
    assert!(matches!(made, Err(ValueError::Unavailable(_))), "{made:?}");
    assert_eq!(fixture.found(1).await.value().map(|value| value.state), Some(ValueState::Evicted));
}

/// A flood of texts that lie in the database stays below the limit, and what goes can be computed again.
#[tokio::test]
async fn short_texts_are_evicted_too_and_their_facts_stay() {
    let fixture = ValuesFixture::open(Some(1_000_000)).await;
    let text = |n: i64| n.to_string().repeat(60_000)[..60_000].to_owned();
    for n in 100..140 {
        fixture.compute(n, &text(n)).await.expect("placed");
        let bytes = fixture.store.value_bytes(0..u64::MAX).await.expect("reachable");
        assert!(bytes <= 1_000_000, "{bytes} after {n}");
    }
    let oldest = fixture.found(100).await;
    assert_eq!(oldest.value().map(|value| (value.state, value.size_bytes)), Some((ValueState::Evicted, 60_000)));
    assert_eq!(fixture.store.inline_value(&f(100)).await.expect("reachable"), None, "its text is gone");
    assert!(fixture.found(139).await.is_readable());
    assert!(fixture.compute(100, &text(100)).await.expect("computed again").is_readable());
}

/// Values of one kind are evicted for one another before they cost the other kind its half.
#[tokio::test]
async fn large_values_and_small_ones_leave_each_other_half_of_the_limit() {
    let fixture = ValuesFixture::open(Some(4_000_000)).await;
    let readable = async |from: i64, to: i64| {
        let mut count = 0;
        for n in from..to {
            count += usize::from(fixture.found(n).await.is_readable());
        }
        count
    };
    for n in 0..20 {
        fixture.compute(n, &"7".repeat(100_000)).await.expect("placed");
    }
    for n in 100..106 {
        fixture.compute(n, &"7".repeat(1_000_000)).await.expect("placed");
    }
    assert_eq!((readable(0, 20).await, readable(100, 106).await), (20, 2), "two million each");
    fixture.compute(200, &"7".repeat(2_000_000)).await.expect("placed");
    assert_eq!((readable(0, 20).await, readable(100, 106).await), (20, 0));
    for n in 20..40 {
        fixture.compute(n, &"7".repeat(100_000)).await.expect("placed");
    }
    assert_eq!(readable(0, 40).await, 20);
    assert!(fixture.found(200).await.is_readable());
}

#[tokio::test]
async fn orphans_are_swept_and_known_objects_are_not() {
    let fixture = ValuesFixture::open(None).await;
    let known = fixture.compute(1, &"7".repeat(70_000)).await.expect("placed");
    for (n, fill) in [(1, "8"), (99, "7")] {
        let text: Arc<dyn Text> = Arc::new(fill.repeat(70_000));
        let digested = digest(&*text);
        fixture.values.place(&f(n), text, &digested).await.expect("written, never recorded");
    }
    assert_eq!(fixture.values.sweep_orphans(NOON).await.expect("swept"), 0, "a worker may be about to record those");
    assert_eq!(fixture.values.sweep_orphans(LATE).await.expect("swept"), 4);
    assert_eq!(fixture.values.sweep_orphans(LATE).await.expect("swept"), 0);
    assert!(fixture.values.open(&known).await.expect("reachable").is_some());
}
