//! The form that verifies a copy of the digits, and its answer.

use maud::{Markup, html};
use wire::{NumberFacts, Problem, VerificationBody};

use super::super::format::{self, rich};
use super::super::problem::problem_summary;
use super::super::sentences;
use super::super::text::verify as text;

/// A copy that was sent, and the answer to it.
pub(crate) struct VerifiedCopy {
    pub(crate) text: String,
    pub(crate) answer: Result<VerificationBody, Box<Problem>>,
}

/// Renders the form. `value` is the whole value if it is known here, so that a reader can change a digit of it.
pub(super) fn verify(facts: &NumberFacts, value: Option<&str>, verified: Option<&VerifiedCopy>) -> Markup {
    let answer = verified.map(|verified| &verified.answer);
    let text_given = verified.map(|verified| verified.text.as_str()).or(value);
    let index = &facts.index;
    let action = format!("/n/{index}/verify#verify");
    html! {
        section #verify aria-labelledby="verify-title" {
            h2 #verify-title { (text::TITLE) }
            p { (rich(if value.is_some() { text::DARE } else { text::LEDE })) }
            form #verify-form method="post" action=(action) data-name=(format::plain_name(index))
                data-verify={ "/api/verify?index=" (index) } {
                label.unseen for="copy-text" { (sentences::digits_of(index)) }
                textarea #copy-text name="text" rows=(if value.is_some() { 4 } else { 2 }) spellcheck="false"
                    autocomplete="off" autocapitalize="off" { (text_given.unwrap_or_default()) }
                p.actions {
                    button.quiet { (text::VERIFY) }
                    label.button.quiet.file hidden { (text::FILE) input #copy-file.unseen type="file" accept=".txt,text/plain"; }
                }
            }
            p #verify-result.verdict role="status" data-right=[answer.and_then(|answer| answer.as_ref().ok()).map(|answer| answer.right)] {
                @match answer {
                    None => {}
                    Some(Ok(answer)) => (verdict(answer)),
                    Some(Err(problem)) => (problem_summary(problem)),
                }
            }
        }
    }
}

/// Says whether a copy is right, and otherwise where it differs, with a link.
fn verdict(answer: &VerificationBody) -> Markup {
    html! {
        (sentences::verdict(answer))
        @if let Some(at) = answer.first_difference_at {
            @let place = at.saturating_sub(u64::from(answer.negative.expected)).max(1);
            " "
            a href={ "/n/" (answer.index) "?at=" (place) "#digits" } { (sentences::first_difference(place)) }
        }
    }
}
