//! The offer to compute what is not known yet, with what that would take.

use maud::{Markup, html};
use model::Subject;
use wire::{EstimateBody, Problem};

use super::form::{further_button, submit_button};
use super::sentences;
use super::text::offer as text;

/// A calculation that may be started.
pub(crate) struct Offer {
    pub(crate) subject: Subject,
    /// What it would take, or why it is refused; `None` if the API does not say.
    pub(crate) estimate: Option<Result<EstimateBody, Box<Problem>>>,
}

/// Renders the offer of the page's own subject.
pub(super) fn offer(offer: &Offer) -> Markup {
    render(offer, submit_button)
}

/// Renders the offer of another subject.
pub(super) fn further_offer(offer: &Offer) -> Markup {
    render(offer, further_button)
}

/// Renders the button that starts it and what it would take, or a sentence that says why it cannot be started.
fn render(offer: &Offer, button: fn(&str, &str) -> Markup) -> Markup {
    let takes = takes(offer);
    html! {
        @if let Some(Err(_)) = offer.estimate {
            p.aside.beyond { (takes.unwrap_or_default()) }
        } @else {
            div.offer {
                (button(&offer.subject.to_string(), &words(&offer.subject)))
                @if let Some(takes) = takes { p.aside { (takes) } }
            }
        }
    }
}

/// Says what it would take, if that is known.
pub(super) fn takes(offer: &Offer) -> Option<String> {
    match &offer.estimate {
        Some(Ok(estimate)) => Some(sentences::takes(estimate.estimated_ms, estimate.estimated_memory_bytes)),
        Some(Err(problem)) => Some(sentences::refused(problem)),
        None => None,
    }
}

/// Returns the words of the button.
fn words(subject: &Subject) -> String {
    match subject {
        Subject::PisanoPeriod(_) => text::PERIOD.to_owned(),
        Subject::EntryPoint(_) => text::ENTRY_POINT.to_owned(),
        Subject::GoldenRatio(places) => sentences::compute_phi(&places.to_string()),
        _ => text::ALL_DIGITS.to_owned(),
    }
}
