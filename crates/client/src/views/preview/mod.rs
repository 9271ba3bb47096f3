//! The image that others show of a number: where its address is posted, or on a page that embeds it.
//!
//! As SVG it is small and sharp; as PNG it is shown by sites that take no SVG. Both draw the same lines of text.

mod canvas;
mod png;
mod svg;

use wire::NumberFacts;

use super::format;
use super::text::frame;

pub(crate) use png::png;
pub(crate) use svg::svg;

const WIDTH: u16 = 1200;
const HEIGHT: u16 = 630;
/// The digits on a line.
const LINE_DIGITS: usize = 30;
/// Pixels of the drawing for the smallest square of its spiral, and its corner.
const SPIRAL_SCALE: f32 = 15.6;
const SPIRAL_CORNER: (f32, f32) = (640.0, 56.0);

/// A colour of the light theme, or what lies between the paper and it.
#[derive(Clone, Copy)]
enum Color {
    Ink,
    Soft,
    Line,
    Rubric,
}

const PAPER: [u8; 3] = [0xfb, 0xf8, 0xf1];

impl Color {
    const ALL: [Self; 4] = [Self::Ink, Self::Soft, Self::Line, Self::Rubric];

    const fn rgb(self) -> [u8; 3] {
        match self {
            Self::Ink => [0x1f, 0x1b, 0x14],
            Self::Soft => [0x62, 0x5a, 0x4b],
            Self::Line => [0xe3, 0xdc, 0xcc],
            Self::Rubric => [0x97, 0x27, 0x1a],
        }
    }
}

/// A line of text, at the left end of its baseline.
struct TextLine {
    x: u16,
    y: u16,
    size_px: u16,
    color: Color,
    text: String,
}

/// Returns the name of a number, the count of its digits, and its ends.
fn text_lines(facts: &NumberFacts) -> Vec<TextLine> {
    let name = format::plain_name(&facts.index);
    // It ends before the spiral begins.
    let size_px = (1_100 / u16::try_from(name.chars().count().max(1)).unwrap_or(u16::MAX)).clamp(36, 120);
    let line = |x, y, size_px, color, text| TextLine { x, y, size_px, color, text };
    let mut lines = vec![
        line(72, 104, 40, Color::Rubric, frame::NAME.to_owned()),
        line(70, 180 + size_px / 2, size_px, Color::Ink, name),
        line(72, 316, 40, Color::Soft, format::digit_count(&facts.digits)),
    ];
    lines.extend((450..).step_by(66).zip(digit_lines(facts)).map(|(y, text)| line(72, y, 54, Color::Ink, text)));
    lines
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
