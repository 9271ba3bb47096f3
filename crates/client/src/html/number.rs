//! The page of one number.

use maud::{Markup, html};
use model::{Index, Status, ValueState};
use wire::CalculationBody;

use super::layout::{Page, Place};
use super::record::{is_negative, news, progress, waiting};
use super::words;

/// Up to so many digits, the value is set in groups of three; longer ones in tens, which are easier to compare.
const GROUPED: usize = 60;
/// Text of up to so many digits opens well in a browser.
const OPENS_IN_BROWSER: u64 = 1_000_000;

/// The whole page. `mine` when this browser asked and may withdraw.
pub(crate) fn number(index: Index, calculation: &CalculationBody, mine: bool) -> Markup {
    let content = html! {
        (number_part(index, calculation, mine))
        (neighbours(index))
    };
    let refresh_s = (!calculation.status.is_final()).then(|| refresh(calculation));
    Page { title: &calculation.subject, place: Place::Elsewhere, refresh_s, content }.render()
}

/// The part that changes while it is computed.
pub(crate) fn number_part(index: Index, calculation: &CalculationBody, mine: bool) -> Markup {
    let ended = calculation.status.is_final();
    let events = (!ended).then(|| format!("/api/events?index={index}"));
    html! {
        article #number.number data-live data-index=(index) data-status=(calculation.status)
            data-fragment={ "/n/" (index) "/fragment" } data-events=[events] data-news=[news(calculation)] {
            div.section-head {
                h1 tabindex="-1" { (words::name(&calculation.index)) }
                @if !ended { p #live.live {} }
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
                    p.standing { span.status.cancelled { "Withdrawn" } " before it was computed." }
                    (ask_again(index, "Ask again"))
                }
            }
            @if !ended && mine {
                form method="post" action={ "/n/" (index) "/withdraw" } {
                    button #withdraw.quiet type="submit" { "Withdraw" }
                }
            }
            (facts(calculation))
        }
    }
}

/// 404 for a number nobody has asked for yet.
pub(crate) fn never_asked(index: Index) -> Markup {
    let title = format!("F({index})");
    let content = html! {
        article.number {
            h1 { (words::name(&index.to_string())) }
            p.standing { "Nobody has asked for this number yet." }
            (ask_again(index, "Compute it"))
        }
        (neighbours(index))
    };
    Page { title: &title, place: Place::Elsewhere, refresh_s: None, content }.render()
}

fn done(calculation: &CalculationBody) -> Markup {
    let value_path = format!("/api/calculations/{}/value", calculation.index);
    let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref());
    html! {
        @match (&calculation.value, ends) {
            (Some(value), _) if value.len() <= GROUPED => p #value.value.few { (words::grouped(value)) },
            (Some(value), _) => p #value.value.tens { (words::in_tens(value)) },
            (None, Some((first, last))) => p.value.ends {
                span { @if is_negative(calculation) { "-" } (first) }
                span.gap { "… " (words::grouped(&left_out(calculation.digits, first, last).to_string())) " more digits …" }
                span { (last) }
            },
            (None, None) => {}
        }
        @if calculation.value_state == Some(ValueState::Evicted) {
            p { "Its digits made room for those of other numbers. Asking again computes them again and compares." }
            (ask_again_text(&calculation.index, "Ask again"))
        } @else {
            p.actions {
                a #download.button href={ (value_path) "?download" } download {
                    "Download" span.size { (words::bytes(size_bytes(calculation))) }
                }
                @if calculation.digits <= OPENS_IN_BROWSER { a #open href=(value_path) { "Open as text" } }
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
        (ask_again_text(&calculation.index, "Ask again"))
    }
}

fn facts(calculation: &CalculationBody) -> Markup {
    html! {
        dl.facts {
            div { dt { "Digits" } dd { (words::grouped(&calculation.digits.to_string())) } }
            @if let Some(ms) = calculation.compute_ms { div { dt { "Computed in" } dd { (words::duration(ms)) } } }
            div {
                dt { "Asked for" }
                dd { @if calculation.asked == 1 { "once" } @else { (words::grouped(&calculation.asked.to_string())) " times" } }
            }
            div { dt { "First asked" } dd { (words::moment(&calculation.asked_at)) } }
            @if let Some(at) = &calculation.finished_at { div { dt { "Finished" } dd { (words::moment(at)) } } }
            @if let Some(sha256) = &calculation.sha256 {
                div.wide { dt { "SHA-256" } dd { code.hash { (sha256) } } }
            }
        }
    }
}

/// The numbers before and after, one press away. Forms, because asking creates work.
fn neighbours(index: Index) -> Markup {
    let beside = |step: i64| index.get().checked_add(step).map(|n| n.to_string());
    html! {
        nav.neighbours aria-label="Neighbours" {
            form method="post" action="/" {
                @if let Some(before) = beside(-1) {
                    button.quiet name="index" value=(before) { span { "← " (words::name(&before)) } }
                }
                a href="/" { "Another number" }
                @if let Some(after) = beside(1) {
                    button.quiet name="index" value=(after) { span { (words::name(&after)) " →" } }
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

/// Digits between the two ends that are shown.
fn left_out(digits: u64, first: &str, last: &str) -> u64 {
    let shown = u64::try_from(first.len() + last.len()).unwrap_or(u64::MAX);
    digits.saturating_sub(shown)
}

/// The size of the text: its digits and perhaps a sign.
fn size_bytes(calculation: &CalculationBody) -> u64 {
    calculation.digits + u64::from(is_negative(calculation))
}

/// Seconds until a browser without scripts looks again: a fifth of what is left, from 2 to 30.
fn refresh(calculation: &CalculationBody) -> u64 {
    (calculation.remaining_ms.unwrap_or(0) / 5_000).clamp(2, 30)
}
