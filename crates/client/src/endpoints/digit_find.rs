//! The search for digits that a number's page asks for.

use model::Index;

use crate::ClientState;
use crate::forwarded_headers::ForwardedHeaders;
use crate::views::{DigitFind, FindResult, digits_only};

/// The most digits that can be searched for.
const MAX_DIGITS: usize = 1_000;

/// Where to search.
pub(super) enum Searched<'a> {
    /// The whole value is here, without a sign.
    Here(&'a str),
    /// The value is stored, and the API searches a part of it.
    Stored(Index),
}

/// Searches for what was typed, from a place on.
pub(super) async fn find_digits(
    state: &ClientState,
    searched: Searched<'_>,
    typed: &str,
    from: Option<&str>,
    forwarded: &ForwardedHeaders,
) -> DigitFind {
    let digits = digits_only(typed);
    let from = from.and_then(|from| from.parse().ok()).unwrap_or(1).max(1);
    let is_valid = (1..=MAX_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let result = match searched {
        _ if !is_valid => FindResult::NotDigits,
        Searched::Here(value) => find_here(value, &digits, from),
        Searched::Stored(index) => match state.api.find_digits(index, &digits, from, forwarded).await {
            Ok(found) => match (found.position, found.next) {
                (Some(position), next) => FindResult::Found { position, next },
                (None, Some(next)) => FindResult::NotYet { from: found.from, to: found.to, next },
                (None, None) => FindResult::Absent { from },
            },
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot find digits in F({index})");
                FindResult::Unavailable
            }
        },
    };
    DigitFind { typed: typed.to_owned(), result }
}

fn find_here(value: &str, digits: &str, from: u64) -> FindResult {
    let start = usize::try_from(from - 1).unwrap_or(usize::MAX);
    let offset = value.get(start..).and_then(|rest| rest.find(digits)).and_then(|offset| u64::try_from(offset).ok());
    match offset {
        Some(offset) => {
            let position = from + offset;
            let can_occur_again = position + digits.len() as u64 <= value.len() as u64;
            FindResult::Found { position, next: can_occur_again.then_some(position + 1) }
        }
        None => FindResult::Absent { from },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_a_value_that_is_here_are_found_from_a_place_on() {
        let place = |digits: &str, from| match find_here("1234123", digits, from) {
            FindResult::Found { position, next } => Some((position, next)),
            _ => None,
        };
        assert_eq!(place("123", 1), Some((1, Some(2))));
        assert_eq!(place("123", 2), Some((5, None)));
        assert_eq!(place("123", 6), None);
        assert_eq!(place("4", 4), Some((4, Some(5))));
        assert_eq!(place("5", 1), None);
        assert_eq!(place("1", 99), None);
    }
}
