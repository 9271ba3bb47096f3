//! The cache, the event channel and the buckets of work of the distributed system, on Redis 6.2, Valkey 7.2 or later.
//!
//! | key | type | contents |
//! |---|---|---|
//! | `<prefix>:v:<subject>` | string | a finished calculation as JSON, with a checksum and the store that it is from, and a TTL of a day after its last use |
//! | `<prefix>:v` | sorted set | the cached subjects, by the time of their last use |
//! | `<prefix>:rate:<address>` | string | what is left of an address's seconds of work, and when; expires when the bucket is full again |
//! | `<prefix>:{e}:events` | stream | the latest events, field `a`, JSON with a checksum, numbered 1, 2, 3 … (`<number>-1`) |
//! | `<prefix>:{e}:epoch` | string | the epoch of the channel |
//!
//! Redis must evict nothing by itself, because the queue is in it too. So the cache bounds its own size: no value
//! is larger than 2 KiB, and the sorted set tells which ones to delete.
//! A stream gives every subscriber the same order and ids to resume from; publish/subscribe would lose events while
//! a subscriber reconnects. The channel numbers its events itself, so that a trimmed event can be distinguished
//! from one that never existed.
//!
//! Redis Cluster is refused when connecting. A user for both needs exactly these rights:
//! ```text
//! ACL SETUSER abaci on >password resetchannels ~<prefix>:* -@all +@connection +evalsha +script|load
//!   +del +exists +get +getex +set +xadd +xrange +xread +xrevrange +zadd +zcard +zpopmin +zrem +zremrangebyscore
//! ```

mod checked;
mod event_channel;
mod rate_buckets;
#[cfg(test)]
mod tests;
mod value_cache;

use std::time::Duration;

use redis_link::{LinkError, RedisLink};

pub use event_channel::RedisEventChannel;
pub use rate_buckets::RedisRateBuckets;
pub use value_cache::RedisValueCache;

use crate::{CacheError, metrics};

/// Timeout of a call, connecting included.
const CALL_TIMEOUT: Duration = Duration::from_millis(500);
/// Callers should lose little time while Redis is away.
const BACKOFF: Duration = Duration::from_millis(500);

fn link(client: redis::Client) -> RedisLink {
    RedisLink::new(client, CALL_TIMEOUT, BACKOFF)
}

fn unavailable(call: &'static str, error: LinkError) -> CacheError {
    if !matches!(error, LinkError::Backoff(_)) {
        metrics::unavailable(call);
    }
    CacheError::Unavailable(Box::new(error))
}
