//! The first page.

use maud::{Markup, html};
use wire::Problem;

use super::drawing::golden_rectangle;
use super::form::{self, SubmitForm};
use super::history::{History, history as list};
use super::layout::{NavItem, PageLayout};
use super::problem::problem_summary;
use super::text::{frame, history as text};

/// Renders the form and the history, or why the history is unavailable.
pub(crate) fn home(form: &SubmitForm<'_>, history: Result<&History, &Problem>) -> Markup {
    let title = if form.problem.is_some() { text::CHECK_INDEX } else { "" };
    let content = html! {
        section.hero {
            div.hero-words {
                h1 { (frame::NAME) }
                p.lede { (frame::DESCRIPTION) }
                (form::large(form))
            }
            (golden_rectangle())
        }
        section aria-labelledby="history-title" {
            div.section-head {
                h2 #history-title { (text::TITLE) }
                p.live-line { button #show-new.link type="button" hidden {} span #live.live {} }
            }
            @match history {
                Ok(history) => (list(history)),
                // The problem is shown once: beside the field if it concerns the submission.
                Err(_) if form.problem.is_some() => p.empty { (text::UNAVAILABLE) },
                Err(problem) => div.problem role="alert" { (problem_summary(problem)) },
            }
        }
    };
    PageLayout {
        title,
        description: "",
        canonical: Some("/".to_owned()),
        preview: None,
        nav: NavItem::Home,
        refresh_s: None,
        content,
    }
    .render()
}
