//! The page about how it works.

use maud::{Markup, html};
use wire::SystemStatus;

use super::format;
use super::layout::{NavItem, PageLayout};

/// Renders the path of a number, the limits, and the state of the system if it is known.
pub(crate) fn about(system: Option<&SystemStatus>) -> Markup {
    let content = html! {
        article.about {
            h1 { "How it works" }
            p.lede {
                "Abaci computes Fibonacci numbers with far more machinery than they need: every number takes the \
                 path that serious work takes."
            }
            (path())
            section aria-labelledby="now" {
                h2 #now { "Right now" }
                @match system {
                    Some(system) => (figures(system)),
                    None => p.empty { "The state of the system is unavailable right now." },
                }
            }
            (limits(system))
        }
    };
    PageLayout {
        title: "How it works",
        nav: NavItem::About,
        description: "",
        canonical: None,
        refresh_s: None,
        content,
    }
    .render()
}

fn path() -> Markup {
    let steps = [
        ("Page", "takes what you type, reads 10^6 as a million, and asks the API."),
        ("API", "answers at once. It never computes a large number itself."),
        ("Store", "commits the calculation. From here on it is a promise, even if processes die."),
        ("Queue", "holds the job in a lane by its size, so that a large one never delays a small one."),
        (
            "Worker",
            "claims the job under a lease, computes F(n) by doubling, and checks the result. \
                    If it dies, another takes over.",
        ),
        ("Value", "the exact digits are stored with their SHA-256, and an event is published."),
        ("Page", "receives the event and shows the digits. Nothing to reload."),
    ];
    html! {
        section aria-labelledby="path" {
            h2 #path { "The path of one number" }
            ol.path { @for (place, what) in steps { li { strong { (place) } span { (what) } } } }
        }
    }
}

fn figures(system: &SystemStatus) -> Markup {
    let waiting: u64 = system.lanes.iter().map(|lane| lane.waiting).sum();
    let computing: u64 = system.lanes.iter().map(|lane| lane.claimed).sum();
    html! {
        dl.facts {
            div { dt { "Workers" } dd { (system.workers.len()) } }
            div { dt { "Waiting" } dd { (format::grouped(&waiting.to_string())) } }
            div { dt { "Computing" } dd { (format::grouped(&computing.to_string())) } }
            div { dt { "Finished per second" } dd { (format!("{:.1}", system.finished_per_s)) } }
            @if let Some(ms) = system.latency_p50_ms {
                div { dt { "Median wait" } dd { (format!("{ms:.1} ms")) } }
            }
            div { dt { "Version" } dd { (system.version) " · " (system.mode) } }
        }
    }
}

fn limits(system: Option<&SystemStatus>) -> Markup {
    html! {
        section aria-labelledby="limits" {
            h2 #limits { "What to expect" }
            ul {
                @if let Some(system) = system {
                    li { "Indexes from " "−" (format::grouped(&system.max_index)) " to "
                         (format::grouped(&system.max_index)) "." }
                }
                li { "Every digit is exact. Values are text everywhere: F(79) is already more than a "
                     "double-precision number can hold." }
                li { "Negative indexes follow F(−n) = (−1)" sup { "n+1" } " F(n)." }
                li { "Values may be evicted to make room. Their SHA-256 stays, and they can be computed again." }
                li { "No account, and one cookie: it is set for a day when you submit something large, so that you can "
                     "cancel it." }
            }
            p { "Everything on these pages is available from the " a href="/api/docs" { "HTTP API" } "." }
        }
    }
}
