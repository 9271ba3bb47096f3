//! A single submission or value takes one statement, with the same result as in a batch.

use super::*;

/// A limit so far away that a recent count of the queue is enough.
const ROOMY: StoreLimits = StoreLimits { max_queued: 1_000_000 };

pub(super) async fn roomy(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::connect(settings, ROOMY).await.expect("connected")
}

#[tokio::test]
async fn a_single_subject_is_inserted_once_and_then_pending_or_known() {
    let settings = server::database().await;
    let (one, two) = (roomy(&settings).await, roomy(&settings).await);
    for n in 0..40 {
        let (ours, theirs) = (new_calculation(n, None), new_calculation(n, None));
        let (first, second) = tokio::join!(one.submit(&ours), two.submit(&theirs));
        let answers = [first.expect("submitted"), second.expect("submitted")];
        let queued = answers.iter().filter(|answer| matches!(answer, SubmitResult::Queued(_))).count();
        assert_eq!(queued, 1, "{answers:?}");
        assert!(matches!(one.submit(&ours).await, Ok(SubmitResult::Pending(_))));
        let stored = one.complete(&inline(&f(n), "144")).await.expect("stored");
        assert!(matches!(stored, CompleteResult::Recorded(_)), "{stored:?}");
        assert!(matches!(two.submit(&theirs).await, Ok(SubmitResult::Known(_))));
    }
    assert_eq!(one.list(ListOrder::Newest { before: None }, 200).await.expect("reachable").len(), 40);
}

#[tokio::test]
async fn a_single_request_with_a_token_can_be_withdrawn() {
    let settings = server::database().await;
    let (store, mine) = (roomy(&settings).await, token());
    assert!(matches!(store.submit(&new_calculation(1, Some(&mine))).await, Ok(SubmitResult::Queued(_))));
    let withdrawn = store.withdraw(&f(1), &mine, NOON).await.expect("reachable");
    assert!(matches!(withdrawn, WithdrawResult::Cancelled(_)), "{withdrawn:?}");
    assert!(matches!(store.submit(&new_calculation(1, None)).await, Ok(SubmitResult::Queued(_))), "queued again");
}

#[tokio::test]
async fn a_single_value_is_compared_with_what_is_known() {
    let settings = server::database().await;
    let store = roomy(&settings).await;
    store.submit(&new_calculation(12, None)).await.expect("submitted");
    let unknown = store.complete(&inline(&f(13), "233")).await.expect("reachable");
    assert!(matches!(unknown, CompleteResult::Unknown), "{unknown:?}");
    for (text, expected) in [("144", "Recorded"), ("144", "AlreadyKnown"), ("145", "Contradiction")] {
        let result = store.complete(&inline(&f(12), text)).await.expect("reachable");
        assert!(format!("{result:?}").starts_with(expected), "{result:?}");
    }
    store.submit(&new_calculation(12, None)).await.expect("queued again");
    let wrong = store.complete(&inline(&f(12), "145")).await.expect("reachable");
    assert!(matches!(wrong, CompleteResult::Contradiction(_)), "{wrong:?}");
    store.submit(&new_calculation(12, None)).await.expect("queued again");
    let right = store.complete(&inline(&f(12), "144")).await.expect("reachable");
    assert!(matches!(right, CompleteResult::Recorded(_)), "{right:?}");
}

#[tokio::test]
async fn a_long_text_of_a_single_value_is_stored_uncompressed() {
    let settings = server::database().await;
    let store = roomy(&settings).await;
    let text = "7".repeat(5_000);
    store.submit(&new_calculation(1, None)).await.expect("submitted");
    store.complete(&inline(&f(1), &text)).await.expect("stored");
    let size: i32 = sqlx::query_scalar("select pg_column_size(text) from value_texts")
        .fetch_one(store.pool.connections())
        .await
        .expect("measured");
    assert_eq!(size, 5_000, "not compressed");
    assert_eq!(store.inline_value(&f(1)).await.expect("reachable").map(|inline| inline.text), Some(text));
}
