//! A value that was found, ready to be placed and recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fibonacci::Decimal;
use model::Value;
use store::{BLOCK_BYTES, Digested, Text};

use crate::budget::Permit;

/// A value, digested, on its way into the record.
pub(crate) struct Found {
    pub(crate) text: Arc<dyn Text>,
    pub(crate) digested: Digested,
    pub(crate) digits: u64,
    pub(crate) first_digits: String,
    pub(crate) last_digits: String,
    /// Time spent computing.
    pub(crate) took: Duration,
}

impl Found {
    /// Digests a computed value; `None` if `cancelled` was raised before the end of that.
    ///
    /// Blocks the thread for some nanoseconds a digit.
    pub(crate) fn computed(value: Decimal, memory: Permit, took: Duration, cancelled: &AtomicBool) -> Option<Self> {
        let text = DecimalText { value, _memory: memory };
        let digested = store::digest(&Until { text: &text, cancelled });
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        Some(Self {
            digested,
            digits: text.value.digits(),
            first_digits: text.value.first(Value::END_DIGITS.into()),
            last_digits: text.value.last(Value::END_DIGITS.into()),
            took,
            text: Arc::new(text),
        })
    }

    /// Decimal digits, with or without a sign, that the record had already.
    pub(crate) fn copied(text: String) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let ends = Value::END_DIGITS as usize;
        Self {
            digested: store::digest(&text),
            digits: digits.len() as u64,
            first_digits: digits.chars().take(ends).collect(),
            last_digits: digits.chars().skip(digits.len().saturating_sub(ends)).collect(),
            took: Duration::ZERO,
            text: Arc::new(text),
        }
    }
}

/// The text of a computed value, with the memory it is counted for.
struct DecimalText {
    value: Decimal,
    _memory: Permit,
}

impl Text for DecimalText {
    fn chunks(&self) -> Box<dyn Iterator<Item = Bytes> + Send + '_> {
        // Whole blocks, or all there is of a shorter text.
        let chunk_bytes = usize::try_from(self.value.text_len().min(BLOCK_BYTES)).unwrap_or(usize::MAX);
        Box::new(self.value.chunks(chunk_bytes).map(Bytes::from))
    }
}

/// A text that breaks off when it is no longer wanted.
struct Until<'a> {
    text: &'a DecimalText,
    cancelled: &'a AtomicBool,
}

impl Text for Until<'_> {
    fn chunks(&self) -> Box<dyn Iterator<Item = Bytes> + Send + '_> {
        Box::new(self.text.chunks().take_while(|_| !self.cancelled.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;
    use crate::budget::{Budget, Fit};

    fn permit() -> Permit {
        match Budget::new(800, 1).ask(1, Timestamp::default()) {
            Fit::Now(permit) => permit,
            Fit::Later(_) | Fit::Never => panic!("a byte of eight hundred"),
        }
    }

    #[test]
    fn a_copied_text_says_the_same_of_itself_as_a_computed_value() {
        for n in [0, 1, 30, -30, -31, 95, -96, 1000, -1000] {
            let value = fibonacci::nth(n).expect("a small value");
            let copied = Found::copied(value.to_string());
            let never = AtomicBool::new(false);
            let computed = Found::computed(value, permit(), Duration::ZERO, &never).expect("not cancelled");
            assert_eq!(copied.digested, computed.digested, "{n}");
            assert_eq!(copied.digits, computed.digits, "{n}");
            assert_eq!(copied.first_digits, computed.first_digits, "{n}");
            assert_eq!(copied.last_digits, computed.last_digits, "{n}");
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
    fn digesting_stops_when_cancelled() {
        let value = fibonacci::nth(1000).expect("a small value");
        assert!(Found::computed(value, permit(), Duration::ZERO, &AtomicBool::new(true)).is_none());
    }
}
