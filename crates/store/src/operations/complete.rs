//! Ending calculations with a value or a failure.

#[cfg(feature = "postgres")]
use std::collections::BTreeMap;
use std::collections::{HashMap, HashSet};

use model::{Calculation, Failure, Subject, Timestamp};

use super::Operation;
use crate::rules::{CompleteDecision, decide_complete, is_held_by};
use crate::sql::Statements;
use crate::{CompleteResult, CompletedValue, Lease};

/// Stores one value.
pub(crate) struct Complete(pub(crate) CompletedValue);

impl Operation for Complete {
    type Answer = CompleteResult;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<CompleteResult> {
        let mut results = complete_batch(statements, std::slice::from_ref(&self.0)).await?;
        results.pop().ok_or(sqlx::Error::RowNotFound)
    }
}

/// Stores values.
pub(crate) struct CompleteAll(pub(crate) Vec<CompletedValue>);

impl Operation for CompleteAll {
    type Answer = Vec<CompleteResult>;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<Vec<CompleteResult>> {
        complete_batch(statements, &self.0).await
    }
}

/// Stores the values of unfinished rows in one statement, which needs no transaction. Leaves the results of the rest
/// open: they need [`complete_batch`].
#[cfg(feature = "postgres")]
pub(crate) async fn complete_unfinished<S: Statements>(
    statements: &mut S,
    values: &[CompletedValue],
) -> sqlx::Result<Vec<Option<CompleteResult>>> {
    let mut results: Vec<Option<CompleteResult>> = vec![None; values.len()];
    let mut places: BTreeMap<&Subject, usize> = BTreeMap::new();
    for (at, value) in values.iter().enumerate() {
        places.entry(&value.subject).or_insert(at);
    }
    // In the order of their subjects, in which two such statements with the same rows hardly deadlock.
    let distinct: Vec<&CompletedValue> = places.values().filter_map(|at| values.get(*at)).collect();
    for done in statements.set_done(&distinct).await? {
        if let Some(&at) = places.get(&done.subject) {
            results[at] = Some(CompleteResult::Recorded(done));
        }
    }
    Ok(results)
}

/// Stores all values or, if it fails, none. Returns a result for each, in their order.
pub(crate) async fn complete_batch<S: Statements>(
    statements: &mut S,
    values: &[CompletedValue],
) -> sqlx::Result<Vec<CompleteResult>> {
    let mut results: Vec<Option<CompleteResult>> = vec![None; values.len()];
    // Of several values for one subject, each round takes the first: the next sees what it did to the row.
    loop {
        let mut subjects = HashSet::new();
        let open: Vec<(usize, &CompletedValue)> = values
            .iter()
            .enumerate()
            .filter(|(at, value)| results[*at].is_none() && subjects.insert(&value.subject))
            .collect();
        if open.is_empty() {
            break;
        }
        for (at, result) in complete_round(statements, &open).await? {
            results[at] = Some(result);
        }
    }
    Ok(results.into_iter().flatten().collect())
}

async fn complete_round<S: Statements>(
    statements: &mut S,
    open: &[(usize, &CompletedValue)],
) -> sqlx::Result<Vec<(usize, CompleteResult)>> {
    let subjects: Vec<Subject> = open.iter().map(|(_, value)| value.subject.clone()).collect();
    let mut rows = statements.lock(&subjects).await?;
    let mut results = Vec::with_capacity(open.len());
    let (mut stored, mut stored_at) = (Vec::new(), Vec::new());
    for (at, value) in open {
        let Some(row) = rows.remove(&value.subject) else {
            results.push((*at, CompleteResult::Unknown));
            continue;
        };
        match decide_complete(&row, value) {
            CompleteDecision::Contradiction(failure) => {
                let failed = statements.set_failed(&row, &failure, value.finished_at).await?;
                results.push((*at, CompleteResult::Contradiction(failed)));
            }
            CompleteDecision::AlreadyKnown => results.push((*at, CompleteResult::AlreadyKnown(row.calculation))),
            CompleteDecision::Ended => results.push((*at, CompleteResult::Ended(row.calculation))),
            CompleteDecision::Store => {
                stored.push(*value);
                stored_at.push(*at);
            }
        }
    }
    if !stored.is_empty() {
        let places: HashMap<&Subject, usize> = stored.iter().map(|value| &value.subject).zip(stored_at).collect();
        for done in statements.set_done(&stored).await? {
            let at = *places.get(&done.subject).ok_or(sqlx::Error::RowNotFound)?;
            results.push((at, CompleteResult::Recorded(done)));
        }
    }
    if results.len() == open.len() { Ok(results) } else { Err(sqlx::Error::RowNotFound) }
}

/// Fails a calculation.
pub(crate) struct Fail {
    pub(crate) subject: Subject,
    pub(crate) lease: Option<Lease>,
    pub(crate) failure: Failure,
    pub(crate) now: Timestamp,
}

impl Operation for Fail {
    type Answer = Option<Calculation>;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<Option<Calculation>> {
        match statements.lock_one(&self.subject).await? {
            Some(row) if is_held_by(&row, self.lease.as_ref()) => {
                statements.set_failed(&row, &self.failure, self.now).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}
