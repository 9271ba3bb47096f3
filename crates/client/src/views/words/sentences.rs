//! Sentences that are built around values.

use maud::{Markup, html};
use wire::{FoundDigits, ModulusPeriod, NumberFacts, Period, PrimalityMethodBody, Problem, Residue, VerificationBody};

use super::format::{self, digit_count, plain_name, rich, with_commas};

/// How a screen reader says the name of a number.
pub(in crate::views) fn spoken_name(index: &str) -> String {
    format!("F of {}", with_commas(index))
}

/// Names a number for lists of search results.
pub(in crate::views) fn number_title(index: &str, facts: Option<&NumberFacts>) -> String {
    let name = plain_name(index);
    match (index.parse(), facts) {
        (Ok(n @ 1..=1_000_000_000), _) => format!("{name}, the {} Fibonacci number", format::ordinal(n)),
        (_, Some(facts)) => format!("{name}, a Fibonacci number of {}", digit_count(&facts.digits)),
        (_, None) => name,
    }
}

/// Says the most important facts about a number, and how long it took to compute.
pub(in crate::views) fn number(facts: &NumberFacts, compute_ms: Option<u64>) -> String {
    let count = digit_count(&facts.digits);
    let parity = if facts.even { "even" } else { "odd" };
    let mut words = match facts.value.as_deref().filter(|value| value.len() <= 24) {
        Some("0") => {
            return "It is 0, the number before the first: F(0) = 0 and F(1) = 1 begin the sequence.".to_owned();
        }
        Some(value) => format!(
            "It is {}, {} with {count}.",
            with_commas(value),
            if facts.even { "an even number" } else { "an odd number" }
        ),
        None => {
            let exponent = facts
                .digits
                .parse::<u64>()
                .ok()
                .filter(|digits| *digits < 1_000_000_000_000)
                .map(|digits| digits.saturating_sub(1).to_string());
            let size = exponent.map(|exponent| {
                let sign = if facts.negative { "−" } else { "" };
                let digits = &facts.first_digits;
                let exponent = format::raised(&exponent);
                format!(
                    ", about {sign}{}.{}\u{a0}·\u{a0}10{exponent}",
                    &digits[..1],
                    digits.get(1..4).unwrap_or_default()
                )
            });
            format!("A number of {count}{}. It is {parity}", size.unwrap_or_default())
        }
    };
    if facts.value.as_ref().is_none_or(|value| value.len() > 24) {
        let ending = facts.last_digits.get(facts.last_digits.len().saturating_sub(3)..).unwrap_or_default();
        words += &match facts.index.parse::<i64>() {
            Ok(1_000..) => format!(", and ends in {ending} like every 1500th number before and after it."),
            _ => format!(", and ends in {ending}."),
        };
    }
    let doublings = facts.doublings.len().saturating_sub(1);
    if doublings > 0 && facts.accepted {
        words += &format!(" It takes {doublings} {}", if doublings == 1 { "doubling" } else { "doublings" });
        words += &match compute_ms {
            Some(ms) => format!(", and took {} here.", format::duration(ms).replace(' ', "\u{a0}")),
            None => " to compute.".to_owned(),
        };
    }
    words
}

/// Begins the sentence about a number with its name, for those who do not see the page.
pub(in crate::views) fn described(index: &str, sentence: &str) -> String {
    let name = plain_name(index);
    sentence.strip_prefix("It is ").map_or_else(|| format!("{name}: {sentence}"), |what| format!("{name} is {what}"))
}

/// Says what computing all digits would take here.
pub(in crate::views) fn cost(facts: &NumberFacts) -> String {
    match (facts.accepted, facts.estimated_ms, facts.estimated_memory_bytes) {
        (true, Some(ms), Some(bytes)) => takes(ms, bytes),
        (true, ..) => "can be computed here".to_owned(),
        _ => {
            let limit = with_commas(&facts.max_index);
            format!("too large to compute here, where the limit is F({limit}); its ends and residues are exact")
        }
    }
}

/// Says what a computation takes here.
pub(in crate::views) fn takes(ms: u64, memory_bytes: u64) -> String {
    let about = if ms == 0 { "" } else { "about " };
    format!("{about}{} and {} of memory here", format::rough_duration(ms), format::bytes(memory_bytes))
}

/// Says that a calculation is too large. What is allowed ends with the largest number that is.
pub(in crate::views) fn refused(problem: &Problem) -> String {
    let limit = problem.allowed.as_deref().and_then(|allowed| allowed.rsplit(' ').next()).map(with_commas);
    let limit = limit.map(|limit| format!(", where the limit is {limit}")).unwrap_or_default();
    format!("This is too large to compute here{limit}.")
}

pub(in crate::views) fn compute_phi(places: &str) -> String {
    format!("Compute φ to {} places", with_commas(places))
}

/// Says that a number is too large, or what it takes, as a sentence of its own.
pub(in crate::views) fn beyond(facts: &NumberFacts) -> String {
    format!("This number is {}.", cost(facts))
}

/// What a screen reader says when a number is finished.
pub(in crate::views) fn is_done(subject: &str) -> String {
    format!("{subject} is done.")
}

pub(in crate::views) fn has_failed(subject: &str) -> String {
    format!("{subject} could not be computed.")
}

pub(in crate::views) fn was_cancelled(subject: &str) -> String {
    format!("{subject} was cancelled.")
}

pub(in crate::views) fn progress_of(subject: &str) -> String {
    format!("Progress of {subject}")
}

pub(in crate::views) fn attempts(count: u32) -> String {
    format!("{count} {}", if count == 1 { "attempt" } else { "attempts" })
}

/// The digits on the page, of all.
pub(in crate::views) fn digit_range(from: u64, until: u64, count: u64) -> String {
    let [from, until, count] = [from, until, count].map(|place| with_commas(&place.to_string()));
    if from == "1" && until == count { format!("1–{count}") } else { format!("{from}–{until} of {count}") }
}

/// Says what a search for digits takes at most.
pub(in crate::views) fn search_price(count: u64) -> String {
    let ms = FoundDigits::estimated_ms(count);
    let about = if ms == 0 { "" } else { "about " };
    let time = format::rough_duration(ms);
    format!("A search of all {} takes {about}{time} here.", digit_count(&count.to_string()))
}

pub(in crate::views) fn found_at(position: u64) -> String {
    format!("Found at digit {}.", with_commas(&position.to_string()))
}

pub(in crate::views) fn not_among(from: u64, to: u64) -> String {
    format!("Not among digits {} to {}.", with_commas(&from.to_string()), with_commas(&to.to_string()))
}

pub(in crate::views) fn not_found_from(from: u64) -> String {
    format!("Not found from digit {} on.", with_commas(&from.to_string()))
}

pub(in crate::views) fn in_binary(magnitude: u64) -> Markup {
    html! {
        (with_commas(&magnitude.to_string())) " is " code { (format!("{magnitude:b}")) }
        " in binary. Read it bit by bit: each step doubles the index, and a 1 adds one."
    }
}

pub(in crate::views) fn digit_counts(counts: &[u64]) -> String {
    let list: Vec<String> = counts.iter().enumerate().map(|(digit, count)| format!("{digit}: {count}")).collect();
    format!("How often each digit occurs. {}", list.join(", "))
}

pub(in crate::views) fn digit_sum(digits: u64, sum: u64) -> String {
    format!("{}, digit sum {}.", digit_count(&digits.to_string()), with_commas(&sum.to_string()))
}

/// Says how it is known whether a number is prime.
pub(in crate::views) fn primality_method(method: &PrimalityMethodBody) -> String {
    let source = method.source.as_deref().unwrap_or_default();
    match method.name.as_str() {
        "deterministic_test" => "Proven by a test that is exact below 2^64.".to_owned(),
        "elliptic_curves" => format!("Proven by elliptic curves: {source}."),
        "cyclotomy" => format!("Proven by cyclotomy: {source}."),
        "published_proof" => format!("The proof: see {source}."),
        _ => format!("See {source}."),
    }
}

/// Says how close the ratio of neighbours is to the golden ratio.
pub(in crate::views) fn golden_places(places: f64) -> Markup {
    let exponent = places.log10().floor();
    html! {
        (rich("F(n+1)/F(n) is the golden ratio to about "))
        @if exponent < 12.0 { (with_commas(&format!("{places:.0}"))) } @else {
            (format!("{:.2}·10", places / 10_f64.powf(exponent))) sup { (with_commas(&format!("{exponent:.0}"))) }
        }
        " decimal places."
    }
}

pub(in crate::views) fn clock(modulus: u64, period: u64) -> String {
    format!(
        "The residues of the Fibonacci numbers modulo {modulus}, joined in their order, return to 0 and 1 after {period} \
         steps."
    )
}

pub(in crate::views) fn remainder(period: &Period) -> Markup {
    let Period { modulus, period, entry_point, residue, .. } = period;
    html! {
        "The remainder is " strong { (with_commas(&residue.to_string())) } ". "
        (repeats(&modulus.to_string(), &period.to_string(), &entry_point.to_string()))
    }
}

/// Says the remainder of a large modulus, and its period if it is known.
pub(in crate::views) fn large_remainder(residue: &Residue, period: Option<&ModulusPeriod>) -> Markup {
    html! {
        "Modulo " (with_commas(&residue.modulus)) " the remainder is " strong { (with_commas(&residue.residue)) } ". "
        @if let Some(period) = period { (repeats(&period.modulus, &period.pisano_period, &period.entry_point)) }
    }
}

fn repeats(modulus: &str, period: &str, entry_point: &str) -> Markup {
    let modulus = with_commas(modulus);
    html! {
        "Remainders modulo " (modulus) " repeat every π(" (modulus) ") = " (with_commas(period))
        " numbers. The first Fibonacci number that " (modulus) " divides is "
        a href={ "/n/" (entry_point) } { (format::name(entry_point)) } "."
    }
}

pub(in crate::views) fn spiral(magnitude: u64) -> Markup {
    html! {
        "The spiral of squares: the side of each square is a Fibonacci number, the largest "
        (format::name(&magnitude.to_string())) "."
    }
}

pub(in crate::views) fn growth(digits: &str) -> String {
    format!("The digits of F(n) against n: {} here.", digit_count(digits))
}

/// Says how much paper the digits would take, with 3000 digits on a page.
pub(in crate::views) fn printed(digits: f64) -> String {
    let pages = digits / 3_000.0;
    let paper = match digits {
        ..=50.0 => "it fits on a line.".to_owned(),
        ..=3_000.0 => "it fits on a printed page of 3000 digits.".to_owned(),
        ..=1e18 => {
            format!("printed with 3000 digits on a page it has {} pages.", with_commas(&format!("{:.0}", pages.ceil())))
        }
        _ => "no library could hold its digits.".to_owned(),
    };
    format!("How long it is: {paper}")
}

/// Says when a calculation was requested and finished, and how often it was requested.
pub(in crate::views) fn requested(asked_at: &str, finished_at: Option<&str>, asked: u64, attempt: u32) -> Markup {
    html! {
        "First requested " (format::moment(asked_at))
        @if let Some(at) = finished_at { ", finished " (format::moment(at)) }
        ", requested "
        @if asked == 1 { "once" } @else { (with_commas(&asked.to_string())) " times" }
        @if attempt > 1 { ", attempt " (attempt) }
        "."
    }
}

pub(in crate::views) fn sha256(hash: &str) -> Markup {
    html! { "SHA-256 of the digits: " code.hash { (hash) } }
}

pub(in crate::views) fn bibtex(key: &str, index: &str, url: &str) -> String {
    format!(
        "@misc{{abaci-{key},\n  title = {{The Fibonacci number F({index})}},\n  howpublished = {{Abaci}},\n  url = {{{url}}}\n}}"
    )
}

pub(in crate::views) fn digits_of(index: &str) -> String {
    format!("The digits of {}", plain_name(index))
}

/// Says whether a copy is right, and otherwise where it differs. The scripts have the same words.
pub(in crate::views) fn verdict(answer: &VerificationBody) -> String {
    let subject = plain_name(&answer.index);
    let (found, expected) = (&answer.digits.found, &answer.digits.expected);
    if answer.right {
        return format!("Yes, this is {subject}: all {}, and all three residues agree.", digit_count(expected));
    }
    let mut words = format!("No, this is not {subject}.");
    if let Some(at) = answer.malformed_at {
        return words + &format!(" Character {} is not a digit.", with_commas(&at.to_string()));
    }
    if found != expected {
        words += &format!(" It has {} instead of {}.", digit_count(found), with_commas(expected));
    }
    let wrong = answer.residues.iter().filter(|residue| residue.found.as_ref() != Some(&residue.expected)).count();
    if wrong > 0 {
        words += &format!(" It differs in {wrong} of {} residues.", answer.residues.len());
    }
    words
}

pub(in crate::views) fn first_difference(place: u64) -> String {
    format!("The first difference is at digit {}.", with_commas(&place.to_string()))
}

/// When to try again, rounded up.
pub(crate) fn try_again_in(seconds: u64) -> String {
    let time = match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    };
    format!("Try again in about {time}.")
}

pub(in crate::views) fn limit(max_index: &str) -> Markup {
    let limit = with_commas(max_index);
    html! {
        (rich("All digits of F(n) for n from −")) (limit) " to " (limit) (rich(", and facts about any n up to 10")) sup { "1000" } "."
    }
}

pub(in crate::views) fn oldest(age_ms: u64) -> String {
    format!(", the oldest for {}", format::duration(age_ms))
}

pub(in crate::views) fn wait(count: u64) -> String {
    format!("{count} wait")
}

pub(in crate::views) fn run(count: u64) -> String {
    format!("{count} run")
}

/// Describes the drawing of the system.
pub(in crate::views) fn system(waiting: u64, claimed: u64, workers: usize) -> String {
    format!(
        "A number goes from the browser through the client to the API, into the store and the queue, to a worker and \
         back. {waiting} wait, {claimed} are computed, by {workers} workers."
    )
}

pub(in crate::views) fn place_in_queue(place: usize, lane: &str, claimed: u64) -> String {
    format!("It is number {place} in the queue of {lane} work now, and {}.", computed(claimed))
}

pub(in crate::views) fn place_after(others: usize, claimed: u64) -> String {
    format!("More than {others} are before it in the queue now, and {}.", computed(claimed))
}

pub(in crate::views) fn queue_length(waiting: u64, claimed: u64) -> String {
    let wait = if waiting == 1 { "waits" } else { "wait" };
    format!("{} {wait} in all, and {}.", with_commas(&waiting.to_string()), computed(claimed))
}

fn computed(claimed: u64) -> String {
    format!("{} {} being computed", with_commas(&claimed.to_string()), if claimed == 1 { "is" } else { "are" })
}

/// A time of as many years, by the exponent of ten.
pub(in crate::views) fn years(exponent: f64) -> Markup {
    html! { "10" sup { (with_commas(&format!("{exponent:.0}"))) } " years" }
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
