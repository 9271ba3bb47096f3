//! The name of one delivery.

use std::fmt;
use std::str::FromStr;

/// An entry of a stream, and the number of its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) entry: String,
    pub(super) deliveries: u32,
}

/// Error for a text that is not a receipt.
#[derive(Debug)]
pub(super) struct ReceiptError;

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entry, self.deliveries)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let (entry, deliveries) = text.split_once(':').ok_or(ReceiptError)?;
        let (ms, number) = entry.split_once('-').ok_or(ReceiptError)?;
        if ms.parse::<u64>().is_err() || number.parse::<u64>().is_err() {
            return Err(ReceiptError);
        }
        Ok(Self { entry: entry.to_owned(), deliveries: deliveries.parse().map_err(|_| ReceiptError)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_survives_its_text() {
        let receipt = Receipt { entry: "1763941827123-4".to_owned(), deliveries: 3 };
        assert_eq!(receipt.to_string().parse::<Receipt>().unwrap(), receipt);
        for text in
            ["", "1", "1-1", "1-1:", "1:1", "-1:1", "1-:1", "a-1:1", "1-1:-1", "1-1:1:1", "99999999999999999999-1:1"]
        {
            assert!(text.parse::<Receipt>().is_err(), "{text:?}");
        }
    }
}
