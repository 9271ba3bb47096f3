//! The drawing of the system, through which a number moves.

use maud::{Markup, html};

use super::journey::Journey;
use super::text::system as text;

/// A part of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SystemPart {
    Browser,
    Client,
    Api,
    Store,
    Queue,
    Worker,
}

/// What stands below the name of each part.
pub(super) type PartFigures = [String; 6];

/// Milliseconds in which the dot goes from one part to the next.
const HOP_MS: f64 = 220.0;
/// Milliseconds for which it rests in all parts together, shared as the times that were measured.
const REST_MS: f64 = 2_200.0;

/// Draws the system: wide, and tall for phones. The style sheet shows one of them.
pub(super) fn drawing(figures: &PartFigures, label: &str, journey: Option<&Journey>) -> Markup {
    html! {
        @for shape in [&WIDE, &TALL] {
            svg.picture.system.(shape.class) viewBox=(shape.viewbox) role="img" aria-label=(label) focusable="false" {
                path.curve d=(shape.requests) {}
                path.thin.dashes d=(shape.events) {}
                @for (part, ((x, y), figure)) in shape.places.iter().zip(figures).enumerate() {
                    @let here = journey.is_some_and(|journey| journey.place as usize == part);
                    rect.box.here[here] x=(x) y=(y) width="84" height="54" rx="5" {}
                    text x=(x + 42) y=(y + if figure.is_empty() { 31 } else { 24 }) text-anchor="middle" { (text::DRAWN[part]) }
                    @if !figure.is_empty() { text.small x=(x + 42) y=(y + 42) text-anchor="middle" { (figure) } }
                }
                @if let Some(journey) = journey { (dot(shape, journey)) }
            }
        }
    }
}

/// Where the dot is at a time.
struct DotPoint {
    at_ms: f64,
    place: (u32, u32),
}

/// Draws the number: where it is, or, once it is done, on its whole way. It moves once, and not where motion is unwanted.
fn dot(shape: &DrawingShape, journey: &Journey) -> Markup {
    let corner = |part: SystemPart| {
        let (x, y) = shape.places[part as usize];
        (x + 8, y + 8)
    };
    let still = corner(journey.place);
    let stops = [
        (SystemPart::Browser, None),
        (SystemPart::Client, None),
        (SystemPart::Api, None),
        (SystemPart::Store, None),
        (SystemPart::Api, None),
        (SystemPart::Queue, journey.waited_ms),
        (SystemPart::Worker, journey.computed_ms),
        (SystemPart::Store, journey.stored_ms),
        (SystemPart::Worker, None),
        (SystemPart::Api, journey.announced_ms),
        (SystemPart::Browser, None),
    ];
    let total: u64 = stops.iter().filter_map(|(_, ms)| *ms).sum();
    let mut at_ms = 0.0;
    let mut points = Vec::new();
    for (part, ms) in stops {
        points.push(DotPoint { at_ms, place: corner(part) });
        if let Some(ms) = ms.filter(|ms| *ms > 0) {
            at_ms += REST_MS * ms as f64 / total as f64;
            points.push(DotPoint { at_ms, place: corner(part) });
        }
        at_ms += HOP_MS;
    }
    let end_ms = at_ms - HOP_MS;
    let list =
        |value: fn(&DotPoint) -> u32| points.iter().map(|point| value(point).to_string()).collect::<Vec<_>>().join(";");
    let times = points.iter().map(|point| format!("{:.3}", point.at_ms / end_ms)).collect::<Vec<_>>().join(";");
    let moves = journey.place == SystemPart::Browser;
    html! {
        circle.dot.still[moves] cx=(still.0) cy=(still.1) r="5" {}
        @if moves {
            circle.dot.moves cx=(still.0) cy=(still.1) r="5" {
                @for (name, values) in [("cx", list(|point| point.place.0)), ("cy", list(|point| point.place.1))] {
                    animate attributeName=(name) values=(values) keyTimes=(times) dur={ (format!("{:.1}", end_ms / 1_000.0)) "s" } {}
                }
            }
        }
    }
}

/// Where the drawing has its parts, in the order of the path, and the lines between them.
struct DrawingShape {
    class: &'static str,
    viewbox: &'static str,
    requests: &'static str,
    events: &'static str,
    places: [(u32, u32); 6],
}

const WIDE: DrawingShape = DrawingShape {
    class: "wide",
    viewbox: "0 0 600 232",
    requests: "M92 96L128 62M212 62L248 96M92 112H248M332 96L378 62M332 122L378 158M462 158L508 122M508 96L462 62",
    events: "M540 138C520 262 330 242 300 140M248 132C200 190 110 190 60 140",
    places: [(8, 84), (128, 22), (248, 84), (378, 22), (378, 146), (508, 84)],
};
const TALL: DrawingShape = DrawingShape {
    class: "tall",
    viewbox: "0 0 300 344",
    requests: "M108 44L60 74M60 128L108 158M150 58V144M108 184L60 214M192 184L240 214M240 268L192 298M108 298L60 268",
    events: "M150 284V198M192 160C256 142 256 56 192 34",
    places: [(108, 4), (8, 74), (108, 144), (8, 214), (208, 214), (108, 284)],
};
