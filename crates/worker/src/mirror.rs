//! F(−n) from F(n): the same digits, and a sign for even n.

use std::time::Duration;

use model::{Index, Subject};

use crate::Worker;
use crate::found::Found;

/// The value of a negative index, if that of its magnitude is in the record.
///
/// Only values that lie in the record itself: for longer ones, reading, hashing and writing costs about
/// as much as computing. `None` is always safe, the value is computed then.
pub(crate) async fn take(worker: &Worker, index: Index) -> Option<Found> {
    if index.get() >= 0 {
        return None;
    }
    let positive = Subject::from(Index::new(index.get().checked_neg()?));
    let reading = worker.ports.store.inline_value(&positive);
    // Not worth waiting for a store in trouble.
    match tokio::time::timeout(Duration::from_secs(1), reading).await.ok()? {
        Ok(text) => text.map(|inline| Found::copied(signed(inline.text, index))),
        Err(error) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "no mirror image to look at");
            None
        }
    }
}

/// F(−n) = (−1)^(n+1) F(n).
fn signed(digits: String, index: Index) -> String {
    if index.get() % 2 == 0 { format!("-{digits}") } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_indices_below_zero_have_a_sign() {
        for n in 1..=40_i64 {
            let value = |n| fibonacci::nth(n).expect("a small value").to_string();
            assert_eq!(signed(value(n), Index::new(-n)), value(-n));
        }
    }
}
