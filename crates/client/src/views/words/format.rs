//! Formats of numbers, times and sizes.

use maud::{Markup, html};

use super::text::left;

/// The sign of negative numbers in names and sentences. Values keep the hyphen, which programs can read.
pub(in crate::views) const MINUS: &str = "−";

/// Renders a whole number in groups of three. The style sheet adds the commas, so that a copy is the bare number.
/// Four digits stay together.
pub(in crate::views) fn grouped(number: &str) -> Markup {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let sign = if digits.len() < number.len() { "-" } else { "" };
    if digits.len() <= 4 || !digits.is_ascii() {
        return html! { (number) };
    }
    let (head, groups) = digits.split_at(digits.len() % 3);
    let (first, rest) = if head.is_empty() { groups.split_at(3) } else { (head, groups) };
    html! {
        span.groups {
            span { (sign) (first) }
            @for group in pieces(rest, 3) { span { (group) } }
        }
    }
}

/// Renders many digits in groups of ten that align below each other.
pub(in crate::views) fn in_tens(number: &str) -> Markup {
    html! { @for group in pieces(number, 10) { span { (group) } } }
}

/// Renders running text with the variables n, k, d and m in italics.
pub(in crate::views) fn rich(text: &str) -> Markup {
    let is_variable = |word: &str| matches!(word, "n" | "k" | "d" | "m");
    let boundary = |c: char| !c.is_ascii_alphabetic() && c != '’';
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if boundary(first) { first.len_utf8() } else { rest.find(boundary).unwrap_or(rest.len()) };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    html! { @for word in words { @if is_variable(word) { i { (word) } } @else { (word) } } }
}

/// Formats a whole number with commas between thousands, for text that has no markup.
pub(in crate::views) fn with_commas(number: &str) -> String {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let sign = if digits.len() < number.len() { MINUS } else { "" };
    if digits.len() <= 4 || !digits.is_ascii() {
        return format!("{sign}{digits}");
    }
    let head = digits.len() % 3;
    let groups = pieces(&digits[head..], 3);
    let groups = Some(&digits[..head]).filter(|head| !head.is_empty()).into_iter().chain(groups);
    format!("{sign}{}", groups.collect::<Vec<_>>().join(","))
}

/// Formats an exponent in raised digits: `10²⁰⁸`.
pub(in crate::views) fn raised(number: &str) -> String {
    let raise = |digit: char| digit.to_digit(10).and_then(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize));
    number.chars().map(|character| raise(character).unwrap_or('⁻')).collect()
}

/// Names a long index by its power of ten where it is one: `10^18`.
pub(in crate::views) fn power_of_ten(index: &str) -> Option<usize> {
    let zeros = index.strip_prefix('1')?;
    (zeros.len() >= 6 && zeros.bytes().all(|byte| byte == b'0')).then_some(zeros.len())
}

/// `F(1000)`, readable when long.
pub(in crate::views) fn name(index: &str) -> Markup {
    term("F", index)
}

/// Names a subject: `L(1000)`, `U(3,−1,500)`.
pub(in crate::views) fn subject(text: &str) -> Markup {
    match text.trim_end_matches(')').split_once('(') {
        Some((sequence, index)) if !index.contains(',') => term(sequence, index),
        _ => html! { (text.replace('-', MINUS)) },
    }
}

/// Names a term of a sequence: `L(1000)`, readable when long.
pub(in crate::views) fn term(sequence: &str, index: &str) -> Markup {
    let digits = index.trim_start_matches('-');
    let sign = if digits.len() < index.len() { MINUS } else { "" };
    match power_of_ten(digits) {
        Some(power) if power > 9 => html! { (sequence) "(" (sign) "10" sup { (power) } ")" },
        _ if digits.len() > 30 => {
            html! { (sequence) "(" (sign) (&digits[..12]) "…" (&digits[digits.len() - 12..]) ")" }
        }
        _ => html! { (sequence) "(" (sign) (grouped(digits)) ")" },
    }
}

/// Names a number in text without markup: `F(1,000,000)`.
pub(in crate::views) fn plain_name(index: &str) -> String {
    let digits = index.trim_start_matches('-');
    let sign = if digits.len() < index.len() { MINUS } else { "" };
    match power_of_ten(digits) {
        Some(power) if power > 9 => format!("F({sign}10^{power})"),
        _ if digits.len() > 30 => format!("F({sign}{}…{})", &digits[..12], &digits[digits.len() - 12..]),
        _ => format!("F({})", with_commas(index)),
    }
}

/// `1st`, `12th`, `1000th`, `10,003rd`
pub(in crate::views) fn ordinal(n: u64) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{}{ending}", with_commas(&n.to_string()))
}

/// `209 digits`, and for counts beyond 30 digits how long the count is.
pub(in crate::views) fn digit_count(count: &str) -> String {
    match count.len() {
        0..=30 => format!("{} {}", with_commas(count), if count == "1" { "digit" } else { "digits" }),
        length => format!("about {}.{}·10{} digits", &count[..1], &count[1..3], raised(&(length - 1).to_string())),
    }
}

/// `1 digit`, `209 digits`
pub(in crate::views) fn digits(count: u64) -> Markup {
    html! { (grouped(&count.to_string())) (if count == 1 { " digit" } else { " digits" }) }
}

/// `under 1 ms`, `37 ms`, `1.24 s`, `2 min 5 s`, `1 h 3 min`
pub(in crate::views) fn duration(ms: u64) -> String {
    match ms {
        0 => "under 1 ms".to_owned(),
        1..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// `0.4 ms`
pub(in crate::views) fn exact_duration(ms: f64) -> String {
    format!("{ms:.1} ms")
}

/// `4.05 s`, `1 min 26 s`, `8.3 days`
pub(in crate::views) fn long_duration(ms: f64) -> String {
    const DAY_MS: f64 = 86_400_000.0;
    if ms >= DAY_MS { format!("{:.1} days", ms / DAY_MS) } else { duration(ms as u64) }
}

/// Formats an estimated duration: `5 ms`, `1.2 s`, `11 s`, `3 min`.
pub(in crate::views) fn rough_duration(ms: u64) -> String {
    match ms {
        0..1_000 => duration(ms),
        1_000..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        10_000..120_000 => format!("{} s", ms.div_ceil(1_000)),
        _ => format!("{} min", ms.div_ceil(60_000)),
    }
}

/// Formats the time left, rounded up. The script uses the same format.
pub(in crate::views) fn left(ms: u64) -> String {
    let (words, n) = match ms {
        0..1_000 => (left::SOON, 1),
        1_000..90_000 => (left::SECONDS, ms.div_ceil(1_000)),
        _ => (left::MINUTES, ms.div_ceil(60_000)),
    };
    words.replace("{n}", &n.to_string())
}

/// `43 %`, rounded down: 100 % means done.
pub(in crate::views) fn percent(fraction: f64) -> String {
    format!("{:.0} %", (fraction.clamp(0.0, 0.99) * 100.0).floor())
}

/// `209 bytes`, `209 kB`, `20.9 MB`
pub(in crate::views) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
        _ => format!("{}.{} GB", count / 1_000_000_000, count % 1_000_000_000 / 100_000_000),
    }
}

/// `2026-11-23 23:50:27 UTC`, from RFC 3339.
pub(in crate::views) fn moment(rfc3339: &str) -> Markup {
    let shown = match (rfc3339.get(..10), rfc3339.get(11..19)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => rfc3339.to_owned(),
    };
    html! { time datetime=(rfc3339) { (shown) } }
}

/// Splits ASCII text into pieces of `size` characters; other text stays whole.
fn pieces(text: &str, size: usize) -> Vec<&str> {
    let whole = || vec![text];
    if text.is_ascii() {
        text.as_bytes().chunks(size).filter_map(|piece| str::from_utf8(piece).ok()).collect()
    } else {
        whole()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouping_adds_nothing_to_the_text() {
        let text = |markup: Markup| {
            markup.into_string().split('<').filter_map(|part| part.split('>').nth(1)).collect::<String>()
        };
        for number in ["12345", "-12345", "123456", "-123456", "1000000", "-9223372036854775808"] {
            assert_eq!(text(grouped(number)), number);
            assert_eq!(text(in_tens(number)), number);
        }
        assert_eq!(grouped("-1000").into_string(), "-1000");
    }

    #[test]
    fn numbers_and_variables_are_set_for_reading() {
        assert_eq!(["999", "1000", "10000", "-1234567"].map(with_commas), ["999", "1000", "10,000", "−1,234,567"]);
        assert_eq!(raised("208"), "²⁰⁸");
        let ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 1000, 10_003, 111].map(ordinal);
        assert_eq!(
            ordinals,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "1000th", "10,003rd", "111th"]
        );
        assert_eq!([plain_name("-8"), name("-8").into_string()], ["F(−8)", "F(−8)"]);
        assert_eq!(rich("If d divides n, then").into_string(), "If <i>d</i> divides <i>n</i>, then");
        assert_eq!([power_of_ten("1000000"), power_of_ten("100"), power_of_ten("2000000")], [Some(6), None, None]);
    }

    #[test]
    fn quantities_are_written_for_people() {
        assert_eq!(
            [0, 37, 1_249, 125_000, 3_780_000].map(duration),
            ["under 1 ms", "37 ms", "1.24 s", "2 min 5 s", "1 h 3 min"]
        );
        assert_eq!([999, 1_001, 90_000].map(left), ["under 1 s left", "about 2 s left", "about 2 min left"]);
        assert_eq!([0.0, 0.439, 1.0, f64::NAN].map(percent), ["0 %", "43 %", "99 %", "NaN %"]);
        assert_eq!([209, 208_989, 20_898_764, 2_089_876_402].map(bytes), ["209 bytes", "208 kB", "20.8 MB", "2.0 GB"]);
        assert_eq!(
            moment("2026-11-23T23:50:27.123Z").into_string(),
            r#"<time datetime="2026-11-23T23:50:27.123Z">2026-11-23 23:50:27 UTC</time>"#
        );
        assert_eq!(moment("soon").into_string(), r#"<time datetime="soon">soon</time>"#);
    }
}
