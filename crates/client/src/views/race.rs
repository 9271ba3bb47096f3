//! The race to F(10⁹): this system beside other programs, each bar at its own speed.

use maud::{Markup, html};
use model::{Status, Timestamp};
use wire::CalculationBody;

use super::form;
use super::format::{self, rich};
use super::sentences;
use super::speed::{FLINT, GMP, ORIGINAL_NAME, PYTHON, original_log_ms};
use super::text::race as text;

/// The index of the finish.
pub(crate) const FINISH: i64 = 1_000_000_000;
/// log₁₀ of the milliseconds of a year.
const LOG_YEAR_MS: f64 = 10.499_104;

/// The calculation of the finish, and the time at the API.
pub(crate) struct Race {
    pub(crate) calculation: Option<CalculationBody>,
    pub(crate) now: Option<Timestamp>,
}

/// One bar of the race.
struct Racer {
    name: Markup,
    /// What it needs, in words.
    needs: Markup,
    /// What it needs, in milliseconds; `None` for more than a browser can count.
    ms: Option<f64>,
    /// The share that is done, where it is known without a time.
    done: Option<f64>,
}

/// Renders the race. The part is refreshed until the finish is reached.
pub(crate) fn race(race: &Race) -> Markup {
    let status = race.calculation.as_ref().map(|calculation| calculation.status);
    let runs = matches!(status, Some(Status::Queued | Status::Running));
    let elapsed_ms = elapsed_ms(race);
    let done_ms = race.calculation.as_ref().and_then(|calculation| calculation.compute_ms);
    let stand_ms = elapsed_ms.or(done_ms.map(|ms| ms as f64));
    html! {
        div #race data-poll=[runs.then_some("/fragments/race")] {
            p { (standing(race)) }
            ol.race role="list" {
                @for racer in racers(race) {
                    li {
                        span { (racer.name) }
                        (bar(&racer, elapsed_ms, stand_ms))
                        span.aside { (racer.needs) }
                    }
                }
            }
            @if status.is_none_or(|status| matches!(status, Status::Failed | Status::Cancelled)) {
                (form::submit_button(&FINISH.to_string(), text::START))
            }
            p.aside { (rich(text::SOURCE)) }
        }
    }
}

/// Returns how long this system has computed; `None` unless it is computing.
fn elapsed_ms(race: &Race) -> Option<f64> {
    let calculation = race.calculation.as_ref().filter(|calculation| calculation.status == Status::Running)?;
    let started: Timestamp = calculation.started_at.as_deref()?.parse().ok()?;
    Some(race.now?.since(started).as_secs_f64() * 1_000.0)
}

fn standing(race: &Race) -> String {
    match race.calculation.as_ref().map(|calculation| (calculation.status, calculation.compute_ms)) {
        Some((Status::Done, Some(ms))) => {
            format!("{}{}. {}", text::DONE, format::duration(ms), text::REPLAY)
        }
        Some((Status::Running, _)) => text::RUNNING.to_owned(),
        Some((Status::Queued, _)) => text::QUEUED.to_owned(),
        _ => text::NOT_STARTED.to_owned(),
    }
}

fn racers(race: &Race) -> Vec<Racer> {
    let measured = |name: &'static str, ms: f64| Racer {
        name: html! { (name) },
        needs: html! { (format::long_duration(ms)) },
        ms: Some(ms),
        done: None,
    };
    let (python_n, python_ms) = PYTHON.last();
    // Its conversion to decimal takes a hundred times as long for ten times the n.
    let python_ms = python_ms * (FINISH as f64 / python_n).powi(2);
    vec![
        here(race),
        measured(FLINT.name, FLINT.last().1),
        measured(GMP.name, GMP.last().1),
        Racer { name: html! { (PYTHON.name) " *" }, ..measured(PYTHON.name, python_ms) },
        Racer {
            name: html! { (ORIGINAL_NAME) " *" },
            needs: sentences::years((original_log_ms(FINISH as f64) - LOG_YEAR_MS).floor()),
            ms: None,
            done: Some(0.0),
        },
    ]
}

fn here(race: &Race) -> Racer {
    let calculation = race.calculation.as_ref();
    let ms = calculation.and_then(|calculation| calculation.compute_ms);
    let done = match calculation.map(|calculation| calculation.status) {
        Some(Status::Done) => None,
        Some(Status::Running) => Some(calculation.and_then(|calculation| calculation.progress).unwrap_or(0.0)),
        _ => Some(0.0),
    };
    let needs = match (ms, calculation.and_then(|calculation| calculation.remaining_ms)) {
        (Some(ms), _) => format::long_duration(ms as f64),
        (None, Some(left)) => format::left(left),
        (None, None) => String::new(),
    };
    Racer { name: html! { strong { (text::HERE) } }, needs: html! { (needs) }, ms: ms.map(|ms| ms as f64), done }
}

/// Draws how far a racer is. The bar moves on at the racer's own speed; where nothing shall move, it stands.
fn bar(racer: &Racer, elapsed_ms: Option<f64>, stand_ms: Option<f64>) -> Markup {
    let percent = |share: f64| format!("{:.2}", 100.0 * share.clamp(0.0, 1.0));
    let moving = racer.ms.filter(|_| stand_ms.is_some() && racer.done.is_none());
    let still = racer.done.or_else(|| Some(stand_ms? / racer.ms?)).unwrap_or(0.0);
    html! {
        svg.track viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.bar.still[moving.is_some()] width=(percent(still)) height="4" {}
            @if let Some(ms) = moving {
                @let elapsed_ms = elapsed_ms.unwrap_or(0.0);
                rect.bar.moves width=(percent(elapsed_ms / ms)) height="4" {
                    animate attributeName="width" from="0" to="100" begin={ (format!("{:.2}", -elapsed_ms / 1_000.0)) "s" }
                        dur={ (format!("{:.3}", ms / 1_000.0)) "s" } fill="freeze" {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_those_of_the_measurements() {
        let race = Race { calculation: None, now: None };
        let needs: Vec<String> = racers(&race).into_iter().map(|racer| racer.needs.into_string()).collect();
        assert_eq!(needs, ["", "4.05 s", "1 min 26 s", "8.3 days", "10<sup>208,987,624</sup> years"]);
    }
}
