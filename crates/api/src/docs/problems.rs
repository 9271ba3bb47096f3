//! The pages about problems: what each kind means, when it happens, and what to do.

use maud::{Markup, html};
use wire::ProblemKind;

use super::examples;
use super::page::{example, page, text};
use super::words::problems::{Explanation, explanation};
use super::words::text::{frame, problems as words};

/// Renders the list of all kinds.
pub(super) fn list() -> Markup {
    let content = html! {
        h1 { (words::TITLE) }
        p { (words::LIST_BEFORE) a href="/api/docs" { (frame::API) } (text(words::LIST_AFTER)) }
        table {
            @for kind in ProblemKind::ALL {
                tr {
                    th scope="row" { a href={ "/api/problems/" (kind.name()) } { (kind.name()) } }
                    td { (kind.title()) " (" (explanation(kind).status) ")" }
                }
            }
        }
    };
    page(words::TITLE, false, &content)
}

/// Renders the page about one kind.
pub(super) fn page_of(kind: ProblemKind) -> Markup {
    let Explanation { status, means, happens, remedy } = explanation(kind);
    let content = html! {
        article.message {
            p.code { (status) }
            h1 { (kind.title()) }
            p { code { "urn:abaci:problem:" (kind.name()) } }
            h2 { (words::MEANS) }
            p { (text(means)) }
            h2 { (words::HAPPENS) }
            p { (text(happens)) }
            h2 { (words::REMEDY) }
            p { (text(remedy)) }
            @if let Some(found) = examples::find(&["problem", kind.name()].join(" ")) {
                h2 { (words::EXAMPLE) }
                (example(&found))
            }
            p { a href="/api/problems" { (words::ALL) } " · " a href="/api/docs" { (words::API) } }
        }
    };
    page(kind.title(), false, &content)
}
