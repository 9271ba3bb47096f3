//! The medians as a chart: both axes logarithmic, a line for each contender.

use std::fmt::Write;

use super::contenders::Contender;
use super::table::Row;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 460.0;
const MARGIN: f64 = 60.0;
const LEGEND: f64 = 170.0;
const COLORS: [&str; 10] =
    ["#d1242f", "#e16f24", "#bf8700", "#57606a", "#0969da", "#1a7f37", "#116329", "#8250df", "#bf3989", "#0a3069"];

/// The chart as SVG.
pub fn svg(rows: &[Row], threads: usize) -> String {
    let points = |contender: Contender| {
        rows.iter().filter_map(move |row| {
            let (_, median) = row.medians_ms.iter().find(|(other, _)| *other == contender)?;
            median.map(|ms| (row.n as f64, ms))
        })
    };
    let contenders = Contender::all();
    let all: Vec<_> = contenders.iter().copied().flat_map(points).collect();
    let decades = |values: Vec<f64>| {
        let least = values.iter().copied().fold(f64::MAX, f64::min).log10().floor();
        let most = values.iter().copied().fold(f64::MIN, f64::max).log10().ceil();
        (least, most.max(least + 1.0))
    };
    let (left, right) = decades(all.iter().map(|point| point.0).collect());
    let (bottom, top) = decades(all.iter().map(|point| point.1).collect());
    let x = |n: f64| MARGIN + (n.log10() - left) / (right - left) * (WIDTH - MARGIN - LEGEND);
    let y = |ms: f64| HEIGHT - MARGIN - (ms.log10() - bottom) / (top - bottom) * (HEIGHT - 2.0 * MARGIN);

    let mut svg = String::new();
    let mut line = |text: String| writeln!(svg, "{text}").expect("a string takes everything");
    line(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">"#
    ));
    line(format!(r##"<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##));
    line(format!(
        r#"<text x="{MARGIN}" y="24" font-size="15">F(n) to decimal text, milliseconds, {threads} threads</text>"#
    ));
    for decade in left as i32..=right as i32 {
        let at = x(10_f64.powi(decade));
        line(format!(
            r##"<path d="M{at:.1} {:.1}V{:.1}" stroke="#d0d7de"/>"##,
            y(10_f64.powf(top)),
            y(10_f64.powf(bottom))
        ));
        line(format!(
            r#"<text x="{at:.1}" y="{}" text-anchor="middle">10{}</text>"#,
            HEIGHT - MARGIN + 20.0,
            superscript(decade)
        ));
    }
    for decade in bottom as i32..=top as i32 {
        let at = y(10_f64.powi(decade));
        line(format!(
            r##"<path d="M{:.1} {at:.1}H{:.1}" stroke="#d0d7de"/>"##,
            x(10_f64.powf(left)),
            x(10_f64.powf(right))
        ));
        line(format!(
            r#"<text x="{}" y="{:.1}" text-anchor="end">10{}</text>"#,
            MARGIN - 8.0,
            at + 4.0,
            superscript(decade)
        ));
    }
    for (index, (contender, color)) in contenders.iter().copied().zip(COLORS).enumerate() {
        let path: Vec<_> = points(contender).map(|(n, ms)| format!("{:.1},{:.1}", x(n), y(ms))).collect();
        line(format!(r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="2"/>"#, path.join(" ")));
        let at = MARGIN + 20.0 * index as f64;
        line(format!(
            r#"<text x="{:.1}" y="{at:.1}" fill="{color}">{}</text>"#,
            WIDTH - LEGEND + 24.0,
            contender.name()
        ));
    }
    line("</svg>".to_owned());
    svg
}

/// A whole number in the digits of exponents.
fn superscript(exponent: i32) -> String {
    exponent
        .to_string()
        .chars()
        .map(|digit| match digit.to_digit(10) {
            Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
            None => '⁻',
        })
        .collect()
}
