//! The contract of caches.

use std::sync::Arc;

use model::{CalculationState, Failure, FailureReason, Progress, Timestamp, ValueState};

use super::{done, in_state};
use crate::ValueCache;

pub(crate) async fn a_cached_value_is_returned_as_it_was_put(values: Arc<dyn ValueCache>) {
    assert_eq!(values.get(&done(10).subject).await.unwrap(), None);
    for n in [10, -10, i64::MIN] {
        values.put(&done(n)).await.unwrap();
    }
    for n in [10, -10, i64::MIN] {
        assert_eq!(values.get(&done(n).subject).await.unwrap(), Some(done(n)));
    }
    assert_eq!(values.get(&done(11).subject).await.unwrap(), None);
}

pub(crate) async fn a_removed_value_is_a_miss(values: Arc<dyn ValueCache>) {
    for n in [10, 11] {
        values.put(&done(n)).await.unwrap();
    }
    values.remove(&done(10).subject).await.unwrap();
    values.remove(&done(12).subject).await.unwrap();
    assert_eq!(values.get(&done(10).subject).await.unwrap(), None);
    assert_eq!(values.get(&done(11).subject).await.unwrap(), Some(done(11)));
}

pub(crate) async fn only_done_and_readable_calculations_are_cached(values: Arc<dyn ValueCache>) {
    let at = Timestamp::from_unix_ms(1_763_941_827_123);
    let mut evicted = done(1);
    if let CalculationState::Done { value, .. } = &mut evicted.state {
        value.state = ValueState::Evicted;
        value.text = None;
    }
    let may_change = [
        evicted,
        in_state(2, CalculationState::Queued { waiting_for: None }),
        in_state(3, CalculationState::Running { started_at: at, progress: Progress::default() }),
        in_state(4, CalculationState::Cancelled { finished_at: at }),
        in_state(
            5,
            CalculationState::Failed {
                finished_at: at,
                failure: Failure { reason: FailureReason::WorkersLost, attempts: 5 },
            },
        ),
    ];
    for calculation in may_change {
        values.put(&calculation).await.unwrap();
        assert_eq!(values.get(&calculation.subject).await.unwrap(), None, "{calculation:?}");
    }
}

pub(crate) async fn the_latest_put_wins(values: Arc<dyn ValueCache>) {
    let mut cached = done(10);
    values.put(&cached).await.unwrap();
    cached.request_count = 17;
    values.put(&cached).await.unwrap();
    assert_eq!(values.get(&cached.subject).await.unwrap(), Some(cached));
}

pub(crate) async fn a_batch_is_cached_like_its_calculations_one_by_one(values: Arc<dyn ValueCache>) {
    values.put_batch(&[]).await.unwrap();
    let queued = in_state(3, CalculationState::Queued { waiting_for: None });
    values.put_batch(&[done(1), queued.clone(), done(2)]).await.unwrap();
    for n in [1, 2] {
        assert_eq!(values.get(&done(n).subject).await.unwrap(), Some(done(n)));
    }
    assert_eq!(values.get(&queued.subject).await.unwrap(), None);
    values.put_batch(&[queued]).await.unwrap();
}
