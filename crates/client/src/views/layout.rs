//! The frame of every page.

use maud::{DOCTYPE, Markup, html};

use super::form;
use super::text::{SCRIPT_WORDS, frame};
use crate::assets::{ICON, ITALIC_FACE, SCRIPT, STREAM, STYLE, TEXT_FACE};

/// One page.
pub(super) struct PageLayout<'a> {
    /// Without the name of the product; empty on the first page.
    pub(super) title: &'a str,
    /// The summary that search engines show; a default if empty.
    pub(super) description: &'a str,
    /// The path that search engines should index, if they should.
    pub(super) canonical: Option<String>,
    /// Its address and that of its image, for those who show a link to it.
    pub(super) preview: Option<(&'a str, String)>,
    /// The entry of the navigation that is current.
    pub(super) nav: NavItem,
    /// Seconds after which a browser without scripts reloads it.
    pub(super) refresh_s: Option<u64>,
    pub(super) content: Markup,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NavItem {
    Home,
    Number,
    About,
    Elsewhere,
}

impl PageLayout<'_> {
    pub(super) fn render(self) -> Markup {
        let description = if self.description.is_empty() { frame::DESCRIPTION } else { self.description };
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    // What a page needs to be painted is requested first, in the order in which it is needed.
                    link rel="stylesheet" href=(STYLE.path);
                    @for face in [&TEXT_FACE, &ITALIC_FACE] {
                        link rel="preload" as="font" type="font/woff2" href=(face.path) crossorigin;
                    }
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="theme-color" content="#fbf8f1" media="(prefers-color-scheme: light)";
                    meta name="theme-color" content="#15130f" media="(prefers-color-scheme: dark)";
                    meta name="description" content=(description);
                    title { @if !self.title.is_empty() { (self.title) " · " } (frame::NAME) }
                    link rel="icon" type="image/svg+xml" href=(ICON.path);
                    @match &self.canonical {
                        Some(path) => link rel="canonical" href=(path);,
                        None => meta name="robots" content="noindex";,
                    }
                    @if let Some((url, image)) = &self.preview {
                        meta property="og:type" content="website";
                        meta property="og:site_name" content=(frame::NAME);
                        meta property="og:title" content=(self.title);
                        meta property="og:description" content=(description);
                        meta property="og:url" content=(url);
                        meta property="og:image" content=(image);
                        meta property="og:image:type" content="image/png";
                        meta property="og:image:width" content="1200";
                        meta property="og:image:height" content="630";
                        meta name="twitter:card" content="summary_large_image";
                    }
                    script type="module" fetchpriority="low" src=(SCRIPT.path) {}
                    @if let Some(seconds) = self.refresh_s {
                        noscript { meta http-equiv="refresh" content=(seconds); }
                    }
                }
                body {
                    a.skip href="#main" { (frame::SKIP) }
                    (header(self.nav))
                    main #main tabindex="-1" { (self.content) }
                    (footer())
                    p #announcer.unseen role="status" aria-live="polite" {}
                    (keys())
                    (script_words())
                }
            }
        }
    }
}

fn header(nav: NavItem) -> Markup {
    let current = |item: NavItem| (nav == item).then_some("page");
    html! {
        header.top {
            a.brand href="/" aria-current=[current(NavItem::Home)] { (mark()) (frame::NAME) }
            @if nav != NavItem::Home { (form::compact()) }
            nav aria-label=(frame::PAGES) {
                a href="/about" aria-current=[current(NavItem::About)] { (frame::ABOUT) }
                a href="/api/docs" { (frame::API) }
            }
        }
    }
}

fn footer() -> Markup {
    html! {
        footer.bottom {
            p {
                (frame::FOOTER_BEFORE) i lang="la" { (frame::FOOTER_TITLE) } (frame::FOOTER_AFTER)
                (frame::SET_IN) a href="/assets/OFL.txt" { (frame::FACE) } (frame::FACE_BY)
            }
            p.keys { (frame::KEYS_SHORT) }
        }
    }
}

/// The list of keys, which the script opens.
fn keys() -> Markup {
    html! {
        dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { (frame::KEYS_TITLE) }
            dl { @for (key, does) in frame::KEYS { div { dt { kbd { (key) } } dd { (does) } } } }
            form method="dialog" { button.quiet { (frame::CLOSE) } }
        }
    }
}

/// The words of the scripts, and the path of the script that tabs share.
fn script_words() -> Markup {
    let words: String = SCRIPT_WORDS.iter().map(|(name, words)| format!("{name}\t{words}\n")).collect();
    html! { template #words data-stream=(STREAM.path) { (words) } }
}

/// The golden spiral, as in the icon.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 34 21" aria-hidden="true" focusable="false" {
            path d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15" {}
        }
    }
}
