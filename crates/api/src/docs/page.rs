//! The frame of the pages about the API, and what they share.

use maud::{DOCTYPE, Markup, html};

use super::examples::Example;
use super::words::text::frame as words;

/// Renders a page.
pub(super) fn page(title: &str, is_operations: bool, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (words::NAME) }
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/style.css";
            }
            body {
                header.top {
                    a.brand href="/" {
                        svg.mark viewBox="0 0 34 21" aria-hidden="true" {
                            path d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15" {}
                        }
                        (words::NAME)
                    }
                    nav aria-label=(words::PAGES) {
                        a href="/about" { (words::ABOUT) }
                        a href="/api/docs" aria-current=[is_operations.then_some("page")] { (words::API) }
                    }
                }
                main.api { (content) }
            }
        }
    }
}

/// Renders a command and its answer.
pub(super) fn example(example: &Example) -> Markup {
    html! {
        @if !example.command.is_empty() { pre.command { (example.command) } }
        @if !example.answer.is_empty() { pre.answer { (example.answer) } }
    }
}

/// Renders a text, in which backquotes enclose code.
pub(super) fn text(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_escaped_and_code_is_marked() {
        for (text, expected) in [
            ("<b>&", "&lt;b&gt;&amp;"),
            ("`a<b` or `c`", "<code>a&lt;b</code> or <code>c</code>"),
            ("`a", "<code>a</code>"),
        ] {
            assert_eq!(super::text(text).into_string(), expected);
        }
    }
}
