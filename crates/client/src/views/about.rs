//! The page about how it works.

use maud::{Markup, html};
use wire::{CalculationBody, SystemStatus};

use super::format::rich;
use super::layout::{NavItem, PageLayout};
use super::race::{Race, race};
use super::sentences;
use super::system::{parts, system_now};
use super::text::{race as race_text, system as text};

/// Renders the system as it is now, the path of a number, and what to expect.
pub(crate) fn about(system: Option<&SystemStatus>, mine: Option<&CalculationBody>, finish: &Race) -> Markup {
    let content = html! {
        article.about {
            h1 { (text::TITLE) }
            p.lede { (text::LEDE) }
            section aria-labelledby="now" {
                h2 #now { (text::NOW) }
                (system_now(system, mine))
            }
            section aria-labelledby="path" {
                h2 #path { (text::PATH) }
                (parts())
            }
            section aria-labelledby="race-title" {
                h2 #race-title { (race_text::TITLE) }
                (race(finish))
            }
            section aria-labelledby="expect" {
                h2 #expect { (text::EXPECT) }
                ul {
                    @if let Some(system) = system {
                        li { (sentences::limit(&system.max_index)) }
                    }
                    @for sentence in text::LIMITS { li { (rich(sentence)) } }
                }
                p { (text::API_BEFORE) a href="/api/docs" { (text::API_LINK) } "." }
            }
        }
    };
    PageLayout {
        title: text::TITLE,
        description: text::LEDE,
        canonical: Some("/about".to_owned()),
        preview: None,
        nav: NavItem::About,
        refresh_s: None,
        content,
    }
    .render()
}
