//! The form in which an index is typed, and the card that describes it meanwhile.

use maud::{Markup, html};
use wire::{NumberFacts, Problem};

use super::format;
use super::offer::{Offer, takes};
use super::problem::problem_summary;
use super::sentences;
use super::subject::definition;
use super::text::form as text;

/// The text of the form's field, and what is wrong with it.
pub(crate) struct SubmitForm<'a> {
    pub(crate) text: &'a str,
    pub(crate) problem: Option<&'a Problem>,
    /// The indexes that an ambiguous text can mean.
    pub(crate) meanings: &'a [String],
}

/// Renders the large form of the first page.
pub(super) fn large(form: &SubmitForm<'_>) -> Markup {
    let invalid = form.problem.is_some().then_some("true");
    let described = if invalid.is_some() { "index-problem index-help" } else { "index-help" };
    html! {
        form.ask method="post" action="/" data-card="card" {
            label for="index" { (format::rich(text::LABEL)) }
            div.field {
                span.bracket aria-hidden="true" { "F(" }
                input #index type="text" name="index" value=(form.text) inputmode="text" enterkeyhint="go" required
                    maxlength="1001" autocomplete="off" autocapitalize="none" spellcheck="false"
                    placeholder=(text::PLACEHOLDER_HOME) aria-describedby=(described) aria-invalid=[invalid]
                    autofocus[form.problem.is_some()];
                span.bracket aria-hidden="true" { ")" }
                button type="submit" { (text::COMPUTE) }
            }
            @if !form.meanings.is_empty() {
                div #index-problem.problem role="alert" { (meanings(form.meanings)) }
            } @else if let Some(problem) = form.problem {
                div #index-problem.problem role="alert" { (problem_summary(problem)) }
            }
            div #card.card aria-live="polite" {}
            p #index-help.help {
                (text::HELP)
                @for (place, example) in text::EXAMPLES.iter().enumerate() {
                    @if place + 1 == text::EXAMPLES.len() { (text::OR) } @else if place > 0 { ", " }
                    code { (example) }
                }
                "."
            }
        }
        p.examples {
            (text::TRY) " "
            @for n in ["100", "1000", "1000000", "1000000000", "1000000000000000000"] {
                a href={ "/n/" (n) } { (format::name(n)) } " "
            }
            a href="/surprise" { (text::SURPRISE) }
        }
    }
}

/// Renders the small form in the header of all other pages.
pub(super) fn compact() -> Markup {
    html! {
        form.ask.compact method="post" action="/" role="search" data-card="card" {
            label.unseen for="index" { (text::LABEL) }
            div.field {
                span.bracket aria-hidden="true" { "F(" }
                input #index type="text" name="index" inputmode="text" enterkeyhint="go" required maxlength="1001"
                    autocomplete="off" autocapitalize="none" spellcheck="false" placeholder=(text::PLACEHOLDER)
                    aria-keyshortcuts="/";
                span.bracket aria-hidden="true" { ")" }
                kbd aria-hidden="true" { "/" }
                button type="submit" { (text::COMPUTE) }
            }
            div #card.card aria-live="polite" {}
        }
    }
}

/// Renders what is known at once about an index that is being typed.
pub(crate) fn card(facts: &NumberFacts) -> Markup {
    html! {
        p.card-name { a href={ "/n/" (facts.index) } { (format::name(&facts.index)) } }
        @match facts.value.as_deref().filter(|value| value.len() <= 40) {
            Some(value) => p.card-digits { (format::grouped(value)) },
            None => p.card-digits {
                @if facts.negative { (format::MINUS) }
                (facts.first_digits.get(..14).unwrap_or_default()) span.gap { "…" }
                (facts.last_digits.get(facts.last_digits.len().saturating_sub(14)..).unwrap_or_default())
            },
        }
        p.card-facts { (format::digit_count(&facts.digits)) " · " (sentences::cost(facts)) }
    }
}

/// Renders what another subject than F(n) is, and what it takes.
pub(crate) fn card_subject(offer: &Offer) -> Markup {
    let subject = &offer.subject;
    html! {
        p.card-name { a href={ "/n/" (subject) } { (format::subject(&subject.to_string())) } }
        p.card-facts { (definition(subject)) }
        @if let Some(takes) = takes(offer) { p.card-facts { (takes) } }
    }
}

/// Renders the buttons that ask which index was meant.
pub(crate) fn meanings(meanings: &[String]) -> Markup {
    html! {
        p { (text::DID_YOU_MEAN) }
        p.meanings {
            @for (place, meaning) in meanings.iter().enumerate() {
                button.quiet type="submit" name="meant" value=(meaning) formnovalidate { (format::name(meaning)) }
                span.aside { (if place == 0 { text::MEANT_THOUSANDS } else { text::MEANT_DECIMAL }) }
            }
        }
    }
}

/// Renders what is wrong with a text that is being typed.
pub(crate) fn card_problem(sentence: &str) -> Markup {
    html! { p.card-facts { (sentence) } }
}

/// Renders the button that submits the subject of the page.
pub(super) fn submit_button(subject: &str, words: &str) -> Markup {
    html! {
        form.again method="post" action="/" { button #again name="index" value=(subject) { (words) } }
    }
}

/// Renders a button that submits another subject, or that of the page once more.
pub(super) fn further_button(subject: &str, words: &str) -> Markup {
    html! {
        form.again method="post" action="/" { button.quiet name="index" value=(subject) { (words) } }
    }
}
