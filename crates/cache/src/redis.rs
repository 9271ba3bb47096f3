//! Known values and announcements of the distributed system, on Redis 6.2 or Valkey 7.2 and later.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:v:<subject>` | string | a finished calculation as JSON, for a day after it was last asked for |
//! | `<prefix>:v` | sorted set | the subjects of those, by when they were last asked for |
//! | `<prefix>:{e}:events` | stream | the latest announcements, field `a`, JSON, numbered 1, 2, 3 … (`<number>-1`) |
//! | `<prefix>:{e}:epoch` | string | the name of the channel's present life |
//!
//! Redis is told to evict nothing, since the queue lies in it too; so the bytes are bounded here: no
//! value is larger than 2 KiB, and the sorted set knows which ones to delete when there are too many.
//! A stream gives everybody the same order, and places to resume from; publish and subscribe would
//! lose what is said while a reader reconnects. Numbers are our own, so that a place that was trimmed
//! away is told from one that never was.
//!
//! A user for it needs, and needs no more than:
//! ```text
//! ACL SETUSER abaci on >password resetchannels ~<prefix>:* -@all +@connection +evalsha +script|load
//!   +del +exists +get +getex +set +xadd +xrange +xread +xrevrange +zadd +zcard +zpopmin +zrem +zremrangebyscore
//! ```

mod event_channel;
mod link;
mod value_cache;

pub use event_channel::RedisEventChannel;
pub use value_cache::RedisValueCache;

#[cfg(test)]
mod tests;
