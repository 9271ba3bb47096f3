//! Reads use indexes.

use sqlx::AssertSqlSafe;

use super::*;
use crate::sql::lists::{BY_INDEX, LARGEST, NEWEST, UNFINISHED_NEWEST};
use crate::sql::queries::{LRU_VALUES, VALUE_BYTES};
use crate::sqlite::statements::UNFINISHED;

/// At a million rows the difference is that between a tenth of a millisecond and a second.
#[tokio::test]
async fn pages_are_read_from_an_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    for (sql, index) in [
        (NEWEST, "INTEGER PRIMARY KEY (rowid<?)"),
        (UNFINISHED_NEWEST, "INDEX calculations_unfinished (id<?)"),
        (BY_INDEX, "INDEX calculations_idx (idx>?)"),
        (UNFINISHED, "INDEX calculations_unfinished (id>?)"),
    ] {
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(format!("explain query plan {sql}")))
            .fetch_all(&store.queries.0)
            .await
            .expect("explained");
        let [(.., step)] = plan.as_slice() else { panic!("more than one step, so it sorts: {plan:?}") };
        assert!(step.ends_with(index), "{step} for {sql}");
    }
}

#[tokio::test]
async fn the_largest_are_read_from_both_ends_of_an_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(format!("explain query plan {LARGEST}")))
        .fetch_all(&store.queries.0)
        .await
        .expect("explained");
    let ends = plan.iter().filter(|(.., step)| step.contains("INDEX calculations_idx (idx>? AND idx<?)"));
    assert_eq!(ends.count(), 2, "{plan:#?}");
    assert!(!plan.iter().any(|(.., step)| step == "SCAN calculations"), "{plan:#?}");
}

#[tokio::test]
async fn what_can_be_evicted_is_counted_and_listed_from_indexes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = open(&folder).await;
    for sql in [VALUE_BYTES, LRU_VALUES] {
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(format!("explain query plan {sql}")))
            .fetch_all(&store.queries.0)
            .await
            .expect("explained");
        for index in ["INDEX calculations_objects", "INDEX calculations_texts"] {
            assert!(plan.iter().any(|(.., step)| step.contains(index)), "{index}: {plan:#?}");
        }
        assert!(!plan.iter().any(|(.., step)| step == "SCAN calculations"), "{plan:#?}");
    }
}
