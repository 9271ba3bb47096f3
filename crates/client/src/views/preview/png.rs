//! The preview as PNG, in the pages' own face.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, ScaleFont, point};
use wire::NumberFacts;

use super::canvas::Canvas;
use super::{Color, HEIGHT, SPIRAL_CORNER, SPIRAL_SCALE, TextLine, WIDTH, text_lines};

/// The face with lining figures, cut down to what names, counts and digits need. `face/make` makes it.
static FACE: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(include_bytes!("../../../assets/preview.otf")).ok());

/// The sides of the squares inside of the golden rectangle, each from one corner to another, in units of the smallest.
const LINES: [[u8; 4]; 11] = [
    [0, 0, 34, 0],
    [0, 21, 34, 21],
    [0, 0, 0, 21],
    [34, 0, 34, 21],
    [21, 0, 21, 21],
    [21, 13, 34, 13],
    [26, 13, 26, 21],
    [21, 16, 26, 16],
    [24, 13, 24, 16],
    [24, 15, 26, 15],
    [25, 15, 25, 16],
];
/// The quarter circles of the spiral: centre, radius, and whether they are right of it and below it.
const ARCS: [(u8, u8, u8, bool, bool); 8] = [
    (21, 21, 21, false, false),
    (21, 13, 13, true, false),
    (26, 13, 8, true, true),
    (26, 16, 5, false, true),
    (24, 16, 3, false, false),
    (24, 15, 2, true, false),
    (25, 15, 1, true, true),
    (25, 15, 1, false, true),
];

/// Draws the preview. Takes about 4 ms of processor time.
pub(crate) fn png(facts: &NumberFacts) -> Vec<u8> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    // What is drawn first stays on top.
    for arc in ARCS {
        draw_arc(&mut canvas, arc);
    }
    for line in LINES {
        draw_line(&mut canvas, line);
    }
    if let Some(face) = &*FACE {
        for line in text_lines(facts) {
            draw_text(&mut canvas, face, &line);
        }
    }
    canvas.to_png()
}

/// Draws text. A character that the face does not have is left out.
fn draw_text(canvas: &mut Canvas, face: &FontRef<'_>, line: &TextLine) {
    // CSS measures the em; this crate the height from ascent to descent.
    let em = face.units_per_em().unwrap_or(1_000.0);
    let scaled = face.as_scaled(f32::from(line.size_px) * face.height_unscaled() / em);
    let mut x = f32::from(line.x);
    for character in line.text.chars() {
        let mut glyph = scaled.scaled_glyph(character);
        glyph.position = point(x, f32::from(line.y));
        x += scaled.h_advance(glyph.id);
        if let Some(outline) = scaled.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            let (left, top) = (corner.x as i32, corner.y as i32);
            outline.draw(|x, y, share| canvas.cover(left + x as i32, top + y as i32, line.color, share));
        }
    }
}

fn draw_line(canvas: &mut Canvas, line: [u8; 4]) {
    let [x0, y0, x1, y1] = line.map(f32::from);
    let (left, top) = at(x0, y0);
    let (right, bottom) = at(x1, y1);
    for y in top as i32..=bottom as i32 + 1 {
        for x in left as i32..=right as i32 + 1 {
            canvas.cover(x, y, Color::Line, 1.0);
        }
    }
}

fn draw_arc(canvas: &mut Canvas, (x, y, radius, is_right, is_below): (u8, u8, u8, bool, bool)) {
    const HALF_WIDTH: f32 = 0.11 * SPIRAL_SCALE;
    let (center_x, center_y) = at(f32::from(x), f32::from(y));
    let radius = f32::from(radius) * SPIRAL_SCALE;
    let range = |center: f32, forward: bool| {
        let reach = radius + HALF_WIDTH + 1.0;
        if forward { center as i32..=(center + reach) as i32 } else { (center - reach) as i32..=center as i32 }
    };
    for y in range(center_y, is_below) {
        for x in range(center_x, is_right) {
            let (across, down) = (x as f32 + 0.5 - center_x, y as f32 + 0.5 - center_y);
            let distance = (across * across + down * down).sqrt();
            canvas.cover(x, y, Color::Rubric, HALF_WIDTH + 0.5 - (distance - radius).abs());
        }
    }
}

/// Returns the place of a point of the spiral on the canvas.
fn at(x: f32, y: f32) -> (f32, f32) {
    (SPIRAL_CORNER.0 + x * SPIRAL_SCALE, SPIRAL_CORNER.1 + y * SPIRAL_SCALE)
}

#[cfg(test)]
mod tests {
    use super::super::super::{format, text};
    use super::*;

    #[test]
    fn the_face_has_every_character_that_is_drawn() {
        let face = FACE.as_ref().expect("the face can be read");
        let long = format::plain_name(&"9".repeat(40));
        let names = ["-1234567890", "1000000000000000000"].map(format::plain_name);
        let counts = ["1", "209", &"9".repeat(99)].map(format::digit_count);
        let all =
            [text::frame::NAME.to_owned(), "−0123456789…".to_owned(), long].into_iter().chain(names).chain(counts);
        for character in all.flat_map(|text| text.chars().collect::<Vec<_>>()) {
            assert_ne!(face.glyph_id(character).0, 0, "{character:?}");
        }
    }

    #[test]
    fn a_number_is_drawn_in_time_and_not_too_large() {
        let image = png(&NumberFacts {
            index: "1000".into(),
            digits: "209".into(),
            first_digits: "4".repeat(50),
            last_digits: "5".repeat(50),
            ..NumberFacts::default()
        });
        assert!(image.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\xb0\0\0\x02\x76"));
        assert!(image.len() < 60_000, "{} bytes", image.len());
    }
}
