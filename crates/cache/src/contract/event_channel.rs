//! The contract of event channels.

use std::sync::Arc;
use std::time::Duration;

use model::CalculationEvent;
use tokio::time::{sleep, timeout};

use super::{SOON, event};
use crate::{EventChannel, EventId, Read};

async fn latest(channel: &dyn EventChannel) -> EventId {
    // Without an id a read never waits.
    match timeout(SOON, channel.read(None, SOON * 2)).await.expect("it does not wait").unwrap() {
        Read::Events { events, last } if events.is_empty() => last,
        other => panic!("expected no events: {other:?}"),
    }
}

async fn read(
    channel: &dyn EventChannel,
    after: &EventId,
    wait: Duration,
) -> (Vec<(EventId, CalculationEvent)>, EventId) {
    match channel.read(Some(after), wait).await.unwrap() {
        Read::Events { events, last } => (events, last),
        gap @ Read::Gap { .. } => panic!("expected no gap: {gap:?}"),
    }
}

/// Reads until `count` events have come.
async fn read_all(channel: &dyn EventChannel, mut after: EventId, count: usize) -> Vec<(EventId, CalculationEvent)> {
    let mut all = Vec::new();
    while all.len() < count {
        let (events, last) = timeout(SOON, read(channel, &after, SOON)).await.expect("more comes");
        assert_eq!(events.last().map(|(id, _)| id), Some(&last));
        all.extend(events);
        after = last;
    }
    all
}

async fn publish(channel: &dyn EventChannel, numbers: std::ops::RangeInclusive<i64>) {
    for n in numbers {
        channel.publish(&event(n)).await.unwrap();
    }
}

fn expected(numbers: std::ops::RangeInclusive<i64>) -> Vec<CalculationEvent> {
    numbers.map(event).collect()
}

fn without_ids(events: &[(EventId, CalculationEvent)]) -> Vec<CalculationEvent> {
    events.iter().map(|(_, event)| event.clone()).collect()
}

pub(crate) async fn a_batch_is_published_in_its_order(channel: Arc<dyn EventChannel>) {
    channel.publish_batch(&[]).await.unwrap();
    let start = latest(&*channel).await;
    publish(&*channel, 1..=2).await;
    // More than any backend publishes in one call.
    channel.publish_batch(&expected(3..=402)).await.unwrap();
    publish(&*channel, 403..=403).await;
    assert_eq!(without_ids(&read_all(&*channel, start, 403).await), expected(1..=403));
}

pub(crate) async fn a_new_subscriber_starts_at_the_latest_event(channel: Arc<dyn EventChannel>) {
    publish(&*channel, 1..=3).await;
    let start = latest(&*channel).await;
    assert_eq!(read(&*channel, &start, Duration::ZERO).await, (vec![], start.clone()));
    publish(&*channel, 4..=5).await;
    let (events, last) = read(&*channel, &start, Duration::ZERO).await;
    assert_eq!(without_ids(&events), expected(4..=5));
    assert_eq!(latest(&*channel).await, last);
}

pub(crate) async fn subscribers_see_the_same_events_in_the_same_order(channel: Arc<dyn EventChannel>) {
    let start = latest(&*channel).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (channel, start) = (Arc::clone(&channel), start.clone());
            tokio::spawn(async move { read_all(&*channel, start, 100).await })
        })
        .collect();
    publish(&*channel, 1..=100).await;
    let late = read_all(&*channel, start, 100).await;
    assert_eq!(without_ids(&late), expected(1..=100));
    for reader in readers {
        assert_eq!(timeout(SOON, reader).await.expect("it ends").unwrap(), late);
    }
}

pub(crate) async fn continuing_from_an_id_returns_each_later_event_once(channel: Arc<dyn EventChannel>) {
    let start = latest(&*channel).await;
    publish(&*channel, 1..=10).await;
    let all = read_all(&*channel, start, 10).await;
    for (read_so_far, (id, _)) in (1..).zip(&all) {
        // As a browser does when it reconnects.
        let id: EventId = id.to_string().parse().unwrap();
        let (rest, _) = read(&*channel, &id, Duration::ZERO).await;
        assert_eq!(rest, all[read_so_far..]);
    }
    assert!(all.windows(2).all(|pair| pair[0].0.number < pair[1].0.number), "numbers increase");
}

pub(crate) async fn a_waiting_read_wakes(channel: Arc<dyn EventChannel>) {
    let mut id = latest(&*channel).await;
    for n in 1..=3 {
        let waiting = tokio::spawn({
            let (channel, id) = (Arc::clone(&channel), id.clone());
            // Far longer than the timeout below, so the end of waiting does not find the event.
            async move { read(&*channel, &id, SOON * 3).await }
        });
        // Gives it time to wait. It may not be waiting yet; the event must be found all the same.
        sleep(Duration::from_millis(30)).await;
        publish(&*channel, n..=n).await;
        let (events, last) = timeout(SOON, waiting).await.expect("it wakes").unwrap();
        assert_eq!(without_ids(&events), expected(n..=n));
        id = last;
    }
}

pub(crate) async fn a_read_that_times_out_returns_the_same_id(channel: Arc<dyn EventChannel>) {
    publish(&*channel, 1..=1).await;
    let start = latest(&*channel).await;
    let waited = timeout(SOON, read(&*channel, &start, Duration::from_millis(50))).await.expect("it returns");
    assert_eq!(waited, (vec![], start));
}

/// Publishes until the first event is no longer kept; no channel keeps more than some thousands.
pub(crate) async fn an_id_that_is_too_old_is_a_gap(channel: Arc<dyn EventChannel>) {
    let start = latest(&*channel).await;
    for _ in 0..100 {
        publish(&*channel, 1..=200).await;
        if let Read::Gap { last } = channel.read(Some(&start), Duration::ZERO).await.unwrap() {
            assert_eq!(last, latest(&*channel).await);
            publish(&*channel, 1..=2).await;
            assert_eq!(without_ids(&read(&*channel, &last, Duration::ZERO).await.0), expected(1..=2));
            return;
        }
    }
    panic!("the channel keeps everything");
}

pub(crate) async fn an_id_of_another_epoch_is_a_gap(channel: Arc<dyn EventChannel>) {
    publish(&*channel, 1..=3).await;
    let last = latest(&*channel).await;
    let foreign = EventId { epoch: "0123abcd".to_owned(), number: last.number };
    let future = EventId { epoch: last.epoch.clone(), number: u64::MAX };
    for id in [foreign, future] {
        let read = timeout(SOON, channel.read(Some(&id), SOON * 2)).await.expect("it does not wait").unwrap();
        assert_eq!(read, Read::Gap { last: last.clone() });
    }
}

pub(crate) async fn a_read_is_bounded(channel: Arc<dyn EventChannel>) {
    let start = latest(&*channel).await;
    publish(&*channel, 1..=600).await;
    let (first, last) = read(&*channel, &start, Duration::ZERO).await;
    assert!((100..=300).contains(&first.len()), "{} at once", first.len());
    let rest = read_all(&*channel, last, 600 - first.len()).await;
    assert_eq!(without_ids(&[first, rest].concat()), expected(1..=600));
}

pub(crate) async fn concurrent_events_have_one_order(channel: Arc<dyn EventChannel>) {
    let start = latest(&*channel).await;
    let publishers: Vec<_> = (0..4)
        .map(|part| {
            let channel = Arc::clone(&channel);
            tokio::spawn(async move { publish(&*channel, part * 50 + 1..=part * 50 + 50).await })
        })
        .collect();
    let all = read_all(&*channel, start.clone(), 200).await;
    for publisher in publishers {
        publisher.await.unwrap();
    }
    assert_eq!(read_all(&*channel, start, 200).await, all, "the order stays the same");
    for part in 0..4 {
        let own = part * 50 + 1..=part * 50 + 50;
        let mut events = without_ids(&all);
        events.retain(|event| own.contains(&event.subject().index().expect("an index").get()));
        assert_eq!(events, expected(own), "the events of each publisher are in its order");
    }
}
