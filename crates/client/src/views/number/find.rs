//! The form that finds digits in a value, and what it found.

use std::ops::RangeInclusive;

use maud::{Markup, html};

use super::super::sentences;
use super::super::text::find as text;
use super::digits::PAGE_DIGITS;

/// A search for digits, and what it found.
pub(crate) struct DigitFind {
    /// The text as typed.
    pub(crate) typed: String,
    pub(crate) result: FindResult,
}

pub(crate) enum FindResult {
    /// They begin at `position`. `next` is where the search goes on, if they can occur again.
    Found { position: u64, next: Option<u64> },
    /// They do not occur from `from` to `to`; the search goes on at `next`.
    NotYet { from: u64, to: u64, next: u64 },
    /// They do not occur from `from` to the end.
    Absent { from: u64 },
    /// The text is not digits.
    NotDigits,
    /// The API refused the search, or did not answer.
    Unavailable,
}

/// Renders the form. The field is described by what [`result`] says.
pub(super) fn form(index: &str, find: Option<&DigitFind>) -> Markup {
    html! {
        form #find-form method="get" action={ "/n/" (index) "#digits" } {
            label for="find" { (text::LABEL) }
            input #find type="search" name="find" inputmode="numeric" maxlength="1000" autocomplete="off" required
                aria-describedby="found-words" value=[find.map(|find| &find.typed)];
            button.quiet { (text::FIND) }
        }
    }
}

/// Renders what was found, or what a search takes if not all digits are on the page. The script fills it in too.
pub(super) fn result(index: &str, count: u64, find: Option<&DigitFind>) -> Markup {
    let is_long = count > PAGE_DIGITS;
    html! {
        div #found.found hidden[find.is_none() && !is_long] {
            p #found-words role="status" {
                @if let Some(find) = find { (sentence(&find.result)) } @else if is_long { (sentences::search_price(count)) }
            }
            @if let Some((find, next)) = find.and_then(|find| Some((find, find.result.next()?))) {
                a href={ "/n/" (index) "?find=" (digits_only(&find.typed)) "&from=" (next) "#digits" } {
                    (if matches!(find.result, FindResult::Found { .. }) { text::NEXT } else { text::GO_ON })
                }
            }
            progress max="1" value="0" hidden aria-label=(text::PROGRESS) {}
            button #find-next.link type="button" hidden { (text::NEXT) }
            button #find-stop.link type="button" hidden { (text::STOP) }
        }
    }
}

/// Returns the digits of what was typed, without the marks that people put between them.
pub(crate) fn digits_only(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != ',').collect()
}

impl DigitFind {
    /// Returns the places of the digits that were found.
    pub(crate) fn places(&self) -> Option<RangeInclusive<u64>> {
        let FindResult::Found { position, .. } = self.result else { return None };
        Some(position..=position + (digits_only(&self.typed).len() as u64).saturating_sub(1))
    }
}

impl FindResult {
    fn next(&self) -> Option<u64> {
        match self {
            Self::Found { next, .. } => *next,
            Self::NotYet { next, .. } => Some(*next),
            Self::Absent { .. } | Self::NotDigits | Self::Unavailable => None,
        }
    }
}

fn sentence(result: &FindResult) -> String {
    match result {
        FindResult::Found { position, .. } => sentences::found_at(*position),
        FindResult::NotYet { from, to, .. } => sentences::not_among(*from, *to),
        FindResult::Absent { from: 1 } => text::ABSENT.to_owned(),
        FindResult::Absent { from } => sentences::not_found_from(*from),
        FindResult::NotDigits => text::NOT_DIGITS.to_owned(),
        FindResult::Unavailable => text::UNAVAILABLE.to_owned(),
    }
}
