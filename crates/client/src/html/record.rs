//! The record: what was asked for, newest first.

use maud::{Markup, html};
use model::{Status, ValueState, WaitingFor};
use wire::{CalculationBody, CalculationList};

use super::words;
use crate::api_client::Cursor;

/// A page of the record, and where it began.
pub(crate) struct Record {
    pub(crate) list: CalculationList,
    pub(crate) after: Option<Cursor>,
}

/// Values up to so many digits are shown whole in a row.
const SHORT: usize = 60;
/// Of longer ones, so many digits at each end.
const ENDS: usize = 12;

/// The list itself, live.
pub(crate) fn record(record: &Record) -> Markup {
    let here = match &record.after {
        Some(after) => format!("/fragments/record?after={after}"),
        None => "/fragments/record".to_owned(),
    };
    html! {
        div #record data-live data-events="/api/events" data-fragment=(here) data-newest[record.after.is_none()] {
            @if record.list.items.is_empty() {
                p.empty { "Nothing yet. The first number asked for will stand here." }
            }
            ol.rows role="list" { @for calculation in &record.list.items { (row(calculation)) } }
            nav.paging aria-label="Pages of the record" {
                @if record.after.is_some() { a #newest href="/" { "← Newest" } }
                @if let Some(next) = record.list.next.as_deref().and_then(Cursor::read) {
                    a #older href={ "/?after=" (next) } { "Older →" }
                }
            }
        }
    }
}

/// One calculation in the list. The name in `id` and the times let the script find its place.
pub(crate) fn row(calculation: &CalculationBody) -> Markup {
    let index = &calculation.index;
    html! {
        li.row data-index=(index) data-asked=(calculation.asked_at) data-status=(calculation.status)
            data-news=[news(calculation)] {
            a.row-name id={ "n" (index) } href={ "/n/" (index) } { (words::name(index)) }
            div.row-value { (value(calculation)) }
            p.row-state { (state(calculation)) }
        }
    }
}

/// What is read out when it has come to an end.
pub(super) fn news(calculation: &CalculationBody) -> Option<String> {
    let subject = &calculation.subject;
    match calculation.status {
        Status::Queued | Status::Running => None,
        Status::Done => Some(format!("{subject} is done.")),
        Status::Failed => Some(format!("{subject} could not be computed.")),
        Status::Cancelled => Some(format!("{subject} was withdrawn.")),
    }
}

/// The bar and the words beside it, which the script moves.
pub(super) fn progress(calculation: &CalculationBody) -> Markup {
    let fraction = calculation.progress.unwrap_or(0.0);
    html! {
        span.progress {
            progress max="1" value=(fraction) aria-label={ "Progress of " (calculation.subject) } {}
        span.progress-words {
            span data-percent { (words::percent(fraction)) }
            " "
            span data-left { (calculation.remaining_ms.map(words::left).unwrap_or_default()) }
        }
        }
    }
}

/// What it is waiting for, if it waits.
pub(super) const fn waiting(calculation: &CalculationBody) -> &'static str {
    match calculation.waiting_for {
        None => "Waiting for its turn",
        Some(WaitingFor::Memory) => "Waiting for memory",
        Some(WaitingFor::Retry) => "Waiting to be tried again",
    }
}

fn value(calculation: &CalculationBody) -> Markup {
    let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref());
    match (calculation.status, calculation.value.as_deref(), ends) {
        (Status::Running, ..) => progress(calculation),
        (Status::Done, Some(value), _) if value.len() <= SHORT => html! { span.digits { (words::grouped(value)) } },
        (Status::Done, _, Some((first, last))) => {
            let first = first.get(..ENDS).unwrap_or(first);
            let last = last.get(last.len().saturating_sub(ENDS)..).unwrap_or(last);
            let sign = if is_negative(calculation) { "-" } else { "" };
            html! { span.digits { (sign) (first) span.gap { "…" } (last) } }
        }
        (Status::Failed, ..) => {
            html! { span.aside { (calculation.failure.as_ref().map_or("", |failure| failure.detail.as_str())) } }
        }
        (Status::Queued, ..) => html! { span.aside { "Will have " (words::digits(calculation.digits)) } },
        _ => html! { span.aside { "Not computed" } },
    }
}

fn state(calculation: &CalculationBody) -> Markup {
    html! {
        @match calculation.status {
            Status::Queued => span.status.queued { (waiting(calculation)) },
            Status::Running => span.status.running { "Computing" },
            Status::Done => {
                span.unseen { "Done: " }
                (words::digits(calculation.digits))
                @if calculation.value_state == Some(ValueState::Evicted) {
                    " · discarded"
                } @else if let Some(ms) = calculation.compute_ms {
                    " · " (words::duration(ms))
                }
            }
            Status::Failed => span.status.failed { "Failed" },
            Status::Cancelled => span.status.cancelled { "Withdrawn" },
        }
    }
}

/// F(−n) is negative for even n, and the first digits come without the sign.
pub(super) fn is_negative(calculation: &CalculationBody) -> bool {
    calculation.index.starts_with('-') && calculation.index.ends_with(['0', '2', '4', '6', '8'])
}
