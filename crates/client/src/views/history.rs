//! The history: recent calculations, newest first.

use maud::{Markup, html};
use model::{Status, ValueState, WaitingFor};
use wire::{CalculationBody, CalculationList};

use super::format;
use super::text::history as text;
use crate::api_client::Cursor;

/// A page of the history, and the cursor it began at.
pub(crate) struct History {
    pub(crate) list: CalculationList,
    pub(crate) after: Option<Cursor>,
}

/// The most digits of a value that a row shows whole.
const MAX_WHOLE_DIGITS: usize = 60;
/// The digits that a row shows of each end of a longer value.
const END_DIGITS: usize = 12;

/// Renders the list.
pub(crate) fn history(history: &History) -> Markup {
    let here = match &history.after {
        Some(after) => format!("/fragments/history?after={after}"),
        None => "/fragments/history".to_owned(),
    };
    html! {
        div #history data-live data-events="/api/events" data-fragment=(here) data-newest[history.after.is_none()] {
            @if history.list.items.is_empty() {
                p.empty { (text::EMPTY) }
            }
            ol.rows role="list" { @for calculation in &history.list.items { (row(calculation)) } }
            nav.paging aria-label=(text::PAGES) {
                @if history.after.is_some() { a #newest href="/" { (text::NEWEST) } }
                @if let Some(next) = history.list.next.as_deref().and_then(Cursor::parse) {
                    a #older href={ "/?after=" (next) } { (text::OLDER) }
                }
            }
        }
    }
}

/// Renders one calculation of the list. The script finds its position by `id` and time.
pub(crate) fn row(calculation: &CalculationBody) -> Markup {
    let index = &calculation.index;
    html! {
        li.row data-index=(index) data-asked=(calculation.asked_at) data-status=(calculation.status)
            data-announcement=[announcement(calculation)] {
            a.row-name id={ "n" (index) } href={ "/n/" (index) } { (format::name(index)) }
            div.row-value { (value(calculation)) }
            p.row-state { (state(calculation)) }
        }
    }
}

/// Returns the announcement of a final status.
pub(super) fn announcement(calculation: &CalculationBody) -> Option<String> {
    let subject = &calculation.subject;
    match calculation.status {
        Status::Queued | Status::Running => None,
        Status::Done => Some(format!("{subject} is done.")),
        Status::Failed => Some(format!("{subject} could not be computed.")),
        Status::Cancelled => Some(format!("{subject} was cancelled.")),
    }
}

/// Renders the progress bar and the text beside it, which the script updates.
pub(super) fn progress(calculation: &CalculationBody) -> Markup {
    let fraction = calculation.progress.unwrap_or(0.0);
    html! {
        span.progress {
            progress max="1" value=(fraction) aria-label={ "Progress of " (calculation.subject) } {}
        span.progress-words {
            span data-percent { (format::percent(fraction)) }
            " "
            span data-left { (calculation.remaining_ms.map(format::left).unwrap_or_default()) }
        }
        }
    }
}

/// Says what a queued calculation waits for.
pub(super) const fn waiting(calculation: &CalculationBody) -> &'static str {
    match calculation.waiting_for {
        None => text::WAITING,
        Some(WaitingFor::Memory) => text::WAITING_FOR_MEMORY,
        Some(WaitingFor::Retry) => text::WAITING_FOR_RETRY,
        Some(WaitingFor::Storage) => text::WAITING_FOR_STORAGE,
    }
}

fn value(calculation: &CalculationBody) -> Markup {
    let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref());
    match (calculation.status, calculation.value.as_deref(), ends) {
        (Status::Running, ..) => progress(calculation),
        (Status::Done, Some(value), _) if value.len() <= MAX_WHOLE_DIGITS => {
            html! { span.digits { (format::grouped(value)) } }
        }
        (Status::Done, _, Some((first, last))) => {
            let first = first.get(..END_DIGITS).unwrap_or(first);
            let last = last.get(last.len().saturating_sub(END_DIGITS)..).unwrap_or(last);
            let sign = if is_negative(calculation) { format::MINUS } else { "" };
            html! { span.digits { (sign) (first) span.gap { "…" } (last) } }
        }
        (Status::Failed, ..) => {
            html! { span.aside { (calculation.failure.as_ref().map_or("", |failure| failure.detail.as_str())) } }
        }
        (Status::Queued, ..) => html! { span.aside { (text::WILL_HAVE) (format::digits(calculation.digits)) } },
        _ => html! { span.aside { (text::NOT_COMPUTED) } },
    }
}

fn state(calculation: &CalculationBody) -> Markup {
    html! {
        @match calculation.status {
            Status::Queued => span.status.queued { (waiting(calculation)) },
            Status::Running => span.status.running { (text::RUNNING) },
            Status::Done => {
                span.unseen { (text::DONE) }
                (format::digits(calculation.digits))
                @if calculation.value_state == Some(ValueState::Evicted) {
                    (text::EVICTED)
                } @else if let Some(ms) = calculation.compute_ms {
                    " · " (format::duration(ms))
                }
            }
            Status::Failed => span.status.failed { (text::FAILED) },
            Status::Cancelled => span.status.cancelled { (text::CANCELLED) },
        }
    }
}

/// Returns whether the value is negative, which F(−n) is for even n. `first_digits` has no sign.
pub(crate) fn is_negative(calculation: &CalculationBody) -> bool {
    calculation.index.starts_with('-') && calculation.index.ends_with(['0', '2', '4', '6', '8'])
}
