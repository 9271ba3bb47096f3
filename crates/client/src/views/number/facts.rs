//! The sections that explain a number: how it is computed, what divides it, its pictures.

use maud::{Markup, html};
use wire::NumberFacts;

use super::super::drawing;
use super::super::format::{self, rich, with_commas};
use super::super::sentences;
use super::super::speed::{self, MeasuredTime};
use super::super::text::number as text;

/// The most divisors that are shown.
const MAX_DIVISORS: usize = 24;
/// log₁₀ φ
const LOG_PHI: f64 = 0.208_987_640_249_978_73;

/// Renders all sections. `value` is the whole value in decimal if it is known here; `has_digits` if the browser can read it.
pub(super) fn sections(
    facts: &NumberFacts,
    value: Option<&str>,
    has_digits: bool,
    measured: &[MeasuredTime],
) -> Markup {
    html! {
        @if facts.doublings.len() > 1 { (doublings(facts)) }
        (divisors(facts))
        div.columns.three[!has_digits] {
            @if let Some(value) = value { (digit_counts(value)) } @else if has_digits { (uncounted(facts)) }
            (golden(facts))
            @if !facts.zeckendorf.is_empty() { (zeckendorf(facts)) }
            (remainders(facts))
        }
        (pictures(facts, measured))
    }
}

fn doublings(facts: &NumberFacts) -> Markup {
    let magnitude: u64 = facts.index.trim_start_matches('-').parse().unwrap_or_default();
    html! {
        section aria-labelledby="how" {
            h2 #how { (text::HOW) }
            p { (sentences::in_binary(magnitude)) }
            ol.steps role="list" {
                @for step in &facts.doublings {
                    li { a href={ "/n/" (step.index) } { (with_commas(&step.index)) } span { (format::digit_count(&step.digits)) } }
                }
            }
            p.aside { (rich(text::DOUBLING_RULES)) }
        }
    }
}

fn divisors(facts: &NumberFacts) -> Markup {
    let divisors = facts.divisors.as_deref().unwrap_or_default();
    // Every number is divided by F(1), F(2) and itself.
    let proper: Vec<&String> =
        divisors.iter().filter(|d| **d != "1" && **d != "2" && facts.index.trim_start_matches('-') != **d).collect();
    let is_large = facts.first_digits.len() > 3;
    html! {
        @if facts.index != "0" && is_large {
            section aria-labelledby="divides" {
                h2 #divides { (text::DIVIDES) }
                @if !proper.is_empty() {
                    p { (rich(text::DIVIDES_WHY)) }
                    p.list {
                        @for d in proper.iter().take(MAX_DIVISORS) { a href={ "/n/" (d) } { (format::name(d)) } " " }
                        @if proper.len() > MAX_DIVISORS { (text::AND_MORE) }
                    }
                }
                p { (factors(facts)) }
            }
        }
    }
}

fn factors(facts: &NumberFacts) -> Markup {
    let complete = facts.cofactor.as_deref() == Some("1");
    html! {
        @if facts.primality == "prime" {
            (text::PRIME) (proof(facts))
        } @else if facts.primality == "probable_prime" {
            (text::PROBABLE_PRIME) (proof(facts))
        } @else if facts.prime_factors.is_empty() {
            (text::NO_PRIMES)
        } @else {
            (if complete { text::FACTORED } else { text::PRIMES })
            @for (place, factor) in facts.prime_factors.iter().enumerate() {
                @if place > 0 { " · " }
                (factor.prime) @if factor.exponent > 1 { sup { (factor.exponent) } }
            }
            @if !complete { (text::REST) }
            "."
        }
    }
}

/// Says how it is known that the number is prime, or probably prime.
fn proof(facts: &NumberFacts) -> String {
    facts
        .primality_method
        .as_ref()
        .map(|method| format!(" {}", sentences::primality_method(method)))
        .unwrap_or_default()
}

fn zeckendorf(facts: &NumberFacts) -> Markup {
    let numbers: Vec<String> =
        facts.zeckendorf.iter().map(|k| with_commas(&fibonacci_number(*k).to_string())).collect();
    let magnitude = facts.index.trim_start_matches('-');
    html! {
        section aria-labelledby="zeckendorf" {
            h2 #zeckendorf { (text::ZECKENDORF) }
            p { (with_commas(magnitude)) " = " (numbers.join(" + ")) }
            p.aside { (text::ZECKENDORF_WHY) }
        }
    }
}

/// F(k) for k ≤ 93.
fn fibonacci_number(k: u32) -> u64 {
    (0..k).fold((0_u64, 1_u64), |(current, next), _| (next, current.wrapping_add(next))).0
}

fn digit_counts(value: &str) -> Markup {
    let mut counts = [0; 10];
    for digit in value.bytes().filter(u8::is_ascii_digit) {
        counts[usize::from(digit - b'0')] += 1;
    }
    let total: u64 = counts.iter().sum();
    let sum: u64 = (0..).zip(counts).map(|(digit, count)| digit * count).sum();
    html! {
        section aria-labelledby="counts" {
            h2 #counts { (text::COUNTS) }
            (drawing::digit_bars(&counts, &sentences::digit_counts(&counts)))
            p.aside { (sentences::digit_sum(total, sum)) }
        }
    }
}

/// Says who counts the digits of a value that is not on the page: the script that checks it.
fn uncounted(facts: &NumberFacts) -> Markup {
    html! {
        section aria-labelledby="counts" {
            h2 #counts { (text::COUNTS) }
            p #digit-counts { (text::UNCOUNTED) }
            p.aside { (format::digit_count(&facts.digits)) "." }
        }
    }
}

fn golden(facts: &NumberFacts) -> Markup {
    let magnitude: f64 = facts.index.trim_start_matches('-').parse().unwrap_or(f64::MAX);
    // |F(n+1)/F(n) − φ| = φ^(−n)/F(n), about √5·φ^(−2n).
    let places = (2.0 * magnitude * LOG_PHI - 0.35).floor();
    html! {
        section aria-labelledby="golden" {
            h2 #golden { (text::GOLDEN) }
            @if (2.0..1e12).contains(&places) {
                p { (sentences::golden_places(places)) }
            }
            (drawing::convergence(text::GOLDEN_PICTURE))
            p.aside { (text::GOLDEN_PICTURE) }
        }
    }
}

fn remainders(facts: &NumberFacts) -> Markup {
    let Some(period) = facts.periods.first() else { return html! {} };
    let (modulus, length, residue) = (period.modulus, period.period, period.residue);
    let label = sentences::clock(modulus, length);
    html! {
        section aria-labelledby="remainders" {
            h2 #remainders { (text::REMAINDERS) }
            form.inline method="get" action={ "/n/" (facts.index) "#remainders" } {
                label for="mod" { (rich(text::MODULUS)) }
                input #mod name="mod" inputmode="numeric" value=(modulus) maxlength="5" required autocomplete="off";
                button.quiet { (text::SHOW) }
            }
            p { (sentences::remainder(residue, modulus, length)) }
            @if let Some(clock) = drawing::clock(modulus, length, residue, &label) { (clock) }
        }
    }
}

/// Renders the residues and what checks them.
pub(super) fn residues(facts: &NumberFacts, has_digits: bool) -> Markup {
    html! {
        section.believe aria-labelledby="believe" data-check {
            h2 #believe { (text::BELIEVE) }
            p { (rich(text::BELIEVE_WHY)) }
            table {
                @for residue in &facts.residues {
                    tr { th scope="row" { (text::MOD) " " span data-modulus { (residue.modulus) } } td data-residue { (residue.residue) } }
                }
            }
            @if has_digits {
                p.actions {
                    button #check.quiet type="button" hidden { (text::CHECK) }
                    button #dare.quiet type="button" hidden { (text::DARE) }
                }
                p #check-result.verdict role="status" {}
            }
        }
    }
}

fn pictures(facts: &NumberFacts, measured: &[MeasuredTime]) -> Markup {
    let magnitude: u64 = facts.index.trim_start_matches('-').parse().unwrap_or(u64::MAX);
    let n: f64 = facts.index.trim_start_matches('-').parse().unwrap_or(f64::MAX);
    let digits: f64 = facts.digits.parse().unwrap_or(f64::MAX);
    let shown = magnitude.clamp(1, 10_000);
    html! {
        section aria-labelledby="see" {
            h2 #see { (text::SEE) }
            div.columns {
                @if magnitude >= 2 {
                    figure {
                        (drawing::spiral(magnitude, text::SPIRAL_PICTURE))
                        figcaption { (sentences::spiral(magnitude)) }
                    }
                }
                @if n < 1e300 {
                    figure {
                        (drawing::growth(n, digits, &sentences::growth(&facts.digits)))
                        figcaption { (sentences::printed(digits)) }
                    }
                }
                @if magnitude >= 10 {
                    figure {
                        (drawing::benford(magnitude, text::BENFORD_WHY))
                        figcaption { (rich(text::BENFORD)) @if shown < magnitude { (text::BENFORD_LIMIT) } ". " (text::BENFORD_WHY) }
                    }
                }
                figure {
                    (speed::chart(measured, magnitude.into(), text::TIMES))
                    figcaption { (rich(text::TIMES)) " " (if measured.iter().any(|time| time.ms > 0) { text::TIMES_HERE } else { text::NO_TIMES_HERE }) }
                }
            }
        }
    }
}
