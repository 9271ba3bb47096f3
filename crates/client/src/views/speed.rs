//! How long F(n) takes, here and elsewhere: a chart of time against n.

use std::fmt::Write;

use maud::{Markup, html};

use super::format;

/// A computation that was timed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MeasuredTime {
    pub(crate) n: u64,
    pub(crate) ms: u64,
}

/// Another program, and the milliseconds that it took to print F(n), by n. docs/design.md says where they come from.
pub(super) struct Peer {
    pub(super) name: &'static str,
    points: &'static [(f64, f64)],
}

pub(super) const FLINT: Peer =
    Peer { name: "FLINT", points: &[(1e5, 0.6), (1e6, 3.6), (1e7, 31.0), (1e8, 391.0), (1e9, 4_050.0)] };
pub(super) const GMP: Peer =
    Peer { name: "GMP", points: &[(1e5, 0.8), (1e6, 22.1), (1e7, 352.0), (1e8, 5_390.0), (1e9, 86_400.0)] };
pub(super) const PYTHON: Peer = Peer { name: "Python", points: &[(1e5, 8.0), (1e6, 717.0)] };

/// The recursion of the original: what it took at best for its index 40. Each further index takes φ times as long.
pub(super) const ORIGINAL_NAME: &str = super::text::race::ORIGINAL;
const ORIGINAL_MS_AT_40: f64 = 1_200.0;
/// log₁₀ φ
const LOG_PHI: f64 = 0.208_987_640_249_978_73;

/// The ends of the axes, as powers of ten: n, and milliseconds.
const LEFT: f64 = 1.0;
const RIGHT: f64 = 9.0;
const BOTTOM: f64 = -1.0;
const TOP: f64 = 5.0;

impl Peer {
    /// Returns the milliseconds for the largest n that was measured.
    pub(super) fn last(&self) -> (f64, f64) {
        self.points[self.points.len() - 1]
    }
}

/// Returns log₁₀ of the milliseconds that the original would need.
pub(super) fn original_log_ms(n: f64) -> f64 {
    ORIGINAL_MS_AT_40.log10() + (n - 40.0) * LOG_PHI
}

/// Draws the times measured here as dots, and the lines of others. The dot of `n` is larger.
pub(super) fn chart(here: &[MeasuredTime], n: Option<u64>, label: &str) -> Markup {
    let right = here.iter().map(|time| (time.n as f64).log10()).fold(RIGHT, f64::max);
    let x = |log_n: f64| 40.0 + 230.0 * (log_n - LEFT) / (right - LEFT);
    let y = |log_ms: f64| 142.0 - 132.0 * (log_ms - BOTTOM) / (TOP - BOTTOM);
    let line = |points: &mut dyn Iterator<Item = (f64, f64)>| {
        let mut line = String::new();
        for (log_n, log_ms) in points {
            let _ = write!(line, "{}{:.1} {:.1}", if line.is_empty() { 'M' } else { 'L' }, x(log_n), y(log_ms));
        }
        line
    };
    // From 0.1 ms to 100 s its line is straight in n, and here almost upright.
    let original = (20..=49).map(f64::from).map(|n| (n.log10(), original_log_ms(n)));
    let original = line(&mut original.filter(|(_, log_ms)| (BOTTOM..=TOP).contains(log_ms)));
    let times = here.iter().filter(|time| time.ms > 0 && time.n >= 10);
    html! {
        svg.picture viewBox="0 0 300 164" role="img" aria-label=(label) focusable="false" {
            path.squares d="M40 10V142H290" {}
            @for (power, words) in [(0.0, "1 ms"), (3.0, "1 s")] {
                text.small x="36" y=(format!("{:.1}", y(power) + 3.0)) text-anchor="end" { (words) }
                path.grid d={ "M40 " (format!("{:.1}", y(power))) "H290" } {}
            }
            @for power in [1.0, 3.0, 6.0, 9.0] {
                text.small x=(format!("{:.1}", x(power))) y="159" text-anchor="middle" { "10" @if power > 1.0 { (format::raised(&format!("{power:.0}"))) } }
            }
            path.other d=(original) {}
            text.small x=(format!("{:.1}", x(1.72))) y="20" { (ORIGINAL_NAME) }
            @for peer in [&PYTHON, &GMP, &FLINT] {
                path.other d=(line(&mut peer.points.iter().map(|(n, ms)| (n.log10(), ms.log10())))) {}
                @let (n, ms) = peer.last();
                @let below = peer.name == FLINT.name;
                text.small x=(format!("{:.1}", x(n.log10()) - if below { -3.0 } else { 4.0 })) y=(format!("{:.1}", y(ms.log10()) + if below { 10.0 } else { -2.0 }))
                    text-anchor=(if below { "start" } else { "end" }) { (peer.name) }
            }
            @for time in times {
                circle.bar cx=(format!("{:.1}", x((time.n as f64).log10()))) cy=(format!("{:.1}", y((time.ms as f64).log10())))
                    r=(if n == Some(time.n) { "4.5" } else { "2.6" }) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_of_a_millisecond_or_more_is_a_dot() {
        let here = [(1_000, 0), (1_000_000, 2), (1_000_000_000, 1_640)].map(|(n, ms)| MeasuredTime { n, ms });
        let svg = chart(&here, Some(1_000_000), "").into_string();
        assert_eq!(svg.matches("<circle").count(), 2);
        assert_eq!(svg.matches("r=\"4.5\"").count(), 1);
    }
}
