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

/// Returns when to try again, rounded up: `Try again in about 3 min.`
pub(crate) fn try_again_in(seconds: u64) -> String {
    let time = match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    };
    format!("Try again in about {time}.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_try_again_is_rounded_up() {
        for (seconds, time) in [(1, "1 s"), (119, "119 s"), (121, "3 min"), (7_199, "120 min"), (7_201, "3 h")] {
            assert_eq!(try_again_in(seconds), format!("Try again in about {time}."));
        }
    }
}
