//! Pictures as SVG: they need no scripts and print well. Colours come from the style sheet by class.

use std::f64::consts::PI;
use std::fmt::Write;

use maud::{Markup, html};

use super::format;

/// log₁₀ φ
const LOG_PHI: f64 = 0.208_987_640_249_978_73;
/// log₁₀ √5
const LOG_SQRT_5: f64 = 0.349_485_002_168_009_4;
/// The most squares of a spiral that can be told apart.
const MAX_SQUARES: u64 = 8;
/// The most steps of a clock that can be told apart.
const MAX_CLOCK_STEPS: u64 = 240;
const MAX_CLOCK_MODULUS: u64 = 120;

/// The golden rectangle and its squares, each as wide as a Fibonacci number: 21, 13, 8, 5, 3, 2, 1, 1.
pub(super) fn golden_rectangle() -> Markup {
    html! {
        svg.golden viewBox="-.5 -.5 35 22" aria-hidden="true" focusable="false" {
            path.squares d="M0 0H34V21H0ZM21 0V21M21 13H34M26 13V21M21 16H26M24 13V16M24 15H26M25 15V16" {}
            path.spiral d="M0 21A21 21 0 0 1 21 0A13 13 0 0 1 34 13A8 8 0 0 1 26 21A5 5 0 0 1 21 16A3 3 0 0 1 24 13A2 2 0 0 1 26 15A1 1 0 0 1 25 16A1 1 0 0 1 24 15" {}
        }
    }
}

/// Draws squares with the sides F(n), F(n−1), …, each beside the rectangle of the smaller ones.
pub(super) fn spiral(n: u64, label: &str) -> Markup {
    let mut sides: Vec<i64> = vec![1, 1];
    while sides.len() < usize::try_from(n.clamp(2, MAX_SQUARES)).unwrap_or(2) {
        sides.push(sides[sides.len() - 1] + sides[sides.len() - 2]);
    }
    let (mut left, mut top, mut right, mut bottom) = (0, 0, 1, 1);
    let mut squares = vec![(0, 0, 1)];
    let mut arcs = "M0 1A1 1 0 0 1 1 0".to_owned();
    for (turn, side) in sides.iter().copied().enumerate().skip(1) {
        // Each square sits right of, below, left of or above what is there, and its arc goes on from the last.
        let (x, y, to) = match turn % 4 {
            1 => (right, top, (right + side, top + side)),
            2 => (right - side, bottom, (right - side, bottom + side)),
            3 => (left - side, bottom - side, (left - side, bottom - side)),
            _ => (left, top - side, (left + side, top - side)),
        };
        squares.push((x, y, side));
        let _ = write!(arcs, "A{side} {side} 0 0 1 {} {}", to.0, to.1);
        (left, top, right, bottom) = (left.min(x), top.min(y), right.max(x + side), bottom.max(y + side));
    }
    let (width, height) = (right - left, bottom - top);
    let scale = 34.0 / width.max(1) as f64;
    let viewbox = format!("{left} {top} {width} {height}");
    let shown = squares.len() as u64;
    html! {
        svg.picture.wide-picture viewBox=(viewbox) role="img" aria-label=(label) focusable="false" {
            @for (x, y, side) in &squares { rect.squares x=(x) y=(y) width=(side) height=(side) {} }
            path.spiral d=(arcs) {}
            @for (place, (x, y, side)) in squares.iter().enumerate().rev().take(3) {
                @let back = shown - 1 - place as u64;
                @let size = *side as f64 * if n > MAX_SQUARES { 0.13 } else { 0.22 };
                text x=(*x as f64 + *side as f64 / 2.0) y=(*y as f64 + *side as f64 / 2.0 + size / 3.0)
                    font-size=(format!("{:.2}", size.max(0.5 / scale))) text-anchor="middle" {
                    @if n > MAX_SQUARES { "F(" tspan font-style="italic" { "n" } @if back > 0 { "−" (back) } ")" } @else { (side) }
                }
            }
        }
    }
}

/// Draws how often each digit occurs.
pub(super) fn digit_bars(counts: &[u64; 10], label: &str) -> Markup {
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    html! {
        svg.picture viewBox="0 0 300 118" role="img" aria-label=(label) focusable="false" {
            @for (digit, count) in counts.iter().enumerate() {
                @let height = (80.0 * *count as f64 / most as f64).round();
                @let x = 30 * digit;
                rect.bar x=(x + 3) y=(94.0 - height) width="24" height=(height) {}
                text.small x=(x + 15) y=(90.0 - height) text-anchor="middle" { (format::with_commas(&count.to_string())) }
                text x=(x + 15) y="112" text-anchor="middle" { (digit) }
            }
        }
    }
}

/// Draws the first digits of F(1) to F(n) beside Benford's law.
pub(super) fn benford(n: u64, label: &str) -> Markup {
    let last = n.clamp(1, 10_000);
    let mut counts = [0_u32; 9];
    for k in 1..=last {
        let log = if k == 1 { 0.0 } else { k as f64 * LOG_PHI - LOG_SQRT_5 };
        // A little more than nothing, so that 1, 2, 3, 5 and 8 count as themselves: F(k) is rounded.
        let digit = (10_f64.powf(log - log.floor()) + if k < 20 { 0.12 } else { 1e-9 }).floor();
        counts[(digit as usize).clamp(1, 9) - 1] += 1;
    }
    let expected = |digit: f64| (1.0 + 1.0 / digit).log10();
    let tallest = counts.iter().map(|count| f64::from(*count) / last as f64).fold(0.32, f64::max);
    let y = |share: f64| 94.0 - 86.0 * share / tallest;
    let line: String = (1..=9)
        .map(|digit| {
            format!("{}{:.0} {:.1}", if digit == 1 { 'M' } else { 'L' }, 33 * digit - 16, y(expected(f64::from(digit))))
        })
        .collect();
    html! {
        svg.picture viewBox="0 0 300 118" role="img" aria-label=(label) focusable="false" {
            @for (place, count) in counts.iter().enumerate() {
                @let share = f64::from(*count) / last as f64;
                rect.bar x=(33 * place + 4) y=(format!("{:.1}", y(share))) width="26" height=(format!("{:.1}", 94.0 - y(share))) {}
                text x=(33 * place + 17) y="112" text-anchor="middle" { (place + 1) }
            }
            path.curve d=(line) {}
        }
    }
}

/// Draws F(k+1)/F(k) − φ for the first k, on a logarithmic scale.
pub(super) fn convergence(label: &str) -> Markup {
    let phi = (1.0 + 5_f64.sqrt()) / 2.0;
    let (mut current, mut next) = (1.0, 1.0);
    let mut points = Vec::new();
    for k in 1..=16_i32 {
        let distance: f64 = next / current - phi;
        // 6.5 powers of ten over half the height.
        let height = (distance.abs().log10() + 7.0).max(0.0) / 7.0 * 46.0;
        points.push((18 * k, 55.0 - height.copysign(distance)));
        (current, next) = (next, current + next);
    }
    let line: String =
        points.iter().enumerate().map(|(i, (x, y))| format!("{}{x} {y:.1}", if i == 0 { 'M' } else { 'L' })).collect();
    html! {
        svg.picture viewBox="0 0 300 118" role="img" aria-label=(label) focusable="false" {
            path.squares d="M0 55H300" {}
            path.curve d=(line) {}
            @for (x, y) in &points { circle.bar cx=(x) cy=(format!("{y:.1}")) r="2.6" {} }
            text x="0" y="50" { "φ" }
            text.small x="18" y="112" text-anchor="middle" { tspan font-style="italic" { "k" } " = 1" }
            text.small x="288" y="112" text-anchor="middle" { "16" }
        }
    }
}

/// Draws the clock of a modulus: the residues of F(0), F(1), … joined over one period. `None` if it has too many steps.
pub(super) fn clock(modulus: u64, period: u64, residue: u64, label: &str) -> Option<Markup> {
    if !(2..=MAX_CLOCK_MODULUS).contains(&modulus) || period > MAX_CLOCK_STEPS {
        return None;
    }
    let at = |residue: u64, radius: f64| {
        let angle = 2.0 * PI * residue as f64 / modulus as f64;
        (60.0 + radius * angle.sin(), 60.0 - radius * angle.cos())
    };
    let (mut current, mut next) = (0, 1 % modulus);
    let mut line = String::new();
    for step in 0..=period {
        let (x, y) = at(current, 45.0);
        let _ = write!(line, "{}{x:.1} {y:.1}", if step == 0 { 'M' } else { 'L' });
        (current, next) = (next, (current + next) % modulus);
    }
    let labelled = (0..modulus).filter(|residue| modulus <= 24 || residue % (modulus / 12).max(1) == 0);
    let (x, y) = at(residue, 45.0);
    Some(html! {
        svg.picture.round-picture viewBox="0 0 120 120" role="img" aria-label=(label) focusable="false" {
            circle.squares cx="60" cy="60" r="45" {}
            path.thin d=(line) {}
            @for residue in labelled {
                @let (x, y) = at(residue, 53.0);
                text.tiny x=(format!("{x:.1}")) y=(format!("{:.1}", y + 2.4)) text-anchor="middle" { (residue) }
            }
            circle.bar cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="3" {}
        }
    })
}

/// Draws the number of digits against n, both logarithmic, with this n marked.
pub(super) fn growth(n: f64, digits: f64, label: &str) -> Markup {
    // Beyond 10^18 the scale is longer.
    let last = 18.0_f64.max(n.max(1.0).log10().ceil());
    let x = |n: f64| 40.0 + 234.0 / last * n.max(1.0).log10();
    let y = |digits: f64| 96.0 - 90.0 / last * digits.max(1.0).log10();
    let line: String = (0..=72)
        .map(|step| {
            let log_n = last * f64::from(step) / 72.0;
            let log_digits =
                (10_f64.powf(log_n.min(15.0)) * LOG_PHI - LOG_SQRT_5).max(1.0).log10() + (log_n - 15.0).max(0.0);
            format!(
                "{}{:.1} {:.1}",
                if step == 0 { 'M' } else { 'L' },
                x(10_f64.powf(log_n)),
                y(10_f64.powf(log_digits))
            )
        })
        .collect();
    html! {
        svg.picture viewBox="0 0 300 118" role="img" aria-label=(label) focusable="false" {
            path.squares d="M40 6V96H290" {}
            @for power in [0.0, last / 3.0, last * 2.0 / 3.0, last] {
                @let mark = 10_f64.powf(power);
                text.small x=(format!("{:.1}", x(mark))) y="112" text-anchor="middle" { "10" (format::raised(&format!("{power:.0}"))) }
                @if power > 0.0 { text.small x="36" y=(format!("{:.1}", y(mark) + 3.0)) text-anchor="end" { "10" (format::raised(&format!("{power:.0}"))) } }
            }
            path.curve d=(line) {}
            path.thin d={ "M" (format!("{:.1}", x(n))) " 96V" (format!("{:.1}", y(digits))) "H40" } {}
            circle.bar cx=(format!("{:.1}", x(n))) cy=(format!("{:.1}", y(digits))) r="4" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_squares_of_a_spiral_fill_a_rectangle() {
        let svg = spiral(8, "").into_string();
        // 21 + 13 wide and 21 high, or on its side.
        assert!(svg.contains(" 34 21\"") || svg.contains(" 21 34\""), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 8);
    }

    #[test]
    fn first_digits_are_counted_as_they_are() {
        // F(1) to F(10): 1 1 2 3 5 8 1 2 3 5
        let svg = benford(10, "").into_string();
        let heights: Vec<f64> = svg
            .split(" height=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().parse().expect("a height"))
            .collect();
        let counts: Vec<f64> = heights.iter().map(|height| (height / heights[0] * 3.0).round()).collect();
        assert_eq!(counts, [3.0, 2.0, 2.0, 0.0, 2.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn a_clock_has_a_step_for_each_number_of_a_period() {
        let svg = clock(10, 60, 5, "").expect("few steps").into_string();
        assert_eq!(svg.matches('L').count(), 60);
        assert!(clock(1_000, 1_500, 5, "").is_none());
    }
}
