//! The status of a calculation, and the actions it allows.

use maud::{Markup, html};
use model::{Index, Status, ValueState};
use wire::CalculationBody;

use super::super::form::submit_button;
use super::super::format;
use super::super::history::{is_negative, progress, waiting};
use super::super::sentences;
use super::super::system::queue_now;
use super::super::text::{history, number as text, offer as offer_text};
use super::NumberPage;

/// Renders the status, and what can be done about it; nothing for a value that is there.
pub(super) fn status(page: &NumberPage, calculation: &CalculationBody) -> Markup {
    html! {
        @match calculation.status {
            Status::Queued => {
                p.standing { span.status.queued { (waiting(calculation)) } }
                (estimate(page))
                @if let (None, Ok(index)) = (calculation.waiting_for, page.index.parse::<Index>()) {
                    (queue_now(&index.into(), page.system.as_ref()))
                }
            }
            Status::Running => div.standing {
                p { span.status.running { (history::RUNNING) } }
                (progress(calculation))
                (estimate(page))
            },
            Status::Done if calculation.value_state == Some(ValueState::Evicted) => {
                p.standing { (text::EVICTED) }
                (submit_button(&page.index, text::COMPUTE_AGAIN))
            }
            Status::Done => {}
            Status::Failed => {
                div.standing {
                    p { span.status.failed { (history::FAILED) } }
                    @if let Some(failure) = &calculation.failure {
                        p { (failure.detail) }
                        p.aside { (sentences::attempts(failure.attempts)) }
                    }
                }
                (submit_button(&page.index, text::COMPUTE_AGAIN))
            }
            Status::Cancelled => {
                p.standing { span.status.cancelled { (text::CANCELLED) } }
                (submit_button(&page.index, text::COMPUTE_AGAIN))
            }
        }
        @if !calculation.status.is_final() && page.can_cancel {
            form method="post" action={ "/n/" (page.index) "/withdraw" } {
                button #cancel.quiet type="submit" { (text::CANCEL) }
            }
        }
    }
}

/// Says what the computation takes.
fn estimate(page: &NumberPage) -> Markup {
    html! { @if let Some(facts) = &page.facts { p.aside { (text::TAKES) (sentences::cost(facts)) "." } } }
}

/// Returns the seconds until a browser without scripts reloads: a fifth of the time left, from 2 to 30.
pub(in crate::views) fn refresh_s(calculation: &CalculationBody) -> u64 {
    (calculation.remaining_ms.unwrap_or(0) / 5_000).clamp(2, 30)
}

/// Renders the first and last digits of a value that is not on the page, and offers to compute what was never submitted.
pub(super) fn ends(page: &NumberPage) -> Markup {
    html! {
        (first_and_last(page))
        @if page.calculation.is_none() { (offer(page)) }
    }
}

fn first_and_last(page: &NumberPage) -> Markup {
    let known =
        page.facts.as_ref().map(|facts| (facts.first_digits.as_str(), facts.last_digits.as_str(), facts.negative));
    let stored = page.calculation.as_ref().and_then(|calculation| {
        let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref())?;
        Some((ends.0, ends.1, is_negative(calculation)))
    });
    let Some((first, last, negative)) = known.or(stored) else { return html! {} };
    let count = page.facts.as_ref().map(|facts| facts.digits.clone());
    let count = count.or_else(|| page.calculation.as_ref().map(|calculation| calculation.digits.to_string()));
    let hidden = count.as_deref().map(|count| format::digit_count(&less(count, first.len() + last.len())));
    html! {
        section.viewer.ends-only aria-label=(text::DIGITS) {
            dl.ends {
                dt { (text::FIRST_DIGITS) }
                dd { @if negative { (format::MINUS) } (format::in_tens(first)) }
                @if let Some(hidden) = hidden { dt.hidden-count { "… " (hidden) (text::HIDDEN) } }
                dt { (text::LAST_DIGITS) }
                dd { (format::in_tens(last)) }
            }
        }
    }
}

/// Subtracts a small number from one in decimal.
fn less(count: &str, small: usize) -> String {
    let split = count.len().saturating_sub(30);
    let (high, low) = count.split_at(split);
    match (low.parse::<u128>(), u128::try_from(small)) {
        (Ok(low), Ok(small)) if high.is_empty() => low.saturating_sub(small).to_string(),
        (Ok(low), Ok(small)) if low >= small => format!("{high}{:030}", low - small),
        _ => count.to_owned(),
    }
}

/// Offers to compute what was never submitted, or says that it is beyond the limit.
fn offer(page: &NumberPage) -> Markup {
    let Some(facts) = &page.facts else { return submit_button(&page.index, offer_text::ALL_DIGITS) };
    html! {
        @if facts.accepted {
            div.offer { (submit_button(&page.index, offer_text::ALL_DIGITS)) p.aside { (sentences::cost(facts)) } }
        } @else {
            p.aside.beyond { (sentences::beyond(facts)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::less;

    #[test]
    fn counts_of_any_length_are_subtracted_from() {
        assert_eq!(less("208988", 40), "208948");
        assert_eq!(less("9", 40), "0");
        let long = format!("2{}", "0".repeat(40));
        assert_eq!(less(&format!("{}5", &long[..40]), 3), format!("{}2", &long[..40]));
    }
}
