//! The image that others show of a number: where its address is posted, or on a page that embeds it.
//!
//! It stands alone, so its colours are attributes and its face is whatever serif the viewer has.

use maud::{Markup, html};
use wire::NumberFacts;

use super::format;
use super::text::frame;

const PAPER: &str = "#fbf8f1";
const INK: &str = "#1f1b14";
const SOFT: &str = "#625a4b";
const LINE: &str = "#e3dccc";
const RUBRIC: &str = "#97271a";
const FACE: &str = "'EB Garamond', Garamond, Georgia, 'Times New Roman', serif";
/// The digits on a line.
const LINE_DIGITS: usize = 30;

/// Draws the name of a number, the count of its digits, and its ends.
pub(crate) fn preview(facts: &NumberFacts) -> Markup {
    let name = format::plain_name(&facts.index);
    let name_px = (1_500 / name.chars().count().max(1)).clamp(44, 120);
    let lines = digit_lines(facts);
    let count = format::digit_count(&facts.digits);
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630" width="1200" height="630" font-family=(FACE) role="img" {
            title { (name) ", " (count) }
            rect width="1200" height="630" fill=(PAPER) {}
            g transform="translate(640 56) scale(15.6)" fill="none" stroke-width=".12" {
                path stroke=(LINE) d="M0 0H34V21H0ZM21 0V21M21 13H34M26 13V21M21 16H26M24 13V16M24 15H26M25 15V16" {}
                path stroke=(RUBRIC) stroke-width=".22" stroke-linecap="round"
                    d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15A1 1 0 0 1 25 16A1 1 0 0 1 24 15" {}
            }
            text x="72" y="104" font-size="40" fill=(RUBRIC) { (frame::NAME) }
            text x="70" y=(180 + name_px / 2) font-size=(name_px) fill=(INK) { (name) }
            text x="72" y="316" font-size="40" fill=(SOFT) { (count) }
            @for (y, line) in (450..).step_by(66).zip(&lines) {
                text x="72" y=(y) font-size="54" letter-spacing="2" fill=(INK) { (line) }
            }
        }
    }
}

/// Returns up to three lines: the whole value, or its beginning and its end.
fn digit_lines(facts: &NumberFacts) -> Vec<String> {
    let sign = if facts.negative { format::MINUS } else { "" };
    let whole = facts.value.as_deref().map(|value| value.trim_start_matches('-'));
    match whole.filter(|value| value.len() <= 3 * LINE_DIGITS) {
        Some(value) => {
            let pieces = value.as_bytes().chunks(LINE_DIGITS).map(|piece| String::from_utf8_lossy(piece).into_owned());
            let mut lines: Vec<String> = pieces.collect();
            if let Some(first) = lines.first_mut() {
                first.insert_str(0, sign);
            }
            lines
        }
        None => {
            let (first, last) = (&facts.first_digits, &facts.last_digits);
            let first = first.get(..LINE_DIGITS).unwrap_or(first);
            let last = last.get(last.len().saturating_sub(LINE_DIGITS)..).unwrap_or(last);
            vec![format!("{sign}{first}"), "…".to_owned(), last.to_owned()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(value: Option<&str>) -> Vec<String> {
        digit_lines(&NumberFacts {
            value: value.map(ToOwned::to_owned),
            negative: value.is_some_and(|value| value.starts_with('-')),
            first_digits: "1".repeat(50),
            last_digits: "2".repeat(50),
            ..NumberFacts::default()
        })
    }

    #[test]
    fn a_short_value_is_whole_and_a_long_one_has_two_ends() {
        assert_eq!(lines(Some("-21")), ["−21"]);
        assert_eq!(lines(Some(&"3".repeat(31))), ["3".repeat(30), "3".to_owned()]);
        assert_eq!(lines(None), ["1".repeat(30), "…".to_owned(), "2".repeat(30)]);
        assert_eq!(lines(Some(&"3".repeat(91))).len(), 3);
    }
}
