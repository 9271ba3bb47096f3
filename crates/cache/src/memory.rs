//! The cache and the event channel of one process, empty at every start.

mod event_channel;
mod value_cache;

pub use event_channel::MemoryEventChannel;
pub use value_cache::MemoryValueCache;
