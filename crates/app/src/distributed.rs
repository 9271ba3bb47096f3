//! The distributed shape: PostgreSQL, Redis, and a place for values that all processes share.
//!
//! A process starts without PostgreSQL and Redis, and finds them when they come.

use std::sync::Arc;
use std::time::Duration;

use cache::{LocalValueCache, RedisEventChannel, RedisValueCache};
use queue::RedisQueue;
use store::{PostgresStore, StoreLimits, Values};

use crate::advice::{Server, advise};
use crate::backends::{Backends, Record, ValuesError, open_objects};
use crate::clock::SystemClock;
use crate::config::{Data, Services};

/// Bytes of Redis's memory for finished calculations, for all processes together.
const KNOWN_BYTES: u64 = 64 << 20;
/// EventChannel that a page which lost its connection can still catch up on.
const NEWS_KEPT: u64 = 4_096;

/// How long a start waits for PostgreSQL. Who connects meanwhile waits too, instead of being refused.
const PATIENCE: Duration = Duration::from_secs(2);

/// Gets ready to reach everything, of which only the place for values must be there.
///
/// `max_queued` must be the same for all processes that accept.
pub(crate) async fn open(services: &Services, data: &Data, max_queued: u64) -> Result<Backends, ValuesError> {
    let Services { postgres, redis, redis_prefix: prefix } = services;
    let objects = open_objects(data)?;
    let store = Arc::new(PostgresStore::open(postgres, StoreLimits { max_queued }));
    // If it was in vain, callers are told so from now on.
    let _ = tokio::time::timeout(PATIENCE, store.tried()).await;
    // They end with the runtime, or earlier.
    tokio::spawn(advise(Server::Postgres(Arc::clone(&store))));
    tokio::spawn(advise(Server::Redis(Box::new(redis.clone()))));
    let known = RedisValueCache::new(redis.clone(), prefix, KNOWN_BYTES, Arc::new(SystemClock));
    let ports = ports::Ports {
        store: Arc::clone(&store) as _,
        values: Values::new(Arc::clone(&store) as _, objects.clone(), Some(data.store_bytes.0)),
        queue: Arc::new(RedisQueue::new(redis.clone(), prefix)),
        cache: Arc::new(LocalValueCache::new(Arc::new(known))),
        events: Arc::new(RedisEventChannel::new(redis.clone(), prefix, NEWS_KEPT)),
        clock: Arc::new(SystemClock),
    };
    Ok(Backends { ports, objects, record: Record::Postgres(store) })
}
