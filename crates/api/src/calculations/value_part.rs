//! The part of a stored value that one request reads.

use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use futures_util::StreamExt;
use model::{Calculation, Subject, Value};
use server::Share;
use store::ValueReader;
use wire::FoundDigits;

use super::value::{open, unreadable};
use crate::error::ApiError;
use crate::extract::{QueryParams, invalid_parameter};
use crate::state::ApiState;

/// Values are read and checked in blocks of this size.
const BLOCK_BYTES: u64 = 1 << 20;
/// The most bytes of a value that one request reads.
const MAX_READ_BYTES: u64 = 8 * BLOCK_BYTES;

/// A part of a stored value, from the place in the parameter `from` on.
pub(super) struct ValuePart {
    pub(super) calculation: Calculation,
    /// The place of its first digit.
    pub(super) from: u64,
    /// The place of its last digit.
    pub(super) to: u64,
    reader: ValueReader,
    bytes: Range<u64>,
    /// Taken while a long value is read.
    _share: Option<Share>,
}

impl ValuePart {
    /// Opens it, and charges the address for reading it.
    pub(super) async fn open(
        state: &ApiState,
        subject: Subject,
        address: IpAddr,
        query: &QueryParams,
    ) -> Result<Self, ApiError> {
        let calculation = state.find(&subject).await?.ok_or(ApiError::NeverSubmitted(subject))?;
        let count = calculation.digits;
        let from = query.one("from")?.map_or(Ok(1), |given| {
            let place = Some(given).filter(|given| given.bytes().all(|byte| byte.is_ascii_digit()));
            let place = place.and_then(|given| given.parse().ok()).filter(|place| (1..=count).contains(place));
            place.ok_or_else(|| invalid_parameter("from", given, &format!("1 to {count}")))
        })?;
        let is_long = count > Value::INLINE_BYTES;
        let share = if is_long { Some(state.open_value(address)?) } else { None };
        let reader = open(state, &calculation).await?;
        state.usage.add_read(&calculation.subject);

        let sign_bytes = reader.size_bytes - count;
        let bytes = readable(from - 1 + sign_bytes, reader.size_bytes);
        if is_long && let Some(limit) = &state.rate_limit {
            let blocks = bytes.end.div_ceil(BLOCK_BYTES) - bytes.start / BLOCK_BYTES;
            let work = Duration::from_millis(FoundDigits::estimated_ms(blocks * BLOCK_BYTES));
            limit.charge(address, work, state.ports.clock.now()).await?.keep();
        }
        Ok(Self { from, to: bytes.end - sign_bytes, calculation, reader, bytes, _share: share })
    }

    /// Reads it in pieces until `push` returns something.
    pub(super) async fn read<T: Send + 'static, R: Send + 'static>(
        &self,
        state: &ApiState,
        mut into: T,
        push: fn(&mut T, &[u8]) -> Option<R>,
    ) -> Result<(T, Option<R>), ApiError> {
        let mut pieces = self.reader.read(self.bytes.clone());
        while let Some(piece) = pieces.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => return Err(unreadable(state, &self.calculation, error).await),
            };
            // Up to a millisecond: not for a thread that serves connections.
            let pushed = tokio::task::spawn_blocking(move || {
                let found = push(&mut into, &piece);
                (into, found)
            });
            let found;
            (into, found) = pushed.await.map_err(|error| ApiError::Internal(error.into()))?;
            if found.is_some() {
                return Ok((into, found));
            }
        }
        Ok((into, None))
    }
}

/// Returns the bytes from `start` that one request reads: whole blocks after the first, as each is checked whole.
fn readable(start: u64, size_bytes: u64) -> Range<u64> {
    let first_block = start - start % BLOCK_BYTES;
    start..size_bytes.min(first_block + MAX_READ_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_eight_blocks_at_most_and_ends_with_a_whole_one() {
        for (start, size_bytes, expected) in [
            (0, 10, 0..10),
            (7, 100 << 20, 7..8 << 20),
            ((8 << 20) - 5, 100 << 20, (8 << 20) - 5..15 << 20),
            (99 << 20, 100 << 20, 99 << 20..100 << 20),
        ] {
            assert_eq!(readable(start, size_bytes), expected);
        }
    }
}
