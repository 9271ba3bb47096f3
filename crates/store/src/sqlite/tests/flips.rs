//! Single bits flipped anywhere in the file never become an untrue answer.

use std::path::Path;

use model::Calculation;

use super::*;
use crate::ListOrder;
use crate::contract::fixtures::inline;

const FLIPS: u64 = 300;
const ROWS: i64 = 12;

fn text(n: i64) -> String {
    let length = usize::try_from(n * n * 37 + 3).expect("a length");
    "41812584".repeat(length).chars().skip(usize::try_from(n).expect("small")).take(length).collect()
}

/// Checks that every answer about every row is what was stored. An error is true, and so is a row that is computed again.
async fn tells_the_truth(path: &Path, stored: &[Calculation]) -> Result<&'static str, String> {
    let Ok(store) = SqliteStore::open(path, LIMITS).await else { return Ok("refused") };
    let mut outcome = "unnoticed";
    let listed = store.list(ListOrder::Newest { before: None }, 200).await.unwrap_or_default();
    for (n, stored) in (1..=ROWS).zip(stored) {
        let row = store.find(&f(n)).await;
        let in_list = listed.iter().filter(|row| row.subject == f(n));
        for row in row.iter().flatten().chain(in_list) {
            if row.subject == f(n) && row.status() == Status::Queued {
                outcome = "repaired";
            } else if row != stored {
                return Err(format!("{row:?}"));
            }
        }
        match store.inline_value(&f(n)).await {
            Ok(Some(value)) if value.text != text(n) => return Err(format!("{n}: a wrong text")),
            Ok(Some(_)) => {}
            Ok(None) => outcome = "repaired",
            Err(_) => outcome = "refused",
        }
    }
    store.close().await;
    Ok(outcome)
}

#[tokio::test]
async fn a_flipped_bit_never_becomes_an_untrue_answer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    for n in 1..=ROWS {
        submit(&store, n).await.expect("submitted");
        store.complete(&inline(&f(n), &text(n))).await.expect("stored");
    }
    let mut stored = Vec::new();
    for n in 1..=ROWS {
        stored.extend(store.find(&f(n)).await.expect("read"));
    }
    store.close().await;
    let file = fs::read(folder.path().join(FILE)).expect("read");
    let mut outcomes = std::collections::BTreeMap::new();
    let mut state = 11_u64;
    for _ in 0..FLIPS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (byte, bit) = ((state >> 24) as usize % file.len(), (state >> 20) % 8);
        let copy = tempfile::tempdir().expect("a temporary folder");
        let path = copy.path().join(FILE);
        let mut damaged = file.clone();
        damaged[byte] ^= 1 << bit;
        fs::write(&path, damaged).expect("written");
        let outcome =
            tells_the_truth(&path, &stored).await.unwrap_or_else(|found| panic!("bit {bit} of byte {byte}: {found}"));
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    assert!(outcomes.contains_key("repaired"), "{outcomes:?}");
}

/// Unfinished work whose subject is damaged in its row is found and computed. A damaged index may hide it, but is never
/// believed.
#[tokio::test]
async fn a_flipped_bit_in_a_subject_loses_no_accepted_work() {
    // Of another kind than F(n), a damaged letter or bracket may mean a newer version.
    for (text, repaired_bytes) in [("F(1003)", 7), ("L(1003)", 5)] {
        let subject: Subject = text.parse().expect("a subject");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = open(&folder).await;
        store.submit(&new_calculation(subject.clone())).await.expect("submitted");
        store.close().await;
        let file = fs::read(folder.path().join(FILE)).expect("read");
        let places: Vec<usize> =
            (0..file.len() - text.len()).filter(|&at| file[at..].starts_with(text.as_bytes())).collect();
        assert_eq!(places.len(), 2, "{text}: in its row and in an index");
        let mut repaired = [0; 2];
        for (number, place) in places.into_iter().enumerate() {
            for bit in 0..text.len() * 8 {
                let copy = tempfile::tempdir().expect("a temporary folder");
                let mut damaged = file.clone();
                damaged[place + bit / 8] ^= 1 << (bit % 8);
                fs::write(copy.path().join(FILE), damaged).expect("written");
                repaired[number] += usize::from(is_repaired(&copy, &subject).await);
            }
        }
        let best = repaired.into_iter().max();
        assert!(best >= Some(repaired_bytes * 8), "{text}: {repaired:?} of {} flips were repaired", text.len() * 8);
    }
}

/// Returns whether the sweep finds the only calculation, and it can be completed.
async fn is_repaired(folder: &TempDir, subject: &Subject) -> bool {
    let store = open(folder).await;
    let by_key = store.find(subject).await;
    assert!(by_key.iter().flatten().all(|row| row.subject == *subject), "{by_key:?}");
    let swept = store.unfinished(None, 9).await.expect("the sweep goes on");
    let is_swept = swept.iter().map(|row| &row.subject).eq([subject]);
    let completed = store.complete(&inline(subject, "4181")).await;
    let row = store.find(subject).await.unwrap_or_default();
    store.close().await;
    is_swept && completed.is_ok() && row.is_some_and(|row| row.status() == Status::Done)
}
