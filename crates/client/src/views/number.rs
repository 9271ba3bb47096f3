//! The page of one number.

use maud::{Markup, html};
use model::{Index, Status, ValueState};
use wire::CalculationBody;

use super::format;
use super::history::{announcement, is_negative, progress, waiting};
use super::layout::{NavItem, PageLayout};

/// The most digits that are set in groups of three; more are set in tens, which are easier to compare.
const MAX_GROUPED_DIGITS: usize = 60;
/// The most digits of a text that opens well in a browser.
const MAX_OPEN_DIGITS: u64 = 1_000_000;

/// Renders the whole page. With `can_cancel` if this browser submitted the number.
pub(crate) fn number(index: Index, calculation: &CalculationBody, can_cancel: bool) -> Markup {
    let content = html! {
        (number_part(index, calculation, can_cancel))
        (neighbours(index))
    };
    let refresh_s = (!calculation.status.is_final()).then(|| refresh_s(calculation));
    PageLayout { title: &calculation.subject, nav: NavItem::Elsewhere, refresh_s, content }.render()
}

/// Renders the part that changes while it is computed.
pub(crate) fn number_part(index: Index, calculation: &CalculationBody, can_cancel: bool) -> Markup {
    let finished = calculation.status.is_final();
    let events = (!finished).then(|| format!("/api/events?index={index}"));
    html! {
        article #number.number data-live data-index=(index) data-status=(calculation.status)
            data-fragment={ "/n/" (index) "/fragment" } data-events=[events] data-announcement=[announcement(calculation)] {
            div.section-head {
                h1 tabindex="-1" { (format::name(&calculation.index)) }
                @if !finished { p #live.live {} }
            }
            @match calculation.status {
                Status::Queued => p.standing { span.status.queued { (waiting(calculation)) } },
                Status::Running => div.standing {
                    p { span.status.running { "Computing" } }
                    (progress(calculation))
                },
                Status::Done => (done(calculation)),
                Status::Failed => (failed(calculation)),
                Status::Cancelled => {
                    p.standing { span.status.cancelled { "Cancelled" } " before it was computed." }
                    (ask_again(index, "Compute again"))
                }
            }
            @if !finished && can_cancel {
                form method="post" action={ "/n/" (index) "/withdraw" } {
                    button #cancel.quiet type="submit" { "Cancel" }
                }
            }
            (facts(calculation))
        }
    }
}

/// Renders the page of a number that was never submitted.
pub(crate) fn never_submitted(index: Index) -> Markup {
    let title = format!("F({index})");
    let content = html! {
        article.number {
            h1 { (format::name(&index.to_string())) }
            p.standing { "This number has not been computed here yet." }
            (ask_again(index, "Compute it"))
        }
        (neighbours(index))
    };
    PageLayout { title: &title, nav: NavItem::Elsewhere, refresh_s: None, content }.render()
}

fn done(calculation: &CalculationBody) -> Markup {
    let value_path = format!("/api/calculations/{}/value", calculation.index);
    let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref());
    html! {
        @match (&calculation.value, ends) {
            (Some(value), _) if value.len() <= MAX_GROUPED_DIGITS => p #value.value.few { (format::grouped(value)) },
            (Some(value), _) => p #value.value.tens { (format::in_tens(value)) },
            (None, Some((first, last))) => p.value.ends {
                span { @if is_negative(calculation) { "-" } (first) }
                span.gap { "… " (format::grouped(&hidden_digits(calculation.digits, first, last).to_string())) " more digits …" }
                span { (last) }
            },
            (None, None) => {}
        }
        @if calculation.value_state == Some(ValueState::Evicted) {
            p { "Its digits were evicted to make room for other numbers. They can be computed again, and are then compared." }
            (ask_again_text(&calculation.index, "Compute again"))
        } @else {
            p.actions {
                a #download.button href={ (value_path) "?download" } download {
                    "Download" span.size { (format::bytes(size_bytes(calculation))) }
                }
                @if calculation.digits <= MAX_OPEN_DIGITS { a #open href=(value_path) { "Open as text" } }
                @if calculation.value.is_some() {
                    button #copy.quiet type="button" data-copy="value" hidden { "Copy digits" }
                }
            }
        }
    }
}

fn failed(calculation: &CalculationBody) -> Markup {
    html! {
        div.standing {
            p { span.status.failed { "Failed" } }
            @if let Some(failure) = &calculation.failure {
                p { (failure.detail) }
                p.muted { (failure.attempts) @if failure.attempts == 1 { " attempt" } @else { " attempts" } }
            }
        }
        (ask_again_text(&calculation.index, "Compute again"))
    }
}

fn facts(calculation: &CalculationBody) -> Markup {
    html! {
        dl.facts {
            div { dt { "Digits" } dd { (format::grouped(&calculation.digits.to_string())) } }
            @if let Some(ms) = calculation.compute_ms { div { dt { "Computed in" } dd { (format::duration(ms)) } } }
            div {
                dt { "Requested" }
                dd { @if calculation.asked == 1 { "once" } @else { (format::grouped(&calculation.asked.to_string())) " times" } }
            }
            div { dt { "First requested" } dd { (format::moment(&calculation.asked_at)) } }
            @if let Some(at) = &calculation.finished_at { div { dt { "Finished" } dd { (format::moment(at)) } } }
            @if let Some(sha256) = &calculation.sha256 {
                div.wide { dt { "SHA-256" } dd { code.hash { (sha256) } } }
            }
        }
    }
}

/// Renders buttons for the numbers before and after. They are forms because submitting creates work.
fn neighbours(index: Index) -> Markup {
    let beside = |step: i64| index.get().checked_add(step).map(|n| n.to_string());
    html! {
        nav.neighbours aria-label="Neighbours" {
            form method="post" action="/" {
                @if let Some(before) = beside(-1) {
                    button.quiet name="index" value=(before) { span { "← " (format::name(&before)) } }
                }
                a href="/" { "Another number" }
                @if let Some(after) = beside(1) {
                    button.quiet name="index" value=(after) { span { (format::name(&after)) " →" } }
                }
            }
        }
    }
}

fn ask_again(index: Index, words: &str) -> Markup {
    ask_again_text(&index.to_string(), words)
}

fn ask_again_text(index: &str, words: &str) -> Markup {
    html! {
        form.again method="post" action="/" {
            button #again name="index" value=(index) { (words) }
        }
    }
}

/// Returns the count of digits between the two ends that are shown.
fn hidden_digits(digits: u64, first: &str, last: &str) -> u64 {
    let shown = u64::try_from(first.len() + last.len()).unwrap_or(u64::MAX);
    digits.saturating_sub(shown)
}

/// Returns the size of the text: its digits and perhaps a sign.
fn size_bytes(calculation: &CalculationBody) -> u64 {
    calculation.digits + u64::from(is_negative(calculation))
}

/// Returns the seconds until a browser without scripts reloads: a fifth of the time left, from 2 to 30.
fn refresh_s(calculation: &CalculationBody) -> u64 {
    (calculation.remaining_ms.unwrap_or(0) / 5_000).clamp(2, 30)
}
