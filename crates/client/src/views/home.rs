//! The first page.

use maud::{Markup, html};
use wire::Problem;

use super::failure::problem_summary;
use super::history::{History, history as list};
use super::layout::{NavItem, PageLayout, golden_rectangle};

/// The text of the form's field, and what is wrong with it.
pub(crate) struct SubmitForm<'a> {
    pub(crate) text: &'a str,
    pub(crate) problem: Option<&'a Problem>,
}

/// Renders the form and the history, or why the history is unavailable.
pub(crate) fn home(form: &SubmitForm<'_>, history: Result<&History, &Problem>) -> Markup {
    let title = if form.problem.is_some() { "Please check the index" } else { "" };
    let content = html! {
        section.hero {
            div.hero-words {
                h1 { "Abaci" }
                p.lede { "Fibonacci numbers, exact to the last digit." }
                (submit_form(form))
            }
            (golden_rectangle())
        }
        section aria-labelledby="history-title" {
            div.section-head {
                h2 #history-title { "Recent calculations" }
                p #live.live {}
            }
            @match history {
                Ok(history) => (list(history)),
                // The problem is shown once: beside the field if it concerns the submission.
                Err(_) if form.problem.is_some() => p.empty { "The history is unavailable right now." },
                Err(problem) => div.problem role="alert" { (problem_summary(problem)) },
            }
        }
    };
    PageLayout { title, nav: NavItem::Home, refresh_s: None, content }.render()
}

fn submit_form(form: &SubmitForm<'_>) -> Markup {
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
                div #index-problem.problem role="alert" { (problem_summary(problem)) }
            }
            p #index-help.help {
                "A whole number, written as " code { "1000" } ", " code { "10^6" } ", " code { "1 000 000" } ", "
                code { "2^20+1" } " or " code { "-8" } "."
            }
        }
    }
}
