//! What is shown when it is not what was hoped for.

use maud::{Markup, html};
use wire::Problem;

use super::layout::{Page, Place};

/// A failure that takes the whole page.
pub(crate) fn failure(problem: &Problem) -> Markup {
    let content = html! {
        section.message {
            p.code { (problem.status) }
            h1 { (problem.title) }
            (particulars(problem))
            p { a href="/" { "Ask for a number" } }
        }
    };
    Page { title: &problem.title, place: Place::Elsewhere, refresh_s: None, content }.render()
}

/// 405: the path exists, for other methods.
pub(crate) fn wrong_method(method: &str, path: &str) -> Markup {
    let content = html! {
        section.message {
            p.code { "405" }
            h1 { "This address does not take " (method) }
            p { code { (path) } " is there, but only for other methods." }
            p { a href="/" { "Ask for a number" } }
        }
    };
    Page { title: "Method not allowed", place: Place::Elsewhere, refresh_s: None, content }.render()
}

/// What is wrong, what was given and what is allowed, in a few lines.
pub(super) fn what_is_wrong(problem: &Problem) -> Markup {
    html! {
        p { strong { (problem.title) } }
        (particulars(problem))
    }
}

fn particulars(problem: &Problem) -> Markup {
    html! {
        @if let Some(detail) = &problem.detail { p { (detail) } }
        @if problem.given.is_some() || problem.allowed.is_some() || problem.request_id.is_some() {
            dl.particulars {
                @if let Some(given) = &problem.given { dt { "Given" } dd { code { (given) } } }
                @if let Some(allowed) = &problem.allowed { dt { "Allowed" } dd { (allowed) } }
                @if let Some(id) = &problem.request_id { dt { "Request" } dd { code { (id) } } }
            }
        }
    }
}
