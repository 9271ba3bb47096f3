//! The page of a subject other than F(n): its calculation.

mod proof;

use maud::{Markup, html};
use model::{Status, Subject, ValueState};
use wire::{CalculationBody, SystemStatus};

use super::form::submit_button;
use super::format;
use super::history::{progress, sign, waiting};
use super::journey;
use super::layout::{NavItem, PageLayout};
use super::offer::{Offer, offer};
use super::sentences;
use super::system::queue_now;
use super::text::{history, number as text, subject as words};

/// What is known about a subject.
pub(crate) struct SubjectPage {
    pub(crate) subject: Subject,
    pub(crate) calculation: Option<CalculationBody>,
    /// What its calculation would take, if it was never submitted.
    pub(crate) offer: Option<Offer>,
    /// The state of the system, while the calculation is queued.
    pub(crate) system: Option<SystemStatus>,
    /// Whether this browser submitted it and can cancel it.
    pub(crate) can_cancel: bool,
}

/// Renders the page.
pub(crate) fn subject(page: &SubjectPage) -> Markup {
    let name = page.subject.to_string();
    let pending = page.calculation.as_ref().filter(|calculation| !calculation.status.is_final());
    PageLayout {
        title: &name,
        description: &format!("{name}: {}", definition(&page.subject)),
        canonical: None,
        preview: None,
        nav: NavItem::Elsewhere,
        refresh_s: pending.map(super::number::refresh_s),
        content: subject_part(page),
    }
    .render()
}

/// Renders the part that changes while it is computed.
pub(crate) fn subject_part(page: &SubjectPage) -> Markup {
    let name = page.subject.to_string();
    let status_now = page.calculation.as_ref().map(|calculation| calculation.status);
    let pending = status_now.is_some_and(|status| !status.is_final());
    let announcement = page.calculation.as_ref().and_then(super::history::announcement);
    html! {
        article #number.number data-live data-subject=(name) data-status=[status_now] data-pending[pending]
            data-fragment={ "/n/" (name) "/fragment" } data-announcement=[announcement] {
            div.section-head {
                h1 tabindex="-1" { (format::subject(&name)) }
                @if pending { p #live.live {} }
            }
            div.number-head { div {
                p.sentence { (definition(&page.subject)) }
                @if let Some(index) = page.subject.index() && !matches!(page.subject, Subject::GoldenRatio(_)) {
                    nav.chips aria-label=(text::NEIGHBOURS) {
                        a href={ "/n/" (index) } { span { (format::name(&index.to_string())) } }
                    }
                }
            } }
            @if let Some(calculation) = &page.calculation { (status(page, calculation)) }
            @if let Some(unsubmitted) = &page.offer { (offer(unsubmitted)) }
        }
    }
}

/// Returns the definition of a subject in a sentence.
pub(super) fn definition(subject: &Subject) -> String {
    match subject {
        Subject::Fibonacci(_) => String::new(),
        Subject::Lucas(_) => words::LUCAS.to_owned(),
        Subject::U { p, q, .. } => format!("{}{}", words::U, recurrence(*p, *q)),
        Subject::V { p, q, .. } => format!("x(0) = 2, x(1) = {}{}", signed(*p), recurrence(*p, *q)),
        Subject::Seeded { a, b, .. } => format!("x(0) = {}, x(1) = {}{}", signed(*a), signed(*b), words::FIBONACCI),
        Subject::Kbonacci { k, .. } => format!("{}{k}{}", words::KBONACCI_BEFORE, words::KBONACCI_AFTER),
        Subject::PisanoPeriod(m) => format!("{}{}{}", words::PISANO_BEFORE, commas(m), words::PISANO_AFTER),
        Subject::EntryPoint(m) => format!("{}{}{}", words::ENTRY_BEFORE, commas(m), words::ENTRY_AFTER),
        Subject::GoldenRatio(places) => format!("{}{}{}", words::PHI_BEFORE, commas(places), words::PHI_AFTER),
    }
}

fn recurrence(p: i64, q: i64) -> String {
    format!(", and x(n) = {}·x(n−1) − ({})·x(n−2).", signed(p), signed(q))
}

fn commas(number: &impl ToString) -> String {
    format::with_commas(&number.to_string())
}

/// Returns a number with a true minus sign.
fn signed(number: i64) -> String {
    number.to_string().replace('-', format::MINUS)
}

fn status(page: &SubjectPage, calculation: &CalculationBody) -> Markup {
    let name = page.subject.to_string();
    html! {
        @match calculation.status {
            Status::Queued => {
                p.standing { span.status.queued { (waiting(calculation)) } }
                @if calculation.waiting_for.is_none() { (queue_now(&page.subject, page.system.as_ref())) }
            }
            Status::Running => div.standing {
                p { span.status.running { (history::RUNNING) } }
                (progress(calculation))
            },
            Status::Done if calculation.value_state == Some(ValueState::Evicted) => {
                p.standing { (text::EVICTED) }
                (submit_button(&name, text::COMPUTE_AGAIN))
            }
            Status::Done => {}
            Status::Failed => {
                div.standing {
                    p { span.status.failed { (history::FAILED) } }
                    @if let Some(failure) = &calculation.failure { p { (failure.detail) } }
                }
                (submit_button(&name, text::COMPUTE_AGAIN))
            }
            Status::Cancelled => {
                p.standing { span.status.cancelled { (text::CANCELLED) } }
                (submit_button(&name, text::COMPUTE_AGAIN))
            }
        }
        @if !calculation.status.is_final() && page.can_cancel {
            form method="post" action={ "/n/" (name) "/withdraw" } {
                button #cancel.quiet type="submit" { (text::CANCEL) }
            }
        }
        (digits(calculation))
        (proof::section(&page.subject, calculation))
        (journey::section(calculation))
        @if let Some(sha256) = &calculation.sha256 {
            section.provenance { p { (sentences::sha256(sha256)) } }
        }
    }
}

/// Renders the value if it is short, else its ends, with links to all of it.
fn digits(calculation: &CalculationBody) -> Markup {
    let ends = calculation.first_digits.as_deref().zip(calculation.last_digits.as_deref());
    let Some((first, last)) = ends else { return html! {} };
    let hidden = calculation.digits.saturating_sub((first.len() + last.len()) as u64);
    let is_stored = calculation.value_state != Some(ValueState::Evicted);
    html! {
        section.viewer.ends-only aria-label=(text::DIGITS) {
            header.viewer-head { h2 { (format::digit_count(&calculation.digits.to_string())) } }
            dl.ends {
                @if let Some(value) = &calculation.value {
                    dt.unseen { (text::DIGITS) }
                    dd { @if value.starts_with('-') { (format::MINUS) } (format::in_tens(value.trim_start_matches('-'))) }
                } @else {
                    @let sign = sign(calculation);
                    dt { (text::FIRST_DIGITS) @if sign.is_none() { (words::WITHOUT_SIGN) } }
                    dd { (sign.unwrap_or_default()) (format::in_tens(first)) }
                    dt.hidden-count { "… " (format::digit_count(&hidden.to_string())) (text::HIDDEN) }
                    dt { (text::LAST_DIGITS) }
                    dd { (format::in_tens(last)) }
                }
            }
            @if is_stored {
                footer.viewer-foot {
                    a href={ (calculation.links.value) "?download" } download { (text::DOWNLOAD) }
                    a href={ (calculation.links.value) "/digits" } { (text::DIGIT_COUNTS) }
                    a href=(calculation.links.this) { (text::JSON) }
                }
            }
        }
    }
}
