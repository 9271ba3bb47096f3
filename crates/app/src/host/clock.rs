//! The wall clock. Only this file reads it.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{Clock, Timestamp};

/// The clock of the system.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "everything else takes this clock as a parameter")]
        let now = SystemTime::now();
        let ms = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Timestamp::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}
