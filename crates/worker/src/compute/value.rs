//! A computed value, ready to be stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fibonacci::Decimal;
use model::Value;
use store::{BLOCK_BYTES, Digested, Text};

use super::memory::Permit;

/// A computed value with its hash.
pub(crate) struct ComputedValue {
    pub(crate) text: Arc<dyn Text>,
    pub(crate) digest: Digested,
    pub(crate) digits: u64,
    pub(crate) first_digits: String,
    pub(crate) last_digits: String,
    /// Time spent computing.
    pub(crate) elapsed: Duration,
}

impl ComputedValue {
    /// Hashes a value; returns `None` if `cancelled` was set before the end.
    ///
    /// Blocks the thread for some nanoseconds per digit.
    pub(crate) fn digest(value: Decimal, memory: Permit, elapsed: Duration, cancelled: &AtomicBool) -> Option<Self> {
        let text = DecimalText { value, _memory: memory };
        let digest = store::digest(&CancellableText { text: &text, cancelled });
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        Some(Self {
            digest,
            digits: text.value.digits(),
            first_digits: text.value.first(Value::END_DIGITS.into()),
            last_digits: text.value.last(Value::END_DIGITS.into()),
            elapsed,
            text: Arc::new(text),
        })
    }
}

/// The digits of a value, with the memory reserved for them.
struct DecimalText {
    value: Decimal,
    _memory: Permit,
}

impl Text for DecimalText {
    fn chunks(&self) -> Box<dyn Iterator<Item = Bytes> + Send + '_> {
        // Whole blocks, or all there is of a shorter value.
        let chunk_bytes = usize::try_from(self.value.text_len().min(BLOCK_BYTES)).unwrap_or(usize::MAX);
        Box::new(self.value.chunks(chunk_bytes).map(Bytes::from))
    }
}

/// A text that ends early when it is cancelled.
struct CancellableText<'a> {
    text: &'a DecimalText,
    cancelled: &'a AtomicBool,
}

impl Text for CancellableText<'_> {
    fn chunks(&self) -> Box<dyn Iterator<Item = Bytes> + Send + '_> {
        Box::new(self.text.chunks().take_while(|_| !self.cancelled.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::compute::memory::{MemoryBudget, Reservation};

    fn permit() -> Permit {
        match MemoryBudget::new(800, 1).reserve(1, Timestamp::default()) {
            Reservation::Granted(permit) => permit,
            Reservation::Queued(_) | Reservation::TooLarge => panic!("one byte of eight hundred"),
        }
    }

    #[test]
    fn a_text_can_be_read_twice_and_comes_in_whole_blocks() {
        let value = fibonacci::nth(-12_000_000).expect("a value of some megabytes");
        let whole = value.to_string();
        let text = DecimalText { value, _memory: permit() };
        for _ in 0..2 {
            let chunks: Vec<Bytes> = text.chunks().collect();
            assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() as u64 == BLOCK_BYTES));
            assert!(chunks.concat() == whole.as_bytes());
        }
    }

    #[test]
    fn hashing_stops_when_cancelled() {
        let value = fibonacci::nth(1000).expect("a small value");
        assert!(ComputedValue::digest(value, permit(), Duration::ZERO, &AtomicBool::new(true)).is_none());
    }
}
