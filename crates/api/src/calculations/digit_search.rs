//! The search for digits in a text that comes in pieces.

use memchr::memmem;

/// A search that has found nothing yet.
pub(super) struct DigitSearch {
    finder: memmem::Finder<'static>,
    /// The end of what was searched: as much as can be the beginning of an occurrence.
    tail: Vec<u8>,
    searched_bytes: u64,
}

impl DigitSearch {
    /// Searches for digits, at least one.
    pub(super) fn new(digits: &[u8]) -> Self {
        Self { finder: memmem::Finder::new(digits).into_owned(), tail: Vec::new(), searched_bytes: 0 }
    }

    /// Searches the next piece. Returns the position of the first occurrence, from 0 at the first piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> Option<u64> {
        let overlap = self.finder.needle().len() - 1;
        let before = self.searched_bytes - self.tail.len() as u64;
        self.tail.extend_from_slice(&piece[..piece.len().min(overlap)]);
        if let Some(position) = self.finder.find(&self.tail) {
            return Some(before + position as u64);
        }
        if let Some(position) = self.finder.find(piece) {
            return Some(self.searched_bytes + position as u64);
        }
        if piece.len() > overlap {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - overlap..]);
        } else {
            self.tail.drain(..self.tail.len().saturating_sub(overlap));
        }
        self.searched_bytes += piece.len() as u64;
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn search<'a>(digits: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<u64> {
        let mut search = DigitSearch::new(digits.as_bytes());
        pieces.into_iter().find_map(|piece| search.push(piece))
    }

    #[test]
    fn digits_are_found_within_a_piece_and_across_pieces() {
        for (digits, expected) in
            [("1", Some(0)), ("23", Some(1)), ("3456", Some(2)), ("89", Some(7)), ("123456789", Some(0)), ("91", None)]
        {
            assert_eq!(search(digits, [&b"123"[..], b"4", b"", b"5678", b"9"]), expected, "{digits}");
        }
    }

    proptest! {
        // Two digits only, so that there are many occurrences and many that almost are.
        #[test]
        fn the_place_does_not_depend_on_the_pieces(
            text in "[01]{1,60}",
            digits in "[01]{1,6}",
            cut in 1..12_usize,
        ) {
            let expected = text.find(&digits).map(|place| place as u64);
            prop_assert_eq!(search(&digits, text.as_bytes().chunks(cut)), expected);
        }
    }
}
