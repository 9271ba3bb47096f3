#[path = "../../../queue/src/redis/tests/server.rs"]
mod server;

use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Timestamp};
use redis::Client;
use tokio::time::{Instant, sleep, timeout};

use self::server::Server;
use super::{RedisEventChannel, RedisValueCache};
use crate::contract::{self, SOON, done, news};
use crate::{CacheError, EventChannel, EventId, Read, ValueCache};

/// Within so long a call must have given up.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// A clock that counts the times it is asked, so that what is asked for later is later.
#[derive(Default)]
struct Ticks(std::sync::atomic::AtomicI64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1_763_941_827_123)
    }
}

fn values_on(client: Client, capacity_bytes: u64) -> Arc<RedisValueCache> {
    Arc::new(RedisValueCache::new(client, "test", capacity_bytes, Arc::new(Ticks::default())))
}

async fn value_cache() -> (Arc<RedisValueCache>, Server) {
    let server = Server::start();
    (values_on(server.client(), 1 << 20), server)
}

async fn announcements() -> (Arc<RedisEventChannel>, Server) {
    let server = Server::start();
    (Arc::new(RedisEventChannel::new(server.client(), "test", 1_000)), server)
}

contract::values_keep_the_contract!(value_cache, []);
contract::announcements_keep_the_contract!(announcements, []);

#[tokio::test]
async fn values_stay_within_the_bytes_and_the_one_not_asked_for_longest_goes() {
    let server = Server::start();
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
    assert_eq!(server.ask::<u32>(&["ZCARD", "test:v"]), 3);
    assert_eq!(server.ask::<u32>(&["DBSIZE"]), 4, "three values and their order");
}

#[tokio::test]
async fn thousands_of_the_largest_values_stay_within_the_bytes_in_redis() {
    const CAPACITY_BYTES: u64 = 1 << 20;
    let server = Server::start();
    let used = || server.ask::<String>(&["INFO", "memory"]);
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
    line.expect("Redis tells").trim().parse().expect("a number")
}

#[tokio::test]
async fn every_value_ends_some_time() {
    let (values, server) = value_cache().await;
    values.put(&done(1)).await.unwrap();
    let day_ms = 24 * 60 * 60 * 1_000;
    let left_ms: i64 = server.ask(&["PTTL", "test:v:F(1)"]);
    assert!((1..=day_ms).contains(&left_ms), "{left_ms} ms");
    server.ask::<u32>(&["PEXPIRE", "test:v:F(1)", "60000"]);
    values.get(&done(1).subject).await.unwrap();
    assert!(server.ask::<i64>(&["PTTL", "test:v:F(1)"]) > 60_000, "asking for it keeps it");
}

#[tokio::test]
async fn a_value_that_is_too_large_or_of_another_version_is_not_at_hand() {
    let (values, server) = value_cache().await;
    let mut large = done(1);
    if let model::CalculationState::Done { value, .. } = &mut large.state {
        value.text = Some("8".repeat(3_000));
    }
    values.put(&large).await.unwrap();
    assert_eq!(values.get(&large.subject).await.unwrap(), None);
    server.ask::<()>(&["SET", "test:v:F(2)", r#"{"id":2,"subject":"F(2)","state":{"status":"known"}}"#]);
    assert_eq!(values.get(&done(2).subject).await.unwrap(), None);
    values.put(&done(2)).await.unwrap();
    assert_eq!(values.get(&done(2).subject).await.unwrap(), Some(done(2)));
}

#[tokio::test]
async fn processes_of_one_prefix_hear_each_other() {
    let (channel, server) = announcements().await;
    let same = RedisEventChannel::new(server.client(), "test", 1_000);
    let start = present(&*channel).await;
    assert_eq!(present(&same).await, start);
    assert_ne!(present(&RedisEventChannel::new(server.client(), "other", 1_000)).await, start);
    same.announce(&news(1)).await.unwrap();
    let Read::Events { events: told, .. } = channel.read(Some(&start), SOON).await.unwrap() else { panic!("news") };
    assert_eq!(told.into_iter().map(|(_, news)| news).collect::<Vec<_>>(), [news(1)]);
}

#[tokio::test]
async fn an_announcement_of_another_version_is_passed_over() {
    let (channel, server) = announcements().await;
    let start = present(&*channel).await;
    channel.announce(&news(1)).await.unwrap();
    server.ask::<String>(&["XADD", "test:{e}:events", "2-1", "a", r#"{"event":"weather"}"#]);
    channel.announce(&news(3)).await.unwrap();
    let Read::Events { events: told, last } = channel.read(Some(&start), SOON).await.unwrap() else { panic!("news") };
    assert_eq!(told.iter().map(|(place, _)| place.number).collect::<Vec<_>>(), [1, 3]);
    server.ask::<String>(&["XADD", "test:{e}:events", "4-1", "a", ""]);
    let passed = EventId { number: 4, ..last.clone() };
    assert_eq!(channel.read(Some(&last), SOON).await.unwrap(), Read::Events { events: vec![], last: passed });
}

#[tokio::test]
async fn a_flush_is_a_new_life_for_readers_that_wait_and_those_that_come() {
    let (channel, server) = announcements().await;
    channel.announce(&news(1)).await.unwrap();
    let place = present(&*channel).await;
    let waiting = tokio::spawn({
        let (channel, place) = (Arc::clone(&channel), place.clone());
        async move { channel.read(Some(&place), SOON * 3).await }
    });
    until(|| server.ask::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    server.ask::<()>(&["FLUSHALL"]);
    let read = timeout(SOON, waiting).await.expect("it notices").unwrap().unwrap();
    let now = present(&*channel).await;
    assert_ne!(now.epoch, place.epoch);
    assert_eq!(read, Read::Gap { last: now.clone() });
    assert_eq!(channel.read(Some(&place), SOON).await.unwrap(), Read::Gap { last: now });

    for key in ["test:{e}:epoch", "test:{e}:events"] {
        let before = present(&*channel).await;
        server.ask::<u32>(&["DEL", key]);
        channel.announce(&news(1)).await.unwrap();
        let now = present(&*channel).await;
        assert_ne!(now.epoch, before.epoch);
        assert_eq!(now.number, 1);
    }
}

#[tokio::test]
async fn a_reader_that_is_dropped_waits_no_longer_in_redis() {
    let (channel, server) = announcements().await;
    let place = present(&*channel).await;
    let waiting = tokio::spawn({
        let channel = Arc::clone(&channel);
        async move { channel.read(Some(&place), SOON).await }
    });
    until(|| server.ask::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    waiting.abort();
    until(|| server.ask::<String>(&["INFO", "clients"]).contains("blocked_clients:0")).await;
}

async fn present(channel: &dyn EventChannel) -> EventId {
    match channel.read(None, Duration::ZERO).await.unwrap() {
        Read::Events { last, .. } | Read::Gap { last } => last,
    }
}

async fn is_unavailable<T: fmt::Debug>(call: impl Future<Output = Result<T, CacheError>>) {
    let began = Instant::now();
    let outcome = call.await;
    assert!(matches!(outcome, Err(CacheError::Unavailable(_))), "{outcome:?}");
    assert!(began.elapsed() < GIVEN_UP, "it gave up after {:?}", began.elapsed());
}

async fn all_is_unavailable(client: &Client) {
    let channel = || RedisEventChannel::new(client.clone(), "test", 1_000);
    let values = || values_on(client.clone(), 1 << 20);
    let place = EventId { epoch: "a".to_owned(), number: 1 };
    let (subject, done, news) = (done(1).subject, done(1), news(1));
    // Each with a link of its own, since one that failed rests.
    let [get, put, forget] = [values(), values(), values()];
    let [announce, first, read] = [channel(), channel(), channel()];
    tokio::join!(
        is_unavailable(get.get(&subject)),
        is_unavailable(put.put(&done)),
        is_unavailable(forget.forget(&subject)),
        is_unavailable(announce.announce(&news)),
        is_unavailable(first.read(None, SOON)),
        is_unavailable(read.read(Some(&place), SOON)),
    );
}

#[tokio::test]
async fn a_server_killed_is_unavailable_and_an_empty_one_in_its_place_heals() {
    let (channel, mut server) = announcements().await;
    let values = values_on(server.client(), 1 << 20);
    values.put(&done(1)).await.unwrap();
    let place = present(&*channel).await;
    let waiting = tokio::spawn({
        let (channel, place) = (Arc::clone(&channel), place.clone());
        async move { channel.read(Some(&place), SOON).await }
    });
    until(|| server.ask::<String>(&["INFO", "clients"]).contains("blocked_clients:1")).await;

    server.kill();
    is_unavailable(async { waiting.await.unwrap() }).await;
    is_unavailable(values.get(&done(1).subject)).await;
    all_is_unavailable(&server.client()).await;

    server.start_again();
    assert_eq!(until_ok(async || values.get(&done(1).subject).await).await, None);
    values.put(&done(1)).await.unwrap();
    assert_eq!(values.get(&done(1).subject).await.unwrap(), Some(done(1)));
    let read = until_ok(async || channel.read(Some(&place), SOON).await).await;
    assert!(matches!(read, Read::Gap { .. }), "{read:?}");
}

#[tokio::test]
async fn a_peer_that_accepts_and_never_answers_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    all_is_unavailable(&Client::open(format!("redis://{}", silent.local_addr().unwrap())).unwrap()).await;
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    all_is_unavailable(&Client::open(format!("redis://{free}")).unwrap()).await;
}

#[tokio::test]
async fn a_server_that_hangs_costs_its_callers_little_and_heals() {
    let (values, server) = value_cache().await;
    values.put(&done(1)).await.unwrap();
    server.ask::<()>(&["CLIENT", "PAUSE", "2000"]);
    let began = Instant::now();
    // A page that asks for a hundred values, one after the other, in the midst of it.
    for _ in 0..100 {
        is_unavailable(values.get(&done(1).subject)).await;
    }
    assert!(began.elapsed() < GIVEN_UP, "{:?}", began.elapsed());
    assert_eq!(until_ok(async || values.get(&done(1).subject).await).await, Some(done(1)));
}

/// The lines in the documentation at the top of `redis.rs` are what is tested.
#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let server = Server::start();
    let rights: String = include_str!("../redis.rs")
        .lines()
        .skip_while(|line| !line.contains("ACL SETUSER"))
        .take_while(|line| !line.contains("```"))
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    server.ask::<()>(&rights.replace("<prefix>", "test").split_whitespace().collect::<Vec<_>>());
    let client = || Client::open(format!("{}?user=abaci&pass=password", server.address())).unwrap();

    let values = values_on(client(), 1);
    for n in [1, 2] {
        values.put(&done(n)).await.unwrap();
    }
    assert_eq!(values.get(&done(1).subject).await.unwrap(), None);
    assert_eq!(values.get(&done(2).subject).await.unwrap(), Some(done(2)));
    values.forget(&done(2).subject).await.unwrap();
    contract::a_waiting_reader_wakes(Arc::new(RedisEventChannel::new(client(), "test", 1_000))).await;
    is_unavailable(RedisEventChannel::new(client(), "other", 1).announce(&news(1))).await;
}

/// Waits until something is so.
async fn until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < SOON, "it becomes so");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Does it again until it succeeds.
async fn until_ok<T>(mut call: impl AsyncFnMut() -> Result<T, CacheError>) -> T {
    let began = Instant::now();
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(began.elapsed() < SOON, "it heals: {error:?}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}
