//! The distributed backends: PostgreSQL, Redis, and a shared location for values.
//!
//! A process starts without PostgreSQL and Redis, and connects when they become available.

use std::sync::Arc;
use std::time::Duration;

use cache::{LocalValueCache, RedisEventChannel, RedisRateBuckets, RedisValueCache};
use ports::Ports;
use queue::RedisQueue;
use store::{Migrations, PostgresSettings, PostgresStore, StoreLimits, Values};

use super::{Backends, OpenStore, ValuesError, open_objects};
use crate::config::{Services, StorageArgs};
use crate::host::SystemClock;

/// Capacity in Redis for finished calculations, for all processes together.
const CACHE_BYTES: u64 = 64 << 20;
/// Number of events kept for pages that reconnect.
const EVENT_HISTORY: u64 = 4_096;
/// Maximum time that a start waits for PostgreSQL. Clients that connect meanwhile wait instead of being refused.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Prepares all connections. Only the location of values must be available.
///
/// `max_queued` must be the same in all processes that accept submissions.
pub(crate) async fn open(services: &Services, storage: &StorageArgs, max_queued: u64) -> Result<Backends, ValuesError> {
    let Services { postgres, redis, redis_prefix: prefix } = services;
    let objects = open_objects(&storage.data)?;
    let store = Arc::new(PostgresStore::open(postgres, StoreLimits { max_queued }));
    // If it times out, calls to the store report it from then on.
    let _ = tokio::time::timeout(CONNECT_TIMEOUT, store.tried()).await;
    let incarnation = store.incarnation();
    let cache = RedisValueCache::new(redis.clone(), prefix, CACHE_BYTES, Arc::new(SystemClock), incarnation.clone());
    let ports = Ports {
        store: Arc::clone(&store) as _,
        values: Values::new(Arc::clone(&store) as _, objects.clone(), Some(storage.store_bytes.0)),
        queue: Arc::new(RedisQueue::new(redis.clone(), prefix)),
        cache: Arc::new(LocalValueCache::new(Arc::new(cache), incarnation.clone())),
        events: Arc::new(RedisEventChannel::new(redis.clone(), prefix, EVENT_HISTORY)),
        rates: Some(Arc::new(RedisRateBuckets::new(redis.clone(), prefix))),
        incarnation: Some(incarnation),
        clock: Arc::new(SystemClock),
    };
    let open_heartbeat_ports = heartbeat_ports(services, ports.clone());
    Ok(Backends { ports, directory: None, objects, store: OpenStore::Postgres(store), open_heartbeat_ports })
}

/// Returns what opens the ports of the heartbeats: the same backends over connections of their own.
fn heartbeat_ports(services: &Services, ports: Ports) -> Arc<dyn Fn() -> Ports + Send + Sync> {
    let Services { postgres, redis, redis_prefix: prefix } = services.clone();
    let postgres = PostgresSettings { connections: 2, migrations: Migrations::Verify, ..postgres };
    Arc::new(move || {
        let store = PostgresStore::open(&postgres, StoreLimits { max_queued: 0 });
        Ports {
            // Following it replaces connections to a server whose place another has taken.
            incarnation: Some(store.incarnation()),
            store: Arc::new(store),
            queue: Arc::new(RedisQueue::new(redis.clone(), &prefix)),
            events: Arc::new(RedisEventChannel::new(redis.clone(), &prefix, EVENT_HISTORY)),
            ..ports.clone()
        }
    })
}
