//! The system as it is now: a drawing with its figures, and what each part does.

use maud::{Markup, html};
use wire::{CalculationBody, LaneStatus, SystemStatus};

use super::format;
use super::journey::Journey;
use super::sentences;
use super::system_drawing::{PartFigures, SystemPart, drawing};
use super::text::{journey as journey_text, system as text};

/// The most workers that are listed.
const MAX_WORKERS: usize = 8;

/// Renders the part of the page that is refreshed, with the number that this browser submitted last.
pub(crate) fn system_now(system: Option<&SystemStatus>, mine: Option<&CalculationBody>) -> Markup {
    let Some(system) = system else {
        return html! { div #system data-poll="/fragments/system" { p.empty { (text::UNAVAILABLE) } } };
    };
    let waiting: u64 = system.lanes.iter().map(|lane| lane.waiting).sum();
    let claimed: u64 = system.lanes.iter().map(|lane| lane.claimed).sum();
    let oldest = system.lanes.iter().filter_map(|lane| lane.oldest_age_ms).max();
    let lanes: Vec<String> = system.lanes.iter().map(|lane| format!("{} {}", lane.waiting, lane.lane)).collect();
    let count = |count: u64| format::with_commas(&count.to_string());
    let rate = |per_s: f64| format!("{per_s:.1}");
    let ms = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), format::exact_duration);
    let journey = mine.and_then(Journey::of);
    html! {
        div #system data-poll="/fragments/system" {
            (drawing(&figures(system, waiting, claimed), &sentences::system(waiting, claimed, system.workers.len()), journey.as_ref()))
            @if let (Some(journey), Some(mine)) = (&journey, mine) {
                p { (journey_text::YOURS) " " a href=(mine.links.page) { (format::name(&mine.index)) } ":" }
                (journey.list())
            } @else {
                p.aside { (journey_text::NONE) }
            }
            dl.facts {
                div { dt { (text::DIGITS) } dd { (system.digits_computed.map_or_else(|| "–".to_owned(), count)) } }
                div { dt { (text::WAITING) } dd { (count(waiting)) @if let Some(ms) = oldest { (sentences::oldest(ms)) } } }
                div { dt { (text::LANES) } dd { (lanes.join(", ")) } }
                div { dt { (text::COMPUTING) } dd { (count(claimed)) } }
                div { dt { (text::ACCEPTED) } dd { (rate(system.accepted_per_s)) } }
                div { dt { (text::FINISHED) } dd { (rate(system.finished_per_s)) } }
                div { dt { (text::LATENCY) } dd { (ms(system.latency_p50_ms)) } }
                div { dt { (text::LATENCY_99) } dd { (ms(system.latency_p99_ms)) } }
                div { dt { (text::VERSION) } dd { (system.version) " · " (system.mode) } }
            }
            h3 { (count(system.workers.len() as u64)) (if system.workers.len() == 1 { text::WORKER } else { text::WORKERS }) }
            @for worker in system.workers.iter().take(MAX_WORKERS) {
                p.aside {
                    code { (worker.id) } ", " (text::VERSION_OF) (worker.version) ": " (count(worker.finished)) (text::JOBS)
                    @if !worker.computing.is_empty() { "; " (text::COMPUTES) (worker.computing.join(", ").replace('-', format::MINUS)) }
                    "."
                }
            }
        }
    }
}

/// Returns what stands in the parts of the drawing.
fn figures(system: &SystemStatus, waiting: u64, claimed: u64) -> PartFigures {
    let mut figures = PartFigures::default();
    figures[SystemPart::Api as usize] = format!("{:.1}/s", system.accepted_per_s);
    figures[SystemPart::Store as usize] = format!("{:.1}/s", system.finished_per_s);
    figures[SystemPart::Queue as usize] = sentences::wait(waiting);
    figures[SystemPart::Worker as usize] = sentences::run(claimed);
    figures
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
    let subject = format!("F({index})");
    match system.next_long.iter().position(|next| *next == subject) {
        Some(before) => sentences::place_in_queue(before + 1, claimed),
        None => sentences::queue_length(waiting, claimed),
    }
}

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
