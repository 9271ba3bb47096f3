//! Failures: as a whole page, or as a summary beside a form.

use maud::{Markup, html};
use wire::Problem;

use super::layout::{NavItem, PageLayout};
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

/// Renders what is wrong, what was given and what is allowed.
pub(super) fn problem_summary(problem: &Problem) -> Markup {
    html! {
        p { strong { (problem.title) } }
        (problem_details(problem))
    }
}

fn problem_details(problem: &Problem) -> Markup {
    html! {
        @if let Some(detail) = &problem.detail { p { (detail) } }
        @if problem.given.is_some() || problem.allowed.is_some() || problem.request_id.is_some() {
            dl.particulars {
                @if let Some(given) = &problem.given { dt { (text::GIVEN) } dd { code { (given) } } }
                @if let Some(allowed) = &problem.allowed { dt { (text::ALLOWED) } dd { (allowed) } }
                @if let Some(id) = &problem.request_id { dt { (text::REQUEST) } dd { code { (id) } } }
            }
        }
    }
}
