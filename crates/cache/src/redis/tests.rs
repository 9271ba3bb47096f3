use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Timestamp};
use redis::Client;
use redis_link::{RedisTestServer, until, until_ok};
use tokio::time::{Instant, timeout};

use super::{RedisEventChannel, RedisRateBuckets, RedisValueCache};
use crate::contract::{self, SOON, done, event};
use crate::{CacheError, EventChannel, EventId, PriceResult, RateBuckets, Read, ValueCache};

/// The latest moment at which a call must have failed.
const FAILS_WITHIN: Duration = Duration::from_secs(2);

/// A clock that advances a millisecond at each reading.
#[derive(Default)]
struct Ticks(std::sync::atomic::AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1_763_941_827_123)
    }
}

/// Returns a cache of the values of a store with the given data; the sender may be dropped.
fn values_from(store: &str, client: Client, capacity_bytes: u64) -> Arc<RedisValueCache> {
    let store = tokio::sync::watch::channel(Some(store.into())).1;
    Arc::new(RedisValueCache::new(client, "test", capacity_bytes, Arc::new(Ticks::default()), store))
}

fn values_on(client: Client, capacity_bytes: u64) -> Arc<RedisValueCache> {
    values_from("one", client, capacity_bytes)
}

async fn value_cache() -> (Arc<RedisValueCache>, RedisTestServer) {
    let server = RedisTestServer::start();
    (values_on(server.client(), 1 << 20), server)
}

async fn event_channel() -> (Arc<RedisEventChannel>, RedisTestServer) {
    let server = RedisTestServer::start();
    (Arc::new(RedisEventChannel::new(server.client(), "test", 1_000)), server)
}

async fn rate_buckets() -> (Arc<RedisRateBuckets>, RedisTestServer) {
    let server = RedisTestServer::start();
    (Arc::new(RedisRateBuckets::new(server.client(), "test")), server)
}

contract::value_cache_keeps_the_contract!(value_cache, []);
contract::rate_buckets_keep_the_contract!(rate_buckets, []);
contract::event_channel_keeps_the_contract!(event_channel, []);

#[tokio::test]
async fn a_value_of_another_store_is_not_found_until_it_is_cached_again() {
    let server = RedisTestServer::start();
    let [before, after] = ["one", "another"].map(|store| values_from(store, server.client(), 1 << 20));
    before.put(&done(1)).await.unwrap();
    assert!(before.get(&done(1).subject).await.unwrap().is_some());
    assert_eq!(after.get(&done(1).subject).await.unwrap(), None);
    after.put(&done(1)).await.unwrap();
    assert!(after.get(&done(1).subject).await.unwrap().is_some());
    assert_eq!(before.get(&done(1).subject).await.unwrap(), None);

    let unknown = tokio::sync::watch::channel(None).1;
    let unknown = RedisValueCache::new(server.client(), "test", 1 << 20, Arc::new(Ticks::default()), unknown);
    unknown.put(&done(2)).await.unwrap();
    assert_eq!(unknown.get(&done(1).subject).await.unwrap(), None);
    assert_eq!(server.run::<u32>(&["EXISTS", "test:v:F(2)"]), 0);
}

#[tokio::test]
async fn the_cache_stays_within_its_capacity_and_evicts_the_least_recently_used_value() {
    let server = RedisTestServer::start();
    let values = values_on(server.client(), 3 * 2_560);
    for n in 1..=3 {
        values.put(&done(n)).await.unwrap();
    }
    assert!(values.get(&done(1).subject).await.unwrap().is_some());
    values.put(&done(4)).await.unwrap();
    assert_eq!(values.get(&done(2).subject).await.unwrap(), None);
    for n in [1, 3, 4] {
        assert!(values.get(&done(n).subject).await.unwrap().is_some(), "{n}");
    }
    for n in 0..200 {
        values.put(&done(n)).await.unwrap();
    }
    assert_eq!(server.run::<u32>(&["ZCARD", "test:v"]), 3);
    assert_eq!(server.run::<u32>(&["DBSIZE"]), 4, "three values and their order");
}

#[tokio::test]
async fn thousands_of_the_largest_values_stay_within_the_capacity() {
    const CAPACITY_BYTES: u64 = 1 << 20;
    let server = RedisTestServer::start();
    let used = || server.run::<String>(&["INFO", "memory"]);
    let values = values_on(server.client(), CAPACITY_BYTES);
    let before = dataset_bytes(&used());
    for n in 0..1_000 {
        let mut large = done(i64::MIN + n);
        if let model::CalculationState::Done { value, .. } = &mut large.state {
            value.text = Some("8".repeat(1_000));
        }
        values.put(&large).await.unwrap();
    }
    let grown = dataset_bytes(&used()).saturating_sub(before);
    assert!((CAPACITY_BYTES / 4..=CAPACITY_BYTES).contains(&grown), "{grown} bytes");
}

fn dataset_bytes(info: &str) -> u64 {
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:"));
    line.expect("expected used_memory_dataset").trim().parse().expect("a number")
}

#[tokio::test]
async fn every_value_has_a_ttl() {
    let (values, server) = value_cache().await;
    values.put(&done(1)).await.unwrap();
    let day_ms = 24 * 60 * 60 * 1_000;
    let left_ms: i64 = server.run(&["PTTL", "test:v:F(1)"]);
    assert!((1..=day_ms).contains(&left_ms), "{left_ms} ms");
    server.run::<u32>(&["PEXPIRE", "test:v:F(1)", "60000"]);
    values.get(&done(1).subject).await.unwrap();
    assert!(server.run::<i64>(&["PTTL", "test:v:F(1)"]) > 60_000, "a lookup extends the TTL");
}

#[tokio::test]
async fn a_value_that_is_too_large_or_of_another_version_is_a_miss() {
    let (values, server) = value_cache().await;
    let mut large = done(1);
    if let model::CalculationState::Done { value, .. } = &mut large.state {
        value.text = Some("8".repeat(3_000));
    }
    values.put(&large).await.unwrap();
    assert_eq!(values.get(&large.subject).await.unwrap(), None);
    server.run::<()>(&["SET", "test:v:F(2)", r#"{"id":2,"subject":"F(2)","state":{"status":"known"}}"#]);
    assert_eq!(values.get(&done(2).subject).await.unwrap(), None);
    values.put(&done(2)).await.unwrap();
    assert_eq!(values.get(&done(2).subject).await.unwrap(), Some(done(2)));
}

#[tokio::test]
async fn a_damaged_value_is_a_miss_and_a_damaged_event_is_a_gap() {
    let (values, server) = value_cache().await;
    let key = "test:v:F(30)";
    values.put(&done(30)).await.unwrap();
    let text: String = server.run(&["GET", key]);
    let damaged = text.replacen("first_digits\":\"", "first_digits\":\"7", 1);
    assert_ne!(damaged, text);
    server.run::<()>(&["SET", key, &damaged]);
    assert_eq!(values.get(&done(30).subject).await.unwrap(), None);
    values.put(&done(30)).await.unwrap();
    assert_eq!(values.get(&done(30).subject).await.unwrap(), Some(done(30)));

    let channel = RedisEventChannel::new(server.client(), "test", 1_000);
    let start = latest(&channel).await;
    server.run::<String>(&["XADD", "test:{e}:events", "1-1", "a", &damaged]);
    let gap = Read::Gap { last: EventId { number: 1, ..start.clone() } };
    assert_eq!(channel.read(Some(&start), SOON).await.unwrap(), gap);
}

#[tokio::test]
async fn processes_of_one_prefix_share_a_channel() {
    let (channel, server) = event_channel().await;
    let same = RedisEventChannel::new(server.client(), "test", 1_000);
    let start = latest(&*channel).await;
    assert_eq!(latest(&same).await, start);
    assert_ne!(latest(&RedisEventChannel::new(server.client(), "other", 1_000)).await, start);
    same.publish(&event(1)).await.unwrap();
    let Read::Events { events, .. } = channel.read(Some(&start), SOON).await.unwrap() else { panic!("a gap") };
    assert_eq!(events.into_iter().map(|(_, event)| event).collect::<Vec<_>>(), [event(1)]);
}

#[tokio::test]
async fn an_event_of_a_newer_version_is_skipped() {
    let (channel, server) = event_channel().await;
    let start = latest(&*channel).await;
    channel.publish(&event(1)).await.unwrap();
    server.run::<String>(&["XADD", "test:{e}:events", "2-1", "a", r#"{"event":"weather"}"#]);
    channel.publish(&event(3)).await.unwrap();
    let Read::Events { events, last } = channel.read(Some(&start), SOON).await.unwrap() else { panic!("a gap") };
    assert_eq!(events.iter().map(|(id, _)| id.number).collect::<Vec<_>>(), [1, 3]);
    server.run::<String>(&["XADD", "test:{e}:events", "4-1", "a", ""]);
    let passed = EventId { number: 4, ..last.clone() };
    assert_eq!(channel.read(Some(&last), SOON).await.unwrap(), Read::Events { events: vec![], last: passed });
}

#[tokio::test]
async fn a_flush_is_a_gap_for_waiting_and_later_reads() {
    let (channel, server) = event_channel().await;
    channel.publish(&event(1)).await.unwrap();
    let id = latest(&*channel).await;
    let waiting = tokio::spawn({
        let (channel, id) = (Arc::clone(&channel), id.clone());
        async move { channel.read(Some(&id), SOON * 3).await }
    });
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    server.run::<()>(&["FLUSHALL"]);
    let read = timeout(SOON, waiting).await.expect("the read returns").unwrap().unwrap();
    let now = latest(&*channel).await;
    assert_ne!(now.epoch, id.epoch);
    assert_eq!(read, Read::Gap { last: now.clone() });
    assert_eq!(channel.read(Some(&id), SOON).await.unwrap(), Read::Gap { last: now });

    for key in ["test:{e}:epoch", "test:{e}:events"] {
        let before = latest(&*channel).await;
        server.run::<u32>(&["DEL", key]);
        channel.publish(&event(1)).await.unwrap();
        let now = latest(&*channel).await;
        assert_ne!(now.epoch, before.epoch);
        assert_eq!(now.number, 1);
    }
}

#[tokio::test]
async fn a_dropped_read_stops_waiting_in_redis() {
    let (channel, server) = event_channel().await;
    let id = latest(&*channel).await;
    let waiting = tokio::spawn({
        let channel = Arc::clone(&channel);
        async move { channel.read(Some(&id), SOON).await }
    });
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    waiting.abort();
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:0")).await;
}

async fn latest(channel: &dyn EventChannel) -> EventId {
    match channel.read(None, Duration::ZERO).await.unwrap() {
        Read::Events { last, .. } | Read::Gap { last } => last,
    }
}

async fn is_unavailable<T: fmt::Debug>(call: impl Future<Output = Result<T, CacheError>>) {
    let began = Instant::now();
    let outcome = call.await;
    assert!(matches!(outcome, Err(CacheError::Unavailable(_))), "{outcome:?}");
    assert!(began.elapsed() < FAILS_WITHIN, "it failed after {:?}", began.elapsed());
}

async fn all_is_unavailable(client: &Client) {
    let channel = || RedisEventChannel::new(client.clone(), "test", 1_000);
    let values = || values_on(client.clone(), 1 << 20);
    let id = EventId { epoch: "a".to_owned(), number: 1 };
    let (subject, done, event) = (done(1).subject, done(1), event(1));
    // Each has a link of its own, because a link backs off after a failure.
    let [get, put, remove] = [values(), values(), values()];
    let [publish, first, read] = [channel(), channel(), channel()];
    tokio::join!(
        is_unavailable(get.get(&subject)),
        is_unavailable(put.put(&done)),
        is_unavailable(remove.remove(&subject)),
        is_unavailable(publish.publish(&event)),
        is_unavailable(first.read(None, SOON)),
        is_unavailable(read.read(Some(&id), SOON)),
    );
}

#[tokio::test]
async fn a_killed_server_is_unavailable_until_an_empty_one_replaces_it() {
    let (channel, mut server) = event_channel().await;
    let values = values_on(server.client(), 1 << 20);
    values.put(&done(1)).await.unwrap();
    let id = latest(&*channel).await;
    let waiting = tokio::spawn({
        let (channel, id) = (Arc::clone(&channel), id.clone());
        async move { channel.read(Some(&id), SOON).await }
    });
    until(|| server.run::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;

    server.kill();
    is_unavailable(async { waiting.await.unwrap() }).await;
    is_unavailable(values.get(&done(1).subject)).await;
    all_is_unavailable(&server.client()).await;

    server.restart();
    assert_eq!(until_ok(async || values.get(&done(1).subject).await).await, None);
    values.put(&done(1)).await.unwrap();
    assert_eq!(values.get(&done(1).subject).await.unwrap(), Some(done(1)));
    let read = until_ok(async || channel.read(Some(&id), SOON).await).await;
    assert!(matches!(read, Read::Gap { .. }), "{read:?}");
}

#[tokio::test]
async fn a_peer_that_accepts_and_never_answers_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    all_is_unavailable(&Client::open(format!("redis://{}", silent.local_addr().unwrap())).unwrap()).await;
}

#[tokio::test]
async fn a_closed_port_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    all_is_unavailable(&Client::open(format!("redis://{free}")).unwrap()).await;
}

#[tokio::test]
async fn a_hanging_server_costs_its_callers_little_and_recovers() {
    let (values, server) = value_cache().await;
    values.put(&done(1)).await.unwrap();
    server.run::<()>(&["CLIENT", "PAUSE", "2000"]);
    let began = Instant::now();
    // A page that looks up a hundred values in sequence meanwhile.
    for _ in 0..100 {
        is_unavailable(values.get(&done(1).subject)).await;
    }
    assert!(began.elapsed() < FAILS_WITHIN, "{:?}", began.elapsed());
    assert_eq!(until_ok(async || values.get(&done(1).subject).await).await, Some(done(1)));
}

/// Uses the rights that the documentation at the top of `redis.rs` lists.
#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let server = RedisTestServer::start();
    let client = server.client_with_documented_rights(include_str!("../redis.rs"));

    let values = values_on(client.clone(), 1);
    for n in [1, 2] {
        values.put(&done(n)).await.unwrap();
    }
    assert_eq!(values.get(&done(1).subject).await.unwrap(), None);
    assert_eq!(values.get(&done(2).subject).await.unwrap(), Some(done(2)));
    values.remove(&done(2).subject).await.unwrap();
    contract::a_waiting_read_wakes(Arc::new(RedisEventChannel::new(client.clone(), "test", 1_000))).await;
    is_unavailable(RedisEventChannel::new(client, "other", 1).publish(&event(1))).await;
}

#[tokio::test]
async fn processes_of_one_prefix_share_buckets_which_expire_when_they_are_full() {
    let server = RedisTestServer::start();
    let [one, other] = ["test", "test"].map(|prefix| RedisRateBuckets::new(server.client(), prefix));
    let (address, now) = ("2001:db8::".parse().unwrap(), Timestamp::from_unix_ms(1_763_941_827_123));
    let second = Duration::from_secs(1);
    assert_eq!(one.take(address, 4 * second, 6.0, now).await.unwrap(), PriceResult::Taken);
    assert!(matches!(other.take(address, 4 * second, 6.0, now).await.unwrap(), PriceResult::Refused { .. }));
    let mut redis = server.client().get_multiplexed_async_connection().await.unwrap();
    let ttl_ms: i64 = redis::cmd("PTTL").arg("test:rate:2001:db8::").query_async(&mut redis).await.unwrap();
    assert!((20_000..=40_000).contains(&ttl_ms), "{ttl_ms}");
    other.give_back(address, 4 * second, 6.0).await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    assert!(keys.is_empty(), "{keys:?}");
}
