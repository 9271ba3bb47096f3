//! Parts of a value, which the system answers without computing the value.

use fibonacci::IBig;
use wire::NumberFacts;

use super::connection::{RemoteCall, RemoteServer};
use super::error::RemoteError;
use crate::cli::maths::Answer;
use crate::cli::parts::PartArgs;

/// Returns the requested parts of F(n), after the index and the modulus if these are to be named.
pub(super) fn parts_of(
    server: &RemoteServer,
    n: &IBig,
    parts: &PartArgs,
    names_arguments: bool,
) -> Result<Answer, RemoteError> {
    let modulus = parts.modulus.as_ref().map(ToString::to_string);
    let query = [
        ("first", parts.first.map(|count| count.to_string())),
        ("last", parts.last.map(|count| count.to_string())),
        ("modulus", modulus.clone()),
    ];
    let query: Vec<String> = query.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    let facts: NumberFacts = server.json(&RemoteCall::get(format!("/api/numbers/{n}?{}", query.join("&"))))?;
    let residue = modulus.as_ref().and_then(|modulus| residue(&facts, modulus));
    let mut answer = Answer::default();
    if names_arguments {
        answer = answer.with("index", facts.index);
    }
    if parts.digits {
        answer = answer.with("digits", facts.digits);
    }
    if parts.first.is_some() {
        answer = answer.with("first_digits", facts.first_digits);
    }
    if parts.last.is_some() {
        answer = answer.with("last_digits", facts.last_digits);
    }
    if let Some(modulus) = modulus {
        if names_arguments {
            answer = answer.with("modulus", modulus);
        }
        answer = answer.with("residue", residue);
    }
    Ok(answer)
}

/// Returns the residue of a modulus: that of a small one is beside its period.
fn residue(facts: &NumberFacts, modulus: &str) -> Option<String> {
    let beside_periods = facts.periods.iter().map(|period| (period.modulus.to_string(), period.residue.to_string()));
    let alone = facts.residues.iter().map(|residue| (residue.modulus.clone(), residue.residue.clone()));
    alone.chain(beside_periods).find(|(of, _)| of == modulus).map(|(_, residue)| residue)
}
