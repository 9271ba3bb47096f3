//! The viewer of digits: lines of 50 with their places. Without scripts, pages of 5,000.

use std::ops::RangeInclusive;

use maud::{Markup, html};

use super::super::format;
use super::super::sentences;
use super::super::text::number as text;
use super::find::{self, DigitFind};

/// Digits on one line.
pub(crate) const LINE_DIGITS: u64 = 50;
/// Digits on one page.
pub(crate) const PAGE_DIGITS: u64 = 5_000;

/// The digits that are shown of a value.
pub(crate) struct DigitPage {
    pub(crate) index: String,
    pub(crate) negative: bool,
    /// The count of all digits.
    pub(crate) count: u64,
    /// The place of the first digit shown, from 1; a line begins there.
    pub(crate) from: u64,
    pub(crate) digits: String,
    /// The places that a link points at.
    pub(crate) marked: Option<RangeInclusive<u64>>,
    /// Whether the API has the value, so that it can be downloaded and read by ranges.
    pub(crate) stored: bool,
    /// The search that was asked for.
    pub(crate) find: Option<DigitFind>,
}

/// Returns the place of the first digit of the page that has a digit.
pub(crate) fn page_start(place: u64, count: u64) -> u64 {
    let place = place.clamp(1, count.max(1));
    (place - 1) / LINE_DIGITS * LINE_DIGITS + 1
}

/// Renders the viewer.
pub(super) fn viewer(page: &DigitPage) -> Markup {
    let index = &page.index;
    let value = format!("/api/calculations/{index}/value");
    let until = page.from + (page.digits.len() as u64).saturating_sub(1);
    let few = page.count <= LINE_DIGITS;
    html! {
        section.viewer #digits aria-labelledby="digits-title" data-viewer data-count=(page.count) data-index=(index)
            data-from=(page.from) data-negative[page.negative] data-marked=[page.marked.as_ref().map(places)]
            data-value=[page.stored.then_some(&value)] {
            header.viewer-head {
                h2 #digits-title { (text::DIGITS) @if !few { " " span #digits-range { (sentences::digit_range(page.from, until, page.count)) } } }
                @if !few {
                    div.viewer-tools {
                        (find::form(index, page.find.as_ref()))
                        @if page.count > PAGE_DIGITS {
                            form method="get" action={ "/n/" (index) "#digits" } {
                                label for="at" { (text::GO_TO) }
                                input #at name="at" inputmode="numeric" maxlength="24" autocomplete="off" required;
                                button.quiet { (text::GO) }
                            }
                        }
                    }
                }
            }
            @if !few { (find::result(index, page.count, page.find.as_ref())) }
            div #lines.lines.few[few].tall[page.count > 20 * LINE_DIGITS] tabindex=[(!few).then_some("0")] role=[(!few).then_some("region")]
                aria-label=[(!few).then_some(text::LINES)] {
                (lines(page))
            }
            @if page.count > page.digits.len() as u64 { (pages(page)) }
            footer.viewer-foot {
                button #copy.link type="button" hidden { (text::COPY) }
                @if page.stored {
                    a #download href={ (value) "?download" } download { (text::DOWNLOAD) " " span.aside { (format::bytes(page.count + u64::from(page.negative))) } }
                    @if page.count > PAGE_DIGITS {
                        a #download-gzip href={ (value) ".gz" } download { (text::DOWNLOAD_GZIP) }
                    }
                    @if page.count <= 1_000_000 { a #open href=(value) { (text::OPEN) } }
                    a href={ "/api/calculations/" (index) } { (text::JSON) }
                } @else {
                    a href={ "/api/numbers/" (index) } { (text::JSON) }
                }
            }
        }
    }
}

fn lines(page: &DigitPage) -> Markup {
    let width = usize::try_from(LINE_DIGITS).unwrap_or(1);
    let lines = page.digits.as_bytes().chunks(width).filter_map(|line| str::from_utf8(line).ok());
    let places = (page.from..).step_by(width);
    html! {
        @for (place, line) in places.zip(lines) {
            @let last = place + line.len() as u64 - 1;
            @let marked = page.marked.as_ref().is_some_and(|marked| *marked.start() <= last && place <= *marked.end());
            p.line.marked[marked] {
                @if page.count > LINE_DIGITS { a.place href={ "?at=" (place) "-" (last) "#digits" } { (place) } }
                span.groups-of-ten { @if page.negative && place == 1 { span.sign { "-" } } (digits(line, place, page.marked.as_ref())) }
            }
        }
    }
}

/// Renders the digits of a line. The marked ones are set apart, unless they are the whole line.
fn digits(line: &str, place: u64, marked: Option<&RangeInclusive<u64>>) -> Markup {
    let Some(marked) = marked else { return format::in_tens(line) };
    let length = line.len() as u64;
    let offset = |marked: u64| usize::try_from(marked.saturating_sub(place).min(length)).unwrap_or_default();
    let (start, end) = (offset(*marked.start()), offset(marked.end() + 1));
    if start == end || (start == 0 && end == line.len()) {
        return format::in_tens(line);
    }
    let tens = line.as_bytes().chunks(10).filter_map(|ten| str::from_utf8(ten).ok());
    html! {
        @for (first, ten) in (0..).step_by(10).zip(tens) {
            @let [from, to] = [start, end].map(|place| place.saturating_sub(first).min(ten.len()));
            span { (&ten[..from]) @if from < to { mark { (&ten[from..to]) } } (&ten[to..]) }
        }
    }
}

fn places(marked: &RangeInclusive<u64>) -> String {
    format!("{}-{}", marked.start(), marked.end())
}

fn pages(page: &DigitPage) -> Markup {
    let last = page_start(page.count.saturating_sub(PAGE_DIGITS - 1), page.count);
    let to = |place: u64| format!("/n/{}?at={place}#digits", page.index);
    let next = page.from + PAGE_DIGITS;
    html! {
        nav.paging #digit-pages aria-label=(text::DIGIT_PAGES) {
            @if page.from > 1 {
                a href=(to(1)) { (text::FIRST) }
                a href=(to(page.from.saturating_sub(PAGE_DIGITS).max(1))) { (text::PREVIOUS) }
            }
            @if next <= page.count {
                a href=(to(next)) { (text::NEXT) }
                a href=(to(last)) { (text::LAST) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_with_a_line() {
        assert_eq!(
            [0, 1, 50, 51, 208_988, 999_999].map(|place| page_start(place, 208_988)),
            [1, 1, 1, 51, 208_951, 208_951]
        );
        assert_eq!(page_start(1, 0), 1);
    }
}
