//! Problems of the API, as part of a page or a form.

use maud::{Markup, html};
use wire::Problem;

use super::text::failure as text;

/// Renders what is wrong, what was given and what is allowed.
pub(super) fn problem_summary(problem: &Problem) -> Markup {
    html! {
        p { strong { (problem.title) } }
        (problem_details(problem))
    }
}

/// Renders the detail of a problem, without its title.
pub(super) fn problem_details(problem: &Problem) -> Markup {
    html! {
        @if let Some(detail) = &problem.detail { p { (detail) } }
        @if problem.given.is_some() || problem.allowed.is_some() || problem.request_id.is_some() {
            dl.particulars {
                @if let Some(given) = &problem.given { dt { (text::GIVEN) } dd { code { (given) } } }
                @if let Some(allowed) = &problem.allowed { dt { (text::ALLOWED) } dd { (allowed) } }
                @if let Some(id) = &problem.request_id { dt { (text::REQUEST) } dd { code { (id) } } }
            }
        }
        @if let Some(help) = &problem.help { p.aside { a href=(help) { (text::HELP) } } }
    }
}
