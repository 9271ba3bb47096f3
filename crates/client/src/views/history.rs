//! The history: calculations, all or some, newest first or in another order.

use maud::{Markup, html};
use model::{Status, Subject, ValueState, WaitingFor};
use wire::{CalculationBody, CalculationList};

use super::format;
use super::sentences;
use super::text::history as text;
use crate::api_client::Cursor;
use crate::history_view::HistoryView;

/// A page of the history, and the cursor it began at.
pub(crate) struct History {
    pub(crate) list: CalculationList,
    pub(crate) view: HistoryView,
    pub(crate) after: Option<Cursor>,
}

/// The most digits of a value that a row shows whole.
const MAX_WHOLE_DIGITS: usize = 60;
/// The digits that a row shows of each end of a longer value.
const END_DIGITS: usize = 12;

/// Renders the list.
pub(crate) fn history(history: &History) -> Markup {
    let here = address("/fragments/history", &history.view, history.after.as_ref());
    let newest = match history.view {
        HistoryView::All if history.after.is_none() => Some("numbers"),
        HistoryView::Others if history.after.is_none() => Some("others"),
        _ => None,
    };
    html! {
        div #history data-live data-fragment=(here) data-newest=[newest] {
            (filters(history))
            @if let HistoryView::From(index) = &history.view {
                p.aside { (text::FROM_BEFORE) a href={ "/n/" (index) } { (format::name(index)) } (text::FROM_AFTER) }
            }
            @if history.list.items.is_empty() {
                p.empty { (if history.view == HistoryView::All { text::EMPTY } else { text::NONE }) }
            }
            ol.rows role="list" { @for calculation in &history.list.items { (row(calculation)) } }
            nav.paging aria-label=(text::PAGES) {
                @let is_newest_first = matches!(history.view, HistoryView::All | HistoryView::Unfinished | HistoryView::Others);
                @if history.after.is_some() {
                    a #newest href=(address("/", &history.view, None)) { (if is_newest_first { text::NEWEST } else { text::FIRST }) }
                }
                @if let Some(next) = history.list.next.as_deref().and_then(Cursor::parse) {
                    a #older href=(address("/", &history.view, Some(&next))) { (if is_newest_first { text::OLDER } else { text::MORE }) }
                }
            }
        }
    }
}

/// Renders links to the other lists, and how many calculations this one has.
fn filters(history: &History) -> Markup {
    let from = if let HistoryView::From(index) = &history.view { index.as_str() } else { "" };
    html! {
        div.filters {
            nav aria-label=(text::LISTS) {
                @for (view, words) in [
                    (HistoryView::All, text::ALL),
                    (HistoryView::Mine, text::MINE),
                    (HistoryView::Unfinished, text::UNFINISHED),
                    (HistoryView::Largest, text::LARGEST),
                    (HistoryView::Others, text::OTHERS),
                ] {
                    a href=(address("/", &view, None)) aria-current=[(view == history.view).then_some("page")] { (words) }
                }
            }
            form.inline method="get" action="/" {
                label for="from" { (text::FIND) }
                input #from type="search" name="from" maxlength="200" required autocomplete="off" autocapitalize="none"
                    spellcheck="false" placeholder=(text::FIND_EXAMPLE) value=(from);
                button.quiet { (text::SHOW) }
            }
            @if let Some(total) = history.list.total {
                p.total { span #total data-total=(total) { (format::with_commas(&total.to_string())) } (text::IN_ALL) }
            }
        }
    }
}

/// Returns the address of a page of a list.
fn address(path: &str, view: &HistoryView, after: Option<&Cursor>) -> String {
    let list = view.page_query();
    let query: Vec<String> = list.into_iter().chain(after.map(|after| format!("after={after}"))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

/// Renders one calculation of the list. The script finds its position by `data-subject` and time.
pub(crate) fn row(calculation: &CalculationBody) -> Markup {
    let subject = &calculation.subject;
    html! {
        li.row data-subject=(subject) data-asked=(calculation.asked_at) data-status=(calculation.status)
            data-announcement=[announcement(calculation)] {
            a.row-name id={ "row-" (subject) } href=(calculation.links.page) { (format::subject(subject)) }
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
        Status::Done => Some(sentences::is_done(subject)),
        Status::Failed => Some(sentences::has_failed(subject)),
        Status::Cancelled => Some(sentences::was_cancelled(subject)),
    }
}

/// Renders the progress bar and the text beside it, which the script updates.
pub(super) fn progress(calculation: &CalculationBody) -> Markup {
    let fraction = calculation.progress.unwrap_or(0.0);
    html! {
        span.progress {
            progress max="1" value=(fraction) aria-label=(sentences::progress_of(&calculation.subject)) {}
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
    let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref()).zip(sign(calculation));
    match (calculation.status, calculation.value.as_deref(), ends) {
        (Status::Running, ..) => progress(calculation),
        (Status::Done, Some(value), _) if value.len() <= MAX_WHOLE_DIGITS => {
            html! { span.digits { (format::grouped(value)) } }
        }
        (Status::Done, _, Some(((first, last), sign))) => {
            let first = first.get(..END_DIGITS).unwrap_or(first);
            let last = last.get(last.len().saturating_sub(END_DIGITS)..).unwrap_or(last);
            html! { span.digits { (sign) (first) span.gap { "…" } (last) } }
        }
        (Status::Failed, ..) => {
            html! { span.aside { (calculation.failure.as_ref().map_or("", |failure| failure.detail.as_str())) } }
        }
        (Status::Queued, ..) if is_number(calculation) => {
            html! { span.aside { (text::WILL_HAVE) (format::digits(calculation.digits)) } }
        }
        (Status::Done | Status::Queued, ..) => html! {},
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

/// Returns whether a calculation is that of F(n).
fn is_number(calculation: &CalculationBody) -> bool {
    calculation.subject.starts_with("F(")
}

/// Returns the sign of the value, which `first_digits` lacks; `None` where the subject does not tell it.
pub(super) fn sign(calculation: &CalculationBody) -> Option<&'static str> {
    let is_negative = match calculation.subject.parse().ok()? {
        Subject::Fibonacci(_) => is_negative(calculation),
        Subject::Lucas(n) => n.get() < 0 && n.get() % 2 != 0,
        Subject::PisanoPeriod(_) | Subject::EntryPoint(_) | Subject::GoldenRatio(_) => false,
        Subject::Kbonacci { n, .. } if n.get() >= 0 => false,
        _ => return None,
    };
    Some(if is_negative { format::MINUS } else { "" })
}

/// Returns whether the value of F(n) is negative, which F(−n) is for even n.
pub(crate) fn is_negative(calculation: &CalculationBody) -> bool {
    calculation.index.starts_with('-') && calculation.index.ends_with(['0', '2', '4', '6', '8'])
}
