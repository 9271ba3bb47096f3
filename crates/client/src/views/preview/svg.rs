//! The preview as SVG. It stands alone, so its colours are attributes and its face is whatever serif the viewer has.

use maud::{Markup, html};
use wire::NumberFacts;

use super::super::format;
use super::{Color, HEIGHT, PAPER, SPIRAL_CORNER, SPIRAL_SCALE, WIDTH, text_lines};

const FACE: &str = "'EB Garamond', Garamond, Georgia, 'Times New Roman', serif";

/// Draws the preview.
pub(crate) fn svg(facts: &NumberFacts) -> Markup {
    let (name, count) = (format::plain_name(&facts.index), format::digit_count(&facts.digits));
    let (x, y) = SPIRAL_CORNER;
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) font-family=(FACE) role="img" {
            title { (name) ", " (count) }
            rect width=(WIDTH) height=(HEIGHT) fill=(hex(PAPER)) {}
            g transform={ "translate(" (x) " " (y) ") scale(" (SPIRAL_SCALE) ")" } fill="none" stroke-width=".12" {
                path stroke=(hex(Color::Line.rgb())) d="M0 0H34V21H0ZM21 0V21M21 13H34M26 13V21M21 16H26M24 13V16M24 15H26M25 15V16" {}
                path stroke=(hex(Color::Rubric.rgb())) stroke-width=".22" stroke-linecap="round"
                    d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15A1 1 0 0 1 25 16A1 1 0 0 1 24 15" {}
            }
            @for line in text_lines(facts) {
                text x=(line.x) y=(line.y) font-size=(line.size_px) fill=(hex(line.color.rgb())) { (line.text) }
            }
        }
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
