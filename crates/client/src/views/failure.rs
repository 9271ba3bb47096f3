//! Failures as a whole page.

use maud::{Markup, html};
use wire::Problem;

use super::layout::{NavItem, PageLayout};
use super::problem::problem_details;
use super::text::{failure as text, form};

/// Renders the whole page of a failure.
pub(crate) fn failure(problem: &Problem) -> Markup {
    page(
        &problem.title,
        html! {
            p.code { (problem.status) }
            h1 { (problem.title) }
            (problem_details(problem))
            @if problem.status == 404 {
                p { (text::NEAREST) " " a href="/n/14" { "F(14) = 377" } "." }
            }
        },
    )
}

/// Renders the page of a method that the path does not support.
pub(crate) fn method_not_allowed(method: &str, path: &str) -> Markup {
    page(
        text::METHOD_TITLE,
        html! {
            p.code { "405" }
            h1 { (text::NO_METHOD) (method) }
            p { code { (path) } (text::OTHER_METHODS) }
        },
    )
}

fn page(title: &str, message: Markup) -> Markup {
    let content = html! {
        section.message {
            (message)
            p { a href="/" { (text::HOME) } " · " a href="/surprise" { (form::SURPRISE) } }
        }
    };
    PageLayout {
        title,
        nav: NavItem::Elsewhere,
        description: "",
        canonical: None,
        preview: None,
        refresh_s: None,
        content,
    }
    .render()
}
