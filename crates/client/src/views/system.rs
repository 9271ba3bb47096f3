//! The system as it is now: a drawing with its figures, and what each part does.

use maud::{Markup, html};
use wire::{LaneStatus, SystemStatus};

use super::format;
use super::text::system as text;

/// Renders the part of the page that is refreshed.
pub(crate) fn system_now(system: Option<&SystemStatus>) -> Markup {
    let Some(system) = system else {
        return html! { div #system data-poll="/fragments/system" { p.empty { (text::UNAVAILABLE) } } };
    };
    let waiting: u64 = system.lanes.iter().map(|lane| lane.waiting).sum();
    let claimed: u64 = system.lanes.iter().map(|lane| lane.claimed).sum();
    let oldest = system.lanes.iter().filter_map(|lane| lane.oldest_age_ms).max();
    html! {
        div #system data-poll="/fragments/system" {
            (drawing(waiting, claimed, system))
            dl.facts {
                div { dt { (text::WORKERS) } dd { (system.workers.len()) } }
                div { dt { (text::WAITING) } dd { (format::with_commas(&waiting.to_string())) @if let Some(ms) = oldest { ", the oldest for " (format::duration(ms)) } } }
                div { dt { (text::COMPUTING) } dd { (format::with_commas(&claimed.to_string())) } }
                div { dt { (text::RATE) } dd { (format!("{:.1}", system.finished_per_s)) } }
                div { dt { (text::LATENCY) } dd { (system.latency_p50_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.1} ms"))) } }
                div { dt { (text::VERSION) } dd { (system.version) " · " (system.mode) } }
            }
            @for worker in system.workers.iter().filter(|worker| !worker.computing.is_empty()) {
                p.aside { (worker.id) " computes " (worker.computing.join(", ")) "." }
            }
        }
    }
}

/// Renders the place of a calculation in the queue as it is now, and how many wait and run, which is refreshed. Only long
/// work has a place: the other lanes are empty again before it could be read.
pub(crate) fn queue_now(index: &str, system: Option<&SystemStatus>) -> Markup {
    html! {
        p.aside #queue data-poll={ "/fragments/queue/" (index) } {
            @if let Some(system) = system { (place(index, system)) }
        }
    }
}

fn place(index: &str, system: &SystemStatus) -> String {
    let sum = |count: fn(&LaneStatus) -> u64| system.lanes.iter().map(count).sum::<u64>();
    let [waiting, claimed] = [sum(|lane| lane.waiting), sum(|lane| lane.claimed)];
    let count = |count: u64| format::with_commas(&count.to_string());
    let computed = format!("{} {} being computed", count(claimed), if claimed == 1 { "is" } else { "are" });
    let subject = format!("F({index})");
    match system.next_long.iter().position(|next| *next == subject) {
        Some(before) => format!("It is number {} in the queue of long work now, and {computed}.", before + 1),
        None => format!("{} {} in all, and {computed}.", count(waiting), if waiting == 1 { "waits" } else { "wait" }),
    }
}

/// Draws the path of a number, with what is where: wide, and tall for phones. The style sheet shows one of them.
fn drawing(waiting: u64, claimed: u64, system: &SystemStatus) -> Markup {
    let parts = [
        ("browser", String::new()),
        ("client", String::new()),
        ("API", format!("{:.1}/s", system.accepted_per_s)),
        ("store", String::new()),
        ("queue", format!("{waiting} wait")),
        ("worker", format!("{claimed} run")),
    ];
    let label = format!(
        "A number goes from the browser through the client to the API, into the store and the queue, to a worker and \
         back. {waiting} wait, {claimed} are computed, by {} workers.",
        system.workers.len()
    );
    html! {
        @for shape in [&WIDE, &TALL] {
            svg.picture.system.(shape.class) viewBox=(shape.viewbox) role="img" aria-label=(label) focusable="false" {
                path.curve d=(shape.requests) {}
                path.thin.dashes d=(shape.events) {}
                @for ((x, y), (name, figure)) in shape.places.iter().zip(&parts) {
                    rect.box x=(x) y=(y) width="84" height="54" rx="5" {}
                    text x=(x + 42) y=(y + if figure.is_empty() { 31 } else { 24 }) text-anchor="middle" { (name) }
                    @if !figure.is_empty() { text.small x=(x + 42) y=(y + 42) text-anchor="middle" { (figure) } }
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

/// Lists the parts: what each does, and what happens when it dies.
pub(super) fn parts() -> Markup {
    html! {
        ol.path {
            @for (part, does, dies) in text::PARTS {
                li { strong { (part) } span { (does) " " em { (text::IF_IT_DIES) } (dies) } }
            }
        }
    }
}
