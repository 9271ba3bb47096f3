//! The token with which a submitter can cancel.

use std::fmt;
use std::str::FromStr;

/// A secret of 128 random bits, given to the submitter of long work. Only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AskToken([u8; 16]);

/// Error for a text that is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ask token")]
pub struct AskTokenError;

impl AskToken {
    /// Creates a random token.
    ///
    /// # Errors
    /// When the system's random generator fails.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Returns the secret, to be hashed.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for AskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Hides the secret, which must not be logged.
impl fmt::Debug for AskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AskToken(…)")
    }
}

impl FromStr for AskToken {
    type Err = AskTokenError;

    fn from_str(text: &str) -> Result<Self, AskTokenError> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(AskTokenError);
        }
        u128::from_str_radix(text, 16).map(|bits| Self(bits.to_be_bytes())).map_err(|_| AskTokenError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_round_trips_and_is_hidden_in_debug_output() {
        let token = AskToken::random().expect("randomness");
        assert_eq!(token.to_string().parse(), Ok(token.clone()));
        assert!(!format!("{token:?}").contains(&token.to_string()));
        for text in ["", "0", "+0000000000000000000000000000001", &"é".repeat(16)] {
            assert_eq!(text.parse::<AskToken>(), Err(AskTokenError));
        }
    }
}
