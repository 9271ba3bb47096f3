//! A database with very many rows, written through the store.

use std::path::Path;
use std::sync::Arc;

use model::{Index, Lane, Sha256, Subject, Timestamp};
use store::{CompletedValue, NewCalculation, Placement, Store};

/// Inserts F(0) to F(rows − 1) as done, with made-up values: this measures lists.
pub async fn fill(store: Arc<dyn Store>, rows: u64) {
    let at = Timestamp::from_unix_ms(1_790_000_000_000);
    let rows = i64::try_from(rows).expect("fewer than 2^63 rows");
    let lanes = (0..256).map(|first| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in (first..rows).step_by(256) {
                let subject = Subject::from(Index::new(n));
                let submission = NewCalculation {
                    subject: subject.clone(),
                    digits: 20,
                    lane: Lane::Short,
                    ask: None,
                    submitter: None,
                    traceparent: None,
                    now: at,
                };
                store.submit(&submission).await.expect("accepted");
                let completed = CompletedValue {
                    subject,
                    sha256: Sha256([7; 32]),
                    first_digits: "12345678901234567890".to_owned(),
                    last_digits: "12345678901234567890".to_owned(),
                    digits: 20,
                    size_bytes: 20,
                    placement: Placement::Inline("12345678901234567890".to_owned()),
                    started_at: at,
                    finished_at: at,
                    compute_ms: 0,
                };
                store.complete(&completed).await.expect("completed");
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.expect("filled");
    }
}

/// Opens the database of a data directory.
pub async fn open(data: &Path) -> Arc<dyn Store> {
    let limits = store::StoreLimits { max_queued: u64::MAX };
    Arc::new(store::SqliteStore::open(&data.join("abaci.sqlite"), limits).await.expect("a database"))
}
