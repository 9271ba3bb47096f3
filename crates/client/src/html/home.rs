//! The first page.

use maud::{Markup, html};
use wire::Problem;

use super::failure::what_is_wrong;
use super::layout::{Page, Place, golden_rectangle};
use super::record::{Record, record as list};

/// What stands in the form: the text that was typed, and what is wrong with it.
pub(crate) struct Form<'a> {
    pub(crate) text: &'a str,
    pub(crate) problem: Option<&'a Problem>,
}

/// The form and the record, or why the record cannot be read.
pub(crate) fn home(form: &Form<'_>, record: Result<&Record, &Problem>) -> Markup {
    let title = if form.problem.is_some() { "Please check the index" } else { "" };
    let content = html! {
        section.hero {
            div.hero-words {
                h1 { "Abaci" }
                p.lede { "Fibonacci numbers, exact to the last digit." }
                (ask(form))
            }
            (golden_rectangle())
        }
        section aria-labelledby="record-title" {
            div.section-head {
                h2 #record-title { "Asked for" }
                p #live.live {}
            }
            @match record {
                Ok(record) => (list(record)),
                // Said once: beside the field if that is why the page is shown.
                Err(_) if form.problem.is_some() => p.empty { "The record cannot be read now." },
                Err(problem) => div.problem role="alert" { (what_is_wrong(problem)) },
            }
        }
    };
    Page { title, place: Place::Home, refresh_s: None, content }.render()
}

fn ask(form: &Form<'_>) -> Markup {
    let invalid = form.problem.is_some().then_some("true");
    let described = if invalid.is_some() { "index-problem index-help" } else { "index-help" };
    html! {
        form.ask method="post" action="/" {
            label for="index" { "Index " i { "n" } " of the number F(" i { "n" } ")" }
            div.field {
                span.bracket aria-hidden="true" { "F(" }
                input #index type="text" name="index" value=(form.text) inputmode="text" enterkeyhint="go" required
                    maxlength="200" autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="n"
                    aria-describedby=(described) aria-invalid=[invalid] autofocus[form.problem.is_some()];
                span.bracket aria-hidden="true" { ")" }
                button type="submit" { "Compute" }
            }
            @if let Some(problem) = form.problem {
                div #index-problem.problem role="alert" { (what_is_wrong(problem)) }
            }
            p #index-help.help {
                "A whole number, written as " code { "1000" } ", " code { "10^6" } ", " code { "1 000 000" } ", "
                code { "2^20+1" } " or " code { "-8" } "."
            }
        }
    }
}
