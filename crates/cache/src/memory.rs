//! The cache and the announcements of one process, empty at every start.

mod announcements;
mod known_values;

pub use announcements::MemoryAnnouncements;
pub use known_values::MemoryKnownValues;
