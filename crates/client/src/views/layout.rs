//! The frame of every page.

use maud::{DOCTYPE, Markup, html};

use crate::assets::{ICON, SCRIPT, STYLE};

/// One page.
pub(super) struct PageLayout<'a> {
    /// Without the name of the product; empty on the first page.
    pub(super) title: &'a str,
    /// The entry of the navigation that is current.
    pub(super) nav: NavItem,
    /// Seconds after which a browser without scripts loads it again.
    pub(super) refresh_s: Option<u64>,
    pub(super) content: Markup,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NavItem {
    Home,
    About,
    Elsewhere,
}

impl PageLayout<'_> {
    pub(super) fn render(self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="theme-color" content="#fbf8f1" media="(prefers-color-scheme: light)";
                    meta name="theme-color" content="#15130f" media="(prefers-color-scheme: dark)";
                    meta name="description" content="Abaci computes Fibonacci numbers, exact to the last digit.";
                    title { @if !self.title.is_empty() { (self.title) " · " } "Abaci" }
                    link rel="icon" type="image/svg+xml" href=(ICON.path);
                    link rel="stylesheet" href=(STYLE.path);
                    script type="module" src=(SCRIPT.path) {}
                    @if let Some(seconds) = self.refresh_s {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (header(self.nav))
                    main #main tabindex="-1" { (self.content) }
                    (footer())
                    p #announcer.unseen role="status" aria-live="polite" {}
                }
            }
        }
    }
}

fn header(nav: NavItem) -> Markup {
    let here = |at: NavItem| (nav == at).then_some("page");
    html! {
        header.top {
            a.brand href="/" aria-current=[here(NavItem::Home)] { (mark()) "Abaci" }
            nav aria-label="Pages" {
                a href="/about" aria-current=[here(NavItem::About)] { "How it works" }
                a href="/api/docs" { "API" }
            }
        }
    }
}

fn footer() -> Markup {
    html! {
        footer.bottom {
            p {
                "Named after " i lang="la" { "Liber Abaci" }
                " (1202), the book in which Leonardo of Pisa, called Fibonacci, counted rabbits."
            }
        }
    }
}

/// The golden spiral, as in the icon.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 34 21" aria-hidden="true" focusable="false" {
            path d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15" {}
        }
    }
}

/// The golden rectangle and its squares, each as wide as a Fibonacci number: 21, 13, 8, 5, 3, 2, 1, 1.
pub(super) fn golden_rectangle() -> Markup {
    html! {
        svg.golden viewBox="-.5 -.5 35 22" aria-hidden="true" focusable="false" {
            path.squares d="M0 0H34V21H0ZM21 0V21M21 13H34M26 13V21M21 16H26M24 13V16M24 15H26M25 15V16" {}
            path.spiral d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15A1 1 0 0 1 25 16A1 1 0 0 1 24 15" {}
        }
    }
}
