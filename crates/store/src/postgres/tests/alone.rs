//! What comes alone is settled in one statement, and means the same as what comes with others.

use super::*;

/// So far from what any test enters that nobody has to take turns.
const ROOMY: StoreLimits = StoreLimits { max_queued: 1_000_000 };

pub(super) async fn roomy(settings: &PostgresSettings) -> PostgresStore {
    PostgresStore::connect(settings, ROOMY).await.expect("connected")
}

#[tokio::test]
async fn a_lone_newcomer_is_entered_once_and_then_pending_or_known() {
    let settings = cluster::database().await;
    let (one, two) = (roomy(&settings).await, roomy(&settings).await);
    for n in 0..40 {
        let (ours, theirs) = (asking(n, None), asking(n, None));
        let (first, second) = tokio::join!(one.submit(&ours), two.submit(&theirs));
        let answers = [first.expect("accepted"), second.expect("accepted")];
        let offers = answers.iter().filter(|answer| matches!(answer, SubmitResult::Queued(_))).count();
        assert_eq!(offers, 1, "{answers:?}");
        assert!(matches!(one.submit(&ours).await, Ok(SubmitResult::Pending(_))));
        let recorded = one.complete(&inline(&f(n), "144")).await.expect("recorded");
        assert!(matches!(recorded, CompleteResult::Recorded(_)), "{recorded:?}");
        assert!(matches!(two.submit(&theirs).await, Ok(SubmitResult::Known(_))));
    }
    assert_eq!(one.list(None, 200).await.expect("reachable").len(), 40);
}

#[tokio::test]
async fn a_lone_newcomer_with_a_token_can_withdraw() {
    let settings = cluster::database().await;
    let (store, mine) = (roomy(&settings).await, token());
    assert!(matches!(store.submit(&asking(1, Some(&mine))).await, Ok(SubmitResult::Queued(_))));
    let withdrawn = store.withdraw(&f(1), &mine, NOON).await.expect("reachable");
    assert!(matches!(withdrawn, WithdrawResult::Cancelled(_)), "{withdrawn:?}");
    assert!(matches!(store.submit(&asking(1, None)).await, Ok(SubmitResult::Queued(_))), "queued again");
}

#[tokio::test]
async fn a_lone_value_is_held_against_what_was_known() {
    let settings = cluster::database().await;
    let store = roomy(&settings).await;
    store.submit(&asking(12, None)).await.expect("accepted");
    let unknown = store.complete(&inline(&f(13), "233")).await.expect("reachable");
    assert!(matches!(unknown, CompleteResult::Unknown), "{unknown:?}");
    for (text, expected) in [("144", "Recorded"), ("144", "AlreadyKnown"), ("145", "Contradiction")] {
        let recording = store.complete(&inline(&f(12), text)).await.expect("reachable");
        assert!(format!("{recording:?}").starts_with(expected), "{recording:?}");
    }
    store.submit(&asking(12, None)).await.expect("queued again");
    let wrong = store.complete(&inline(&f(12), "145")).await.expect("reachable");
    assert!(matches!(wrong, CompleteResult::Contradiction(_)), "{wrong:?}");
    store.submit(&asking(12, None)).await.expect("queued again");
    let right = store.complete(&inline(&f(12), "144")).await.expect("reachable");
    assert!(matches!(right, CompleteResult::Recorded(_)), "{right:?}");
}

#[tokio::test]
async fn a_long_text_of_a_lone_value_is_kept_with_it() {
    let settings = cluster::database().await;
    let store = roomy(&settings).await;
    let text = "7".repeat(5_000);
    store.submit(&asking(1, None)).await.expect("accepted");
    store.complete(&inline(&f(1), &text)).await.expect("recorded");
    let kept: i32 = sqlx::query_scalar("select pg_column_size(text) from value_texts")
        .fetch_one(&store.pool)
        .await
        .expect("measured");
    assert_eq!(kept, 5_000, "no time is spent on compressing it");
    assert_eq!(store.inline_value(&f(1)).await.expect("reachable").map(|inline| inline.text), Some(text));
}
