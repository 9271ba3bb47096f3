//! Damaged rows: the columns that can still be read, and those that replace them.

use model::{Calculation, Index, Lane, Subject};
use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

use super::CalculationRow;
use super::checksum::request_check;

/// The columns of a damaged row that can still be read.
#[derive(Debug)]
pub(crate) struct DamagedRow {
    by_index: Option<Subject>,
    /// The text of the subject, which may be no text any more.
    text: Vec<u8>,
    digits: Option<u64>,
    request_check: Option<i64>,
}

/// The columns that a repair replaces.
pub(crate) struct RepairedRow {
    pub(crate) subject: Subject,
    pub(crate) digits: u64,
    pub(crate) lane: Lane,
}

/// Reads a row and returns its readable columns if it is damaged, `None` if it is sound.
pub(crate) fn damaged<'r, R>(row: &'r R) -> Option<DamagedRow>
where
    R: Row,
    CalculationRow: FromRow<'r, R>,
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database>,
{
    if CalculationRow::from_row(row).is_ok_and(|row| Calculation::try_from(row).is_ok()) {
        return None;
    }
    let digits: Option<i64> = row.try_get("digits").ok();
    Some(DamagedRow {
        by_index: row.try_get("idx").ok().map(|n| Subject::from(Index::new(n))),
        text: row.try_get_unchecked("subject").unwrap_or_default(),
        digits: digits.and_then(|digits| digits.try_into().ok()),
        request_check: row.try_get("request_check").ok(),
    })
}

impl DamagedRow {
    /// The characters of subjects.
    const ALPHABET: &[u8] = b"0123456789-,()FLUVGTPA";
    /// No subject is longer.
    const MAX_BYTES: usize = 80;

    /// Returns what a sound row, whose value is damaged elsewhere, says.
    pub(crate) fn of(calculation: &Calculation) -> Self {
        Self {
            by_index: calculation.subject.fibonacci_index().map(Subject::from),
            text: calculation.subject.to_string().into(),
            digits: Some(calculation.digits),
            request_check: None,
        }
    }

    /// Returns the subject, if the columns still tell it.
    ///
    /// F(n) stands in two columns, one of which may be damaged. Other subjects have their text alone; their checksum
    /// tells which byte of it is wrong.
    pub(crate) fn subject(&self) -> Option<Subject> {
        let by_text = subject_from(&self.text);
        let fitting =
            [self.by_index.as_ref(), by_text.as_ref()].into_iter().flatten().find(|subject| self.fits(subject));
        if let Some(fitting) = fitting {
            return Some(fitting.clone());
        }
        let undisputed = || by_text.filter(|subject| self.by_index.as_ref().is_none_or(|other| other == subject));
        self.corrected().or_else(undisputed)
    }

    /// Returns the subject that has the checksum and differs in one byte from the text.
    fn corrected(&self) -> Option<Subject> {
        if self.request_check.is_none() || self.text.len() > Self::MAX_BYTES {
            return None;
        }
        let changes = (0..self.text.len()).flat_map(|at| Self::ALPHABET.iter().map(move |byte| (at, *byte)));
        let mut subjects = changes.filter_map(|(at, byte)| {
            let mut text = self.text.clone();
            text[at] = byte;
            subject_from(&text)
        });
        subjects.find(|subject| self.fits(subject))
    }

    fn fits(&self, subject: &Subject) -> bool {
        self.digits.is_some_and(|digits| self.request_check == Some(request_check(subject, digits)))
    }
}

fn subject_from(text: &[u8]) -> Option<Subject> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_damaged_byte_of_a_subject_is_corrected() {
        for text in ["F(12)", "L(1000)", "U(3,-1,500)", "V(-9223372036854775808,1,-5)", "G(2,1,-50)"] {
            let subject: Subject = text.parse().expect("a subject");
            let request_check = Some(request_check(&subject, 209));
            for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
                let mut damaged = text.as_bytes().to_vec();
                damaged[at] ^= 1 << bit;
                let row = DamagedRow { by_index: None, text: damaged, digits: Some(209), request_check };
                assert_eq!(row.subject().as_ref(), Some(&subject), "bit {bit} of byte {at}");
            }
        }
    }
}
