//! The way of a number through the system, with the times that were measured for it.

use maud::{Markup, html};
use model::{Status, Timestamp};
use wire::CalculationBody;

use super::format;
use super::system_drawing::{PartFigures, SystemPart, drawing};
use super::text::journey as text;

/// How long a calculation was in each part. What was not measured is `None`.
pub(super) struct Journey {
    pub(super) place: SystemPart,
    accepted_at: Option<Timestamp>,
    pub(super) waited_ms: Option<u64>,
    pub(super) computed_ms: Option<u64>,
    pub(super) stored_ms: Option<u64>,
    pub(super) announced_ms: Option<u64>,
    total_ms: Option<u64>,
    attempts: u32,
}

impl Journey {
    /// Returns the way of a calculation; `None` if it ended without a value.
    pub(super) fn of(calculation: &CalculationBody) -> Option<Self> {
        let place = match calculation.status {
            Status::Queued => SystemPart::Queue,
            Status::Running => SystemPart::Worker,
            Status::Done => SystemPart::Browser,
            Status::Failed | Status::Cancelled => return None,
        };
        let at = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        let between = |from: Option<Timestamp>, to: Option<Timestamp>| {
            let (from, to) = (from?, to?);
            // Clocks of different machines may contradict each other.
            u64::try_from(to.unix_ms() - from.unix_ms()).ok()
        };
        let [accepted_at, started_at, finished_at, announced_at] =
            [&calculation.queued_at, &calculation.started_at, &calculation.finished_at, &calculation.announced_at]
                .map(at);
        let computed_ms = calculation.compute_ms;
        let stored_ms = between(started_at, finished_at).zip(computed_ms);
        Some(Self {
            place,
            accepted_at,
            waited_ms: between(accepted_at, started_at),
            computed_ms,
            stored_ms: stored_ms.map(|(both, computed)| both.saturating_sub(computed)),
            announced_ms: between(finished_at, announced_at),
            total_ms: between(accepted_at, announced_at),
            attempts: calculation.attempt,
        })
    }

    /// Returns what stands in the parts of the drawing.
    fn figures(&self) -> PartFigures {
        let ms = |ms: Option<u64>| ms.map(format::duration).unwrap_or_default();
        let mut figures = PartFigures::default();
        figures[SystemPart::Api as usize] = ms(self.announced_ms);
        figures[SystemPart::Store as usize] = ms(self.stored_ms);
        figures[SystemPart::Queue as usize] = ms(self.waited_ms);
        figures[SystemPart::Worker as usize] = ms(self.computed_ms);
        figures
    }

    /// Lists the parts with their times.
    pub(super) fn list(&self) -> Markup {
        let legs = [
            (self.waited_ms, if self.attempts > 1 { text::WAITED_ATTEMPTS } else { text::WAITED }),
            (self.computed_ms, text::COMPUTED),
            (self.stored_ms, text::STORED),
            (self.announced_ms, text::ANNOUNCED),
        ];
        html! {
            ol.journey role="list" {
                @if let Some(at) = self.accepted_at {
                    li { span { "0 ms" } span { (text::ACCEPTED) " " (format::moment(&at.to_string())) (text::PROMISE) } }
                }
                @for (ms, words) in legs {
                    @if let Some(ms) = ms { li { span { (format::duration(ms)) } span { (words) } } }
                }
                @match self.place {
                    SystemPart::Queue => li { span { "…" } span { (text::IN_QUEUE) } },
                    SystemPart::Worker => li { span { "…" } span { (text::IN_WORKER) } },
                    _ => @if let Some(ms) = self.total_ms { li { strong { (format::duration(ms)) } span { (text::TOTAL) } } }
                }
            }
        }
    }
}

/// Renders the section of a number's page: the drawing of the system, in which it moves, and the list of its times.
pub(super) fn section(calculation: &CalculationBody) -> Markup {
    let Some(journey) = Journey::of(calculation) else { return html! {} };
    let label = format!("{} {}", text::DRAWING, calculation.subject);
    html! {
        section aria-labelledby="journey" {
            h2 #journey { (text::TITLE) }
            (drawing(&journey.figures(), &label, Some(&journey)))
            (journey.list())
            p.aside { (text::MORE_BEFORE) a href="/about" { (text::MORE_LINK) } "." }
        }
    }
}
