//! The page of one number.

mod digits;
mod facts;
mod find;
mod status;
mod verify;

use maud::{Markup, html};
use model::Status;
use wire::{CalculationBody, ModulusPeriod, NumberFacts, SystemStatus};

pub(crate) use digits::{DigitPage, LINE_DIGITS, PAGE_DIGITS, page_start};
pub(crate) use facts::places_of_phi;
pub(in crate::views) use status::refresh_s;

pub(crate) use find::{DigitFind, FindResult, digits_only};
pub(crate) use verify::VerifiedCopy;

use super::drawing::golden_rectangle;
use super::format::{self, plain_name};
use super::journey;
use super::layout::{NavItem, PageLayout};
use super::offer::Offer;
use super::race::{self, FINISH, Race};
use super::sentences;
use super::speed::MeasuredTime;
use super::text::{number as text, race as race_text};

/// The neighbours of a longer index are named by what they are to n.
const MAX_NAMED_DIGITS: usize = 9;

/// Everything that is known about a number.
pub(crate) struct NumberPage {
    /// The index in plain digits.
    pub(crate) index: String,
    /// Its address with scheme and host, for citations.
    pub(crate) url: String,
    pub(crate) facts: Option<NumberFacts>,
    pub(crate) calculation: Option<CalculationBody>,
    /// φ to as many places as the ratio of neighbours agrees with.
    pub(crate) golden_ratio: Option<Offer>,
    /// The period of the modulus, where it is too large to be among the facts.
    pub(crate) period: Option<ModulusPeriod>,
    /// Whether the modulus that was typed is none.
    pub(crate) is_modulus_wrong: bool,
    pub(crate) digits: Option<DigitPage>,
    /// The state of the system, while the calculation is queued or races.
    pub(crate) system: Option<SystemStatus>,
    /// Computations that were timed here, for the chart of times.
    pub(crate) measured: Vec<MeasuredTime>,
    /// A copy of the digits that was sent to be verified.
    pub(crate) verified: Option<VerifiedCopy>,
    /// Whether this browser submitted it and can cancel it.
    pub(crate) can_cancel: bool,
    /// Whether search engines should index it.
    pub(crate) indexed: bool,
}

/// Renders the whole page.
pub(crate) fn number(page: &NumberPage) -> Markup {
    let pending = page.calculation.as_ref().filter(|calculation| !calculation.status.is_final());
    let content = html! { (number_part(page)) };
    PageLayout {
        title: &sentences::number_title(&page.index, page.facts.as_ref()),
        description: &sentences::described(&page.index, &sentence(page)),
        canonical: page.indexed.then(|| format!("/n/{}", page.index)),
        preview: Some((&page.url, format!("{}/preview.png", page.url))),
        nav: NavItem::Number,
        refresh_s: pending.map(status::refresh_s),
        content,
    }
    .render()
}

/// Renders the part that changes while it is computed.
pub(crate) fn number_part(page: &NumberPage) -> Markup {
    let index = &page.index;
    let status = page.calculation.as_ref().map(|calculation| calculation.status);
    let pending = status.is_some_and(|status| !status.is_final());
    let announcement = page.calculation.as_ref().and_then(super::history::announcement);
    let whole = page.digits.as_ref().filter(|page| page.digits.len() as u64 == page.count);
    html! {
        article #number.number data-live data-subject={ "F(" (index) ")" } data-status=[status] data-pending[pending]
            data-fragment={ "/n/" (index) "/fragment" } data-announcement=[announcement] {
            div.section-head {
                h1 tabindex="-1" aria-label=(sentences::spoken_name(index)) { (format::name(index)) }
                @if pending { p #live.live {} }
            }
            div.number-head {
                div {
                    p.sentence { (sentence(page)) }
                    @if let Some(calculation) = &page.calculation { (status::status(page, calculation)) }
                    (neighbours(index))
                }
                (golden_rectangle())
            }
            @if let Some(digits) = &page.digits { (digits::viewer(digits)) } @else { (status::ends(page)) }
            @if let Some(facts) = &page.facts {
                div.columns {
                    (facts::residues(facts, page.digits.is_some()))
                    @if facts.accepted { (verify::verify(facts, signed(whole).as_deref(), page.verified.as_ref())) }
                }
                (facts::sections(page, facts, whole.map(|page| page.digits.as_str())))
            }
            @if let Some(calculation) = &page.calculation {
                (journey::section(calculation))
                @if index.parse() == Ok(FINISH) && matches!(calculation.status, Status::Queued | Status::Running | Status::Done) {
                    (race_to(page, calculation))
                }
            }
            (provenance(page))
        }
    }
}

/// Renders the race of which this number is the finish.
fn race_to(page: &NumberPage, calculation: &CalculationBody) -> Markup {
    let now = page.system.as_ref().and_then(|system| system.at.parse().ok());
    html! {
        section aria-labelledby="race-title" {
            h2 #race-title { (race_text::TITLE) }
            (race::race(&Race { calculation: Some(calculation.clone()), now }))
        }
    }
}

/// Returns a whole value with its sign.
fn signed(whole: Option<&DigitPage>) -> Option<String> {
    whole.map(|page| format!("{}{}", if page.negative { "-" } else { "" }, page.digits))
}

/// Says the most important facts in words.
fn sentence(page: &NumberPage) -> String {
    let done = page.calculation.as_ref().filter(|calculation| calculation.status == Status::Done);
    let compute_ms = done.and_then(|calculation| calculation.compute_ms);
    page.facts.as_ref().map_or_else(String::new, |facts| sentences::number(facts, compute_ms))
}

/// Renders links to the numbers nearby. Those of a long index are named by what they are to n: written out they would take
/// five lines on a phone.
fn neighbours(index: &str) -> Markup {
    let Ok(n) = index.parse::<i64>() else { return html! {} };
    let beside = |step: i64| n.checked_add(step).map(|n| n.to_string());
    let half = (n.unsigned_abs() > 1 && n % 2 == 0).then_some(n / 2);
    let near = [half, n.checked_mul(2).filter(|_| n != 0), n.checked_neg().filter(|_| n != 0)];
    let near = near.map(|n| n.map(|n| n.to_string()));
    let is_long = index.trim_start_matches('-').len() > MAX_NAMED_DIGITS;
    let name = |near: &str, relation: &str| if is_long { format::rich(relation) } else { format::name(near) };
    let [before_n, after_n, further @ ..] = text::RELATIONS;
    html! {
        nav.chips aria-label=(text::NEIGHBOURS) {
            @if let Some(before) = beside(-1) { (chip(&before, Some("before"), html! { "← " (name(&before, before_n)) })) }
            @if let Some(after) = beside(1) { (chip(&after, Some("after"), html! { (name(&after, after_n)) " →" })) }
            @for (near, relation) in near.iter().zip(further) {
                @if let Some(near) = near { (chip(near, None, name(near, relation))) }
            }
            (chip(&format!("L({n})"), None, if is_long { format::rich(text::LUCAS_N) } else { format::term("L", index) }))
        }
    }
}

fn chip(index: &str, id: Option<&str>, name: Markup) -> Markup {
    html! { a id=[id] href={ "/n/" (index) } { span { (name) } } }
}

fn provenance(page: &NumberPage) -> Markup {
    let key = page.index.replace('-', "minus");
    html! {
        section.provenance {
            @if let Some(calculation) = &page.calculation {
                p { (sentences::requested(&calculation.asked_at, calculation.finished_at.as_deref(), calculation.asked, calculation.attempt)) }
                @if let Some(sha256) = &calculation.sha256 { p { (sentences::sha256(sha256)) } }
            }
            details {
                summary { (text::EMBED) }
                pre tabindex="0" { "<a href=\"" (page.url) "\"><img src=\"" (page.url) "/preview.svg\" alt=\"" (plain_name(&page.index)) "\" width=\"600\" height=\"315\"></a>" }
            }
            details {
                summary { (text::CITE) }
                pre tabindex="0" { (sentences::bibtex(&key, &page.index, &page.url)) }
            }
        }
    }
}
