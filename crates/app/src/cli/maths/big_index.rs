//! An index of any size, for questions that need no value.

use std::str::FromStr;

use answers::MAX_INDEX_DIGITS;
use fibonacci::IBig;
use model::Expression;

/// An index: an [`Expression`] within 64 bits, or up to 10^1000 as digits, `a^b` or `aeb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BigIndex(IBig);

/// Error for a text that is not an index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BigIndexError {
    /// Too large, or not one of the forms for large indexes.
    #[error("expected an index of up to {MAX_INDEX_DIGITS} digits; beyond 64 bits as plain digits, 10^100 or 1e100")]
    TooLarge,
    /// Not an expression.
    #[error(transparent)]
    Expression(#[from] model::ExpressionError),
}

impl BigIndex {
    /// Returns the index.
    pub(crate) fn get(&self) -> &IBig {
        &self.0
    }

    /// Returns the index if it fits 64 bits.
    pub(crate) fn word(&self) -> Option<i64> {
        i64::try_from(&self.0).ok()
    }
}

impl FromStr for BigIndex {
    type Err = BigIndexError;

    fn from_str(text: &str) -> Result<Self, BigIndexError> {
        match text.parse::<Expression>() {
            Ok(expression) => Ok(Self(expression.index().get().into())),
            Err(error) => match large(text) {
                Some(number) => number.map(Self).ok_or(BigIndexError::TooLarge),
                None => Err(error.into()),
            },
        }
    }
}

/// Reads digits, `a^b` or `aeb`. Returns `None` for any other text, and `Some(None)` for a number that is too large.
fn large(text: &str) -> Option<Option<IBig>> {
    let text = text.trim();
    let (negative, magnitude) = match text.strip_prefix(['-', '−']) {
        Some(magnitude) => (true, magnitude),
        None => (false, text),
    };
    let digits = |text: &str| (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(());
    let (base, factor, exponent) = if let Some((base, exponent)) = magnitude.split_once('^') {
        (base, "1", exponent)
    } else if let Some((factor, exponent)) = magnitude.split_once(['e', 'E']) {
        ("10", factor, exponent)
    } else {
        ("1", magnitude, "0")
    };
    digits(base).and(digits(factor)).and(digits(exponent))?;
    Some(power(base, factor, exponent).map(|number| if negative { -number } else { number }))
}

fn power(base: &str, factor: &str, exponent: &str) -> Option<IBig> {
    if base.len() > MAX_INDEX_DIGITS || factor.len() > MAX_INDEX_DIGITS {
        return None;
    }
    let exponent = exponent.parse::<usize>().ok()?;
    let base: IBig = base.parse().ok()?;
    // 2^3328 has 1,002 digits.
    if exponent > 3_328 && base > IBig::ONE {
        return None;
    }
    // At most 1,001 digits times 3,328: small enough to be computed before it is refused.
    if (base.to_string().len() - 1).saturating_mul(exponent) > MAX_INDEX_DIGITS {
        return None;
    }
    let number = factor.parse::<IBig>().ok()? * base.pow(exponent);
    (number.to_string().len() <= MAX_INDEX_DIGITS).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        text.parse::<BigIndex>().ok().map(|index| index.get().to_string())
    }

    #[test]
    fn indexes_of_any_size_are_understood() {
        let power = |zeros: usize| format!("1{}", "0".repeat(zeros));
        assert_eq!(read("2^20+1").as_deref(), Some("1048577"));
        assert_eq!(read("1e18"), Some(power(18)));
        assert_eq!(read("1e19"), Some(power(19)));
        assert_eq!(read("10^1000"), Some(power(1000)));
        assert_eq!(read("1e1000"), Some(power(1000)));
        assert_eq!(read("-10^30"), Some(format!("-{}", power(30))));
        assert_eq!(read(&"9".repeat(1_001)), Some("9".repeat(1_001)));
        assert_eq!(read("2^64").as_deref(), Some("18446744073709551616"));
    }

    #[test]
    fn what_is_too_large_or_not_an_index_is_refused() {
        for text in [
            "10^1001",
            "1e99999999999999999999",
            &"9".repeat(1_002),
            "3^100000",
            "1^",
            "e5",
            "x",
            "",
            "10^-5",
            "2^2^100",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9eE^ ]{0,40}|.{0,40}") {
            let _: Option<String> = read(&text);
        }
    }
}
