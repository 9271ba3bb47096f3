//! EventChannel.

use std::sync::Arc;
use std::time::Duration;

use model::CalculationEvent;
use tokio::time::{sleep, timeout};

use super::{SOON, news};
use crate::{EventChannel, EventId, Read};

async fn present(channel: &dyn EventChannel) -> EventId {
    // Asking for the present never waits, whatever it is told.
    match timeout(SOON, channel.read(None, SOON * 2)).await.expect("it does not wait").unwrap() {
        Read::Events { events, last } if events.is_empty() => last,
        other => panic!("the present is no news: {other:?}"),
    }
}

async fn read(
    channel: &dyn EventChannel,
    after: &EventId,
    wait: Duration,
) -> (Vec<(EventId, CalculationEvent)>, EventId) {
    match channel.read(Some(after), wait).await.unwrap() {
        Read::Events { events, last } => (events, last),
        missed @ Read::Gap { .. } => panic!("nothing was missed: {missed:?}"),
    }
}

/// Reads on until so many have come.
async fn read_all(channel: &dyn EventChannel, mut after: EventId, count: usize) -> Vec<(EventId, CalculationEvent)> {
    let mut all = Vec::new();
    while all.len() < count {
        let (news, last) = timeout(SOON, read(channel, &after, SOON)).await.expect("more comes");
        assert_eq!(news.last().map(|(place, _)| place), Some(&last));
        all.extend(news);
        after = last;
    }
    all
}

async fn announce(channel: &dyn EventChannel, numbers: std::ops::RangeInclusive<i64>) {
    for n in numbers {
        channel.announce(&news(n)).await.unwrap();
    }
}

fn expected(numbers: std::ops::RangeInclusive<i64>) -> Vec<CalculationEvent> {
    numbers.map(news).collect()
}

fn told(news: &[(EventId, CalculationEvent)]) -> Vec<CalculationEvent> {
    news.iter().map(|(_, announcement)| announcement.clone()).collect()
}

pub(crate) async fn a_new_reader_starts_at_the_present(channel: Arc<dyn EventChannel>) {
    announce(&*channel, 1..=3).await;
    let start = present(&*channel).await;
    assert_eq!(read(&*channel, &start, Duration::ZERO).await, (vec![], start.clone()));
    announce(&*channel, 4..=5).await;
    let (news, last) = read(&*channel, &start, Duration::ZERO).await;
    assert_eq!(told(&news), expected(4..=5));
    assert_eq!(present(&*channel).await, last);
}

pub(crate) async fn several_readers_see_the_same_in_the_same_order(channel: Arc<dyn EventChannel>) {
    let start = present(&*channel).await;
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (channel, start) = (Arc::clone(&channel), start.clone());
            tokio::spawn(async move { read_all(&*channel, start, 100).await })
        })
        .collect();
    announce(&*channel, 1..=100).await;
    let late = read_all(&*channel, start, 100).await;
    assert_eq!(told(&late), expected(1..=100));
    for reader in readers {
        assert_eq!(timeout(SOON, reader).await.expect("it ends").unwrap(), late);
    }
}

pub(crate) async fn reading_on_sees_all_and_nothing_twice(channel: Arc<dyn EventChannel>) {
    let start = present(&*channel).await;
    announce(&*channel, 1..=10).await;
    let all = read_all(&*channel, start, 10).await;
    for (read_so_far, (place, _)) in (1..).zip(&all) {
        // As a browser does that comes back with the place it was told.
        let place: EventId = place.to_string().parse().unwrap();
        let (rest, _) = read(&*channel, &place, Duration::ZERO).await;
        assert_eq!(rest, all[read_so_far..]);
    }
    assert!(all.windows(2).all(|pair| pair[0].0.number < pair[1].0.number), "places rise");
}

pub(crate) async fn a_waiting_reader_wakes(channel: Arc<dyn EventChannel>) {
    let mut place = present(&*channel).await;
    for n in 1..=3 {
        let waiting = tokio::spawn({
            let (channel, place) = (Arc::clone(&channel), place.clone());
            // Far longer than is waited for it, so that it is not the end of waiting that finds the news.
            async move { read(&*channel, &place, SOON * 3).await }
        });
        // Time to be waiting. Nothing tells from outside whether it is; news that was quicker is found as well.
        sleep(Duration::from_millis(30)).await;
        announce(&*channel, n..=n).await;
        let (news, last) = timeout(SOON, waiting).await.expect("it wakes").unwrap();
        assert_eq!(told(&news), expected(n..=n));
        place = last;
    }
}

pub(crate) async fn a_reader_that_waits_for_nothing_keeps_its_place(channel: Arc<dyn EventChannel>) {
    announce(&*channel, 1..=1).await;
    let start = present(&*channel).await;
    let waited = timeout(SOON, read(&*channel, &start, Duration::from_millis(50))).await.expect("it gives up");
    assert_eq!(waited, (vec![], start));
}

/// Announces until the first place is kept no longer; no channel keeps more than some thousands.
pub(crate) async fn a_place_too_old_is_missed(channel: Arc<dyn EventChannel>) {
    let start = present(&*channel).await;
    for _ in 0..100 {
        announce(&*channel, 1..=200).await;
        if let Read::Gap { last } = channel.read(Some(&start), Duration::ZERO).await.unwrap() {
            assert_eq!(last, present(&*channel).await);
            announce(&*channel, 1..=2).await;
            assert_eq!(told(&read(&*channel, &last, Duration::ZERO).await.0), expected(1..=2));
            return;
        }
    }
    panic!("the channel keeps everything");
}

pub(crate) async fn a_place_of_another_life_is_missed(channel: Arc<dyn EventChannel>) {
    announce(&*channel, 1..=3).await;
    let last = present(&*channel).await;
    let foreign = EventId { epoch: "0123abcd".to_owned(), number: last.number };
    let still_to_come = EventId { epoch: last.epoch.clone(), number: u64::MAX };
    for place in [foreign, still_to_come] {
        let read = timeout(SOON, channel.read(Some(&place), SOON * 2)).await.expect("it does not wait").unwrap();
        assert_eq!(read, Read::Gap { last: last.clone() });
    }
}

pub(crate) async fn a_reading_is_bounded(channel: Arc<dyn EventChannel>) {
    let start = present(&*channel).await;
    announce(&*channel, 1..=600).await;
    let (first, last) = read(&*channel, &start, Duration::ZERO).await;
    assert!((100..=300).contains(&first.len()), "{} at once", first.len());
    let rest = read_all(&*channel, last, 600 - first.len()).await;
    assert_eq!(told(&[first, rest].concat()), expected(1..=600));
}

pub(crate) async fn announcements_of_several_at_once_have_one_order(channel: Arc<dyn EventChannel>) {
    let start = present(&*channel).await;
    let announcers: Vec<_> = (0..4)
        .map(|part| {
            let channel = Arc::clone(&channel);
            tokio::spawn(async move { announce(&*channel, part * 50 + 1..=part * 50 + 50).await })
        })
        .collect();
    let all = read_all(&*channel, start.clone(), 200).await;
    for announcer in announcers {
        announcer.await.unwrap();
    }
    assert_eq!(read_all(&*channel, start, 200).await, all, "the order is the same ever after");
    for part in 0..4 {
        let own = part * 50 + 1..=part * 50 + 50;
        let mut told = told(&all);
        told.retain(|announcement| own.contains(&announcement.subject().index().get()));
        assert_eq!(told, expected(own), "each announcer's own are in its order");
    }
}
