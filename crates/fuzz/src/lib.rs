//! Fuzzing without a special compiler: a test calls [`run`] with a corpus and a check.
//!
//! In `ci/test unit` a target runs for a fixed number of inputs, always the same ones. `ABACI_FUZZ_SECONDS` makes it
//! run for a time, with new ones; `ci/soak fuzz` does.

#![expect(clippy::print_stderr, reason = "the output of a test")]

mod corpus;
mod mutate;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;

pub use corpus::{escape, unescape};
use mutate::mutate;

/// Inputs of a short run.
const SHORT_RUN: u64 = 20_000;
/// Inputs that are mutated further, at most.
const POOL: usize = 4_096;

/// Checks every line of a corpus, then mutations of them. Lines are escaped like Rust's strings.
///
/// The check panics on a wrong result, and otherwise returns what kind of result it was. An input with a new kind of
/// result is mutated further.
///
/// # Panics
/// When the check does, after printing the input as a line for the corpus.
pub fn run<K: Hash>(name: &str, corpus: &str, check: impl Fn(&[u8]) -> K) {
    let seeds: Vec<Vec<u8>> = corpus.lines().filter(|line| !line.is_empty()).map(unescape).collect();
    assert!(!seeds.is_empty(), "{name}: the corpus is empty");
    #[expect(clippy::disallowed_methods, reason = "tests have no settings of app")]
    let seconds = std::env::var("ABACI_FUZZ_SECONDS").ok();
    let duration = seconds.map(|text| {
        Duration::from_secs(text.parse().unwrap_or_else(|_| panic!("ABACI_FUZZ_SECONDS: expected seconds, got {text}")))
    });
    let mut rng = if duration.is_some() { Rng::new() } else { Rng::with_seed(1) };
    let (start, mut inputs, mut kinds, mut pool) = (Instant::now(), 0_u64, HashSet::new(), Vec::new());
    let mut try_one = |input: Vec<u8>, pool: &mut Vec<Vec<u8>>| {
        let kind = catch_unwind(AssertUnwindSafe(|| check(&input))).unwrap_or_else(|panic| {
            eprintln!("{name}: failed for this line of the corpus:\n{}", escape(&input));
            resume_unwind(panic)
        });
        let mut hasher = DefaultHasher::new();
        kind.hash(&mut hasher);
        if kinds.insert(hasher.finish()) && pool.len() < POOL {
            pool.push(input);
        }
        kinds.len()
    };
    for seed in &seeds {
        try_one(seed.clone(), &mut pool);
        inputs += 1;
    }
    pool.extend(seeds);
    let mut found = 0;
    while duration.map_or(inputs < SHORT_RUN, |duration| inputs % 256 != 0 || start.elapsed() < duration) {
        let input = mutate(&pool, &mut rng);
        found = try_one(input, &mut pool);
        inputs += 1;
    }
    eprintln!("{name}: {inputs} inputs, {found} kinds of results, {} s", start.elapsed().as_secs());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_result_behind_a_few_mutations_is_found() {
        let check = |input: &[u8]| {
            let depth = input.iter().take_while(|byte| **byte == b'(').count();
            assert!(depth < 6 || !input.contains(&0), "found");
            depth
        };
        let found = catch_unwind(|| run("a test", "(1)\n", check));
        let panic = found.expect_err("it is found");
        assert_eq!(panic.downcast_ref::<&str>().copied(), Some("found"));
    }

    #[test]
    fn every_line_of_the_corpus_is_checked_as_it_is() {
        let lines = std::sync::Mutex::new(HashSet::new());
        run("a test", "one\n\\x00\\n\n", |input| {
            lines.lock().expect("not poisoned").insert(input.to_vec());
        });
        let lines = lines.into_inner().expect("not poisoned");
        assert!(lines.contains(&b"one"[..]) && lines.contains(&b"\0\n"[..]));
    }
}
