//! Failures as a whole page.

use maud::{Markup, html};
use wire::Problem;

use super::layout::{NavItem, PageLayout};
use super::problem::problem_details;
use super::text::failure as text;

/// Renders the whole page of a failure.
pub(crate) fn failure(problem: &Problem) -> Markup {
    let content = html! {
        section.message {
            p.code { (problem.status) }
            h1 { (problem.title) }
            (problem_details(problem))
            p { a href="/" { (text::HOME) } }
        }
    };
    PageLayout {
        title: &problem.title,
        nav: NavItem::Elsewhere,
        description: "",
        canonical: None,
        refresh_s: None,
        content,
    }
    .render()
}

/// Renders the page of a method that the path does not support.
pub(crate) fn method_not_allowed(method: &str, path: &str) -> Markup {
    let content = html! {
        section.message {
            p.code { "405" }
            h1 { (text::NO_METHOD) (method) }
            p { code { (path) } (text::OTHER_METHODS) }
            p { a href="/" { (text::HOME) } }
        }
    };
    PageLayout {
        title: text::METHOD_TITLE,
        nav: NavItem::Elsewhere,
        description: "",
        canonical: None,
        refresh_s: None,
        content,
    }
    .render()
}
