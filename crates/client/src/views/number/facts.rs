//! The sections that explain a number: how it is computed, what divides it, its pictures.

use maud::{Markup, html};
use model::{Index, Subject};
use wire::NumberFacts;

use super::super::drawing;
use super::super::form::further_button;
use super::super::format::{self, rich, with_commas};
use super::super::offer::{Offer, further_offer};
use super::super::sentences;
use super::super::speed::{self, MeasuredTime};
use super::super::text::{number as text, offer as offer_text};
use super::NumberPage;

/// The API finds the divisors of an index that has no more digits.
const MAX_FACTORED_DIGITS: usize = 38;
/// The residues that prove a value; one more is that of the modulus.
const PROOF_RESIDUES: usize = 3;
/// The API knows the factors of F(n) up to this n.
const MAX_FACTOR_INDEX: u64 = 100_000;
/// Fewer places of φ are not offered.
const MIN_OFFERED_PLACES: f64 = 1_000.0;
/// The most divisors that are shown.
const MAX_DIVISORS: usize = 24;
/// log₁₀ φ
const LOG_PHI: f64 = 0.208_987_640_249_978_73;

/// Renders all sections. `value` is the whole value in decimal if it is known here.
pub(super) fn sections(page: &NumberPage, facts: &NumberFacts, value: Option<&str>) -> Markup {
    let has_counts = page.digits.is_some() || facts.accepted;
    html! {
        @if facts.doublings.len() > 1 { (doublings(facts)) }
        (divisors(facts))
        div.columns.three[!has_counts] {
            @if let Some(value) = value { (digit_counts(value)) } @else if has_counts { (uncounted(page, facts)) }
            (golden(facts, page.golden_ratio.as_ref()))
            (zeckendorf(facts))
            (remainders(page, facts))
        }
        (pictures(facts, &page.measured))
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
    let magnitude = facts.index.trim_start_matches('-');
    let list = format!("/api/divisors/{magnitude}");
    html! {
        @if !matches!(facts.value.as_deref(), Some("0" | "1" | "-1")) {
            section aria-labelledby="divides" {
                h2 #divides { (text::DIVIDES) }
                @if !proper.is_empty() {
                    p { (rich(text::DIVIDES_RULE)) " " (text::DIVIDES_WHY) }
                    p.list {
                        @for d in proper.iter().take(MAX_DIVISORS) { a href={ "/n/" (d) } { (format::name(d)) } " " }
                        @if proper.len() > MAX_DIVISORS { a href=(list) { (text::AND_MORE) } }
                    }
                } @else if facts.divisors.is_none() {
                    p {
                        (rich(text::DIVIDES_RULE)) " "
                        @if magnitude.len() <= MAX_FACTORED_DIGITS {
                            (text::MANY_DIVISORS) " " a href=(list) { (rich(text::DIVISORS)) } "."
                        } @else {
                            (rich(text::LONG_INDEX))
                        }
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
            @if !complete && (1..=MAX_FACTOR_INDEX).contains(&facts.index.parse().unwrap_or(0)) {
                " " a href={ "/api/factors/fibonacci/" (facts.index) } { (text::KNOWN_FACTORS) } "."
            }
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
    if magnitude == "0" {
        return html! {};
    }
    html! {
        section aria-labelledby="zeckendorf" {
            h2 #zeckendorf { (text::ZECKENDORF) }
            @if facts.zeckendorf.is_empty() {
                p { a href={ "/api/representations/" (magnitude) } { (rich(text::ZECKENDORF_LONG)) } "." }
            } @else {
                p { (with_commas(magnitude)) " = " (numbers.join(" + ")) }
            }
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

/// Says who counts the digits of a value that is not whole on the page: the script that checks it, or the API.
fn uncounted(page: &NumberPage, facts: &NumberFacts) -> Markup {
    html! {
        section aria-labelledby="counts" {
            h2 #counts { (text::COUNTS) }
            @if page.digits.is_some() {
                p #digit-counts { (text::UNCOUNTED) }
                p.aside {
                    (format::digit_count(&facts.digits)) ". "
                    a href={ "/api/calculations/" (facts.index) "/value/digits" } { (text::COUNTED_BY_API) } "."
                }
            } @else {
                p { (text::NOT_COMPUTED) }
                @if page.calculation.is_none() {
                    div.offer {
                        (further_button(&facts.index, offer_text::ALL_DIGITS))
                        p.aside { (sentences::cost(facts)) }
                    }
                }
            }
        }
    }
}

/// Returns the number of decimal places of φ that F(n+1)/F(n) has.
fn golden_places(index: &str) -> f64 {
    let magnitude: f64 = index.trim_start_matches('-').parse().unwrap_or(f64::MAX);
    // |F(n+1)/F(n) − φ| = φ^(−n)/F(n), about √5·φ^(−2n).
    (2.0 * magnitude * LOG_PHI - 0.35).floor()
}

/// Returns the calculation of φ to as many places as F(n+1)/F(n) has, if they are many.
pub(crate) fn places_of_phi(index: Index) -> Option<Subject> {
    let places = golden_places(&index.to_string());
    (places >= MIN_OFFERED_PLACES).then(|| Subject::GoldenRatio(Index::new(places as i64)))
}

fn golden(facts: &NumberFacts, of_phi: Option<&Offer>) -> Markup {
    let places = golden_places(&facts.index);
    html! {
        section aria-labelledby="golden" {
            h2 #golden { (text::GOLDEN) }
            @if (2.0..f64::MAX).contains(&places) {
                p { (sentences::golden_places(places)) }
            }
            @if let Some(of_phi) = of_phi {
                (further_offer(of_phi))
                @if let Some(Err(_)) = of_phi.estimate { p { a href="/n/Phi(1000000)" { (text::MILLION_PLACES) } "." } }
            }
            (drawing::convergence(text::GOLDEN_PICTURE))
            p.aside { (text::GOLDEN_PICTURE) }
        }
    }
}

fn remainders(page: &NumberPage, facts: &NumberFacts) -> Markup {
    let period = facts.periods.first();
    // Without a period the last residue is that of the modulus.
    let alone = facts.residues.last().filter(|_| period.is_none());
    let modulus = period.map(|period| period.modulus.to_string()).or(alone.map(|residue| residue.modulus.clone()));
    html! {
        section aria-labelledby="remainders" {
            h2 #remainders { (text::REMAINDERS) }
            form.inline method="get" action={ "/n/" (facts.index) "#remainders" } {
                label for="mod" { (rich(text::MODULUS)) }
                input #mod name="mod" inputmode="numeric" value=[modulus] maxlength="40" required autocomplete="off";
                button.quiet { (text::SHOW) }
            }
            @if page.is_modulus_wrong { p { (text::MODULUS_ALLOWED) } }
            @if let Some(period) = period {
                p { (sentences::remainder(period)) }
                @let label = sentences::clock(period.modulus, period.period);
                @if let Some(clock) = drawing::clock(period.modulus, period.period, period.residue, &label) { (clock) }
            } @else if let Some(residue) = alone {
                p { (sentences::large_remainder(residue, page.period.as_ref())) }
            }
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
                @for residue in facts.residues.iter().take(PROOF_RESIDUES) {
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
