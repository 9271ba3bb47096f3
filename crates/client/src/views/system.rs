//! The system as it is now: a drawing with its figures, and what each part does.

use maud::{Markup, html};
use model::Subject;
use wire::{CalculationBody, LaneStatus, SystemStatus};

use super::format::{self, rich};
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
                p { (journey_text::YOURS) " " a href=(mine.links.page) { (format::subject(&mine.subject)) } ":" }
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

/// Renders the place of a waiting calculation in the queue as it is now, and how many run, which is refreshed.
pub(crate) fn queue_now(subject: &Subject, system: Option<&SystemStatus>) -> Markup {
    html! {
        p.aside #queue data-poll={ "/fragments/queue/" (subject.path()) } {
            @if let Some(system) = system { (place(&subject.to_string(), system)) }
        }
    }
}

fn place(subject: &str, system: &SystemStatus) -> String {
    let sum = |count: fn(&LaneStatus) -> u64| system.lanes.iter().map(count).sum::<u64>();
    let [waiting, claimed] = [sum(|lane| lane.waiting), sum(|lane| lane.claimed)];
    let before = |lane: &LaneStatus| lane.next.iter().position(|next| next == subject);
    match system.lanes.iter().find_map(|lane| Some((before(lane)?, &lane.lane))) {
        Some((before, lane)) => sentences::place_in_queue(before + 1, lane, claimed),
        None if system.lanes.iter().any(|lane| lane.next.len() >= LaneStatus::MAX_NEXT) => {
            sentences::place_after(LaneStatus::MAX_NEXT, claimed)
        }
        // It has just been claimed, or the queue does not answer.
        None => sentences::queue_length(waiting, claimed),
    }
}

/// Lists the parts: what each does, and what happens when it dies.
pub(super) fn parts() -> Markup {
    html! {
        ol.path {
            @for (part, does, dies) in text::PARTS {
                li { strong { (part) } span { (rich(does)) " " em { (text::IF_IT_DIES) } (dies) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_calculation_is_that_in_its_lane() {
        let lane = |lane: &str, next: Vec<String>| LaneStatus {
            lane: lane.to_owned(),
            waiting: 5_000,
            claimed: 2,
            oldest_age_ms: None,
            next,
        };
        let system = |short: Vec<String>| SystemStatus {
            lanes: vec![lane("short", short), lane("long", vec!["F(8)".to_owned(), "L(9)".to_owned()])],
            ..SystemStatus::default()
        };
        let hundred = system((0..100).map(|n| format!("F({n})")).collect());
        assert_eq!(place("F(0)", &hundred), "It is number 1 in the queue of short work now, and 4 are being computed.");
        assert_eq!(place("L(9)", &hundred), "It is number 2 in the queue of long work now, and 4 are being computed.");
        assert_eq!(place("L(7)", &hundred), "More than 100 are before it in the queue now, and 4 are being computed.");
        assert_eq!(place("L(7)", &system(Vec::new())), "10,000 wait in all, and 4 are being computed.");
    }
}
