//! Submitting calculations, many in one transaction.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Calculation, Subject};

use super::Operation;
use crate::row::LockedRow;
use crate::rules::{SubmitDecision, decide_submit};
use crate::sql::Statements;
use crate::{NewCalculation, StoreError, SubmitResult};

/// New rows are inserted before the first round. A round sees the rows that were there, those that other processes
/// inserted first, and duplicates within the batch. More than two are needed only when rows change in between.
const MAX_ROUNDS: usize = 6;

/// The answer to one submission. A full queue does not undo what shares the transaction.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are accepted")]
pub(crate) enum SubmitAnswer {
    Accepted(SubmitResult),
    QueueFull { allowed: u64 },
}

impl From<SubmitAnswer> for Result<SubmitResult, StoreError> {
    fn from(answer: SubmitAnswer) -> Self {
        match answer {
            SubmitAnswer::Accepted(result) => Ok(result),
            SubmitAnswer::QueueFull { allowed } => Err(StoreError::QueueFull { allowed }),
        }
    }
}

/// Submits one calculation.
pub(crate) struct Submit(pub(crate) NewCalculation);

impl Operation for Submit {
    type Answer = SubmitAnswer;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<SubmitAnswer> {
        let mut answers = submit_batch(statements, std::slice::from_ref(&self.0)).await?;
        answers.pop().ok_or(sqlx::Error::RowNotFound)
    }
}

/// Submits calculations, all or none. The answer is `QueueFull` if there is no room for all, with nothing written.
pub(crate) struct SubmitAll(pub(crate) Arc<[NewCalculation]>);

impl Operation for SubmitAll {
    type Answer = Result<Vec<SubmitResult>, StoreError>;

    async fn run<S: Statements>(&self, statements: &mut S) -> sqlx::Result<Self::Answer> {
        if !has_room(statements, &self.0).await? {
            return Ok(Err(StoreError::QueueFull { allowed: statements.queue_limit().max_queued() }));
        }
        let answers = submit_batch(statements, &self.0).await?;
        let accepted = answers.into_iter().map(|answer| match answer {
            SubmitAnswer::Accepted(result) => Ok(result),
            // Other processes took the room since; the error undoes what this transaction wrote.
            SubmitAnswer::QueueFull { .. } => Err(sqlx::Error::Protocol("the queue filled up meanwhile".into())),
        });
        accepted.collect::<sqlx::Result<Vec<_>>>().map(Ok)
    }
}

/// Returns whether all of these may be queued. Reads their rows only if there is no room for that many new ones.
async fn has_room<S: Statements>(statements: &mut S, requests: &[NewCalculation]) -> sqlx::Result<bool> {
    let subjects = distinct(requests.iter().map(|request| &request.subject));
    if room(statements, subjects.len()).await? >= subjects.len() {
        return Ok(true);
    }
    let rows = statements.find(&subjects).await?;
    let mut queued_subjects = HashSet::new();
    let to_queue = requests.iter().filter(|request| {
        let decision = decide_submit(rows.get(&request.subject), request);
        matches!(decision, SubmitDecision::Insert | SubmitDecision::Requeue) && queued_subjects.insert(&request.subject)
    });
    let to_queue = to_queue.count();
    Ok(room(statements, to_queue).await? >= to_queue)
}

/// Returns how many rows may be queued, by a recent count if that is enough for `rows`.
async fn room<S: Statements>(statements: &mut S, rows: usize) -> sqlx::Result<usize> {
    let room = match statements.queue_limit().recent_room(rows as u64) {
        Some(room) => room,
        None => {
            let unfinished = statements.count_unfinished().await?;
            statements.queue_limit().set_counted(unfinished)
        }
    };
    Ok(usize::try_from(room).unwrap_or(usize::MAX))
}

/// Inserts what is new and has no token in one statement, which needs no transaction, if a recent count allows all of
/// it. Leaves the answers of the rest open: they need [`submit_batch`].
#[cfg(feature = "postgres")]
pub(crate) async fn insert_without_tokens<S: Statements>(
    statements: &mut S,
    requests: &[NewCalculation],
) -> sqlx::Result<Vec<Option<SubmitAnswer>>> {
    let mut answers = vec![None; requests.len()];
    insert_new(statements, requests, |request| request.ask.is_none(), &mut answers).await?;
    Ok(answers)
}

/// Submits all or, if it fails, none. Returns an answer for each, in their order.
pub(crate) async fn submit_batch<S: Statements>(
    statements: &mut S,
    requests: &[NewCalculation],
) -> sqlx::Result<Vec<SubmitAnswer>> {
    let mut answers = vec![None; requests.len()];
    insert_new(statements, requests, |_| true, &mut answers).await?;
    for _ in 0..MAX_ROUNDS {
        let open: Vec<(usize, &NewCalculation)> =
            requests.iter().enumerate().filter(|(at, _)| answers[*at].is_none()).collect();
        if open.is_empty() {
            break;
        }
        for (at, answer) in submit_round(statements, &open).await? {
            answers[at] = Some(answer);
        }
    }
    let answers: Option<Vec<_>> = answers.into_iter().collect();
    answers.ok_or_else(|| sqlx::Error::Protocol("rows changed too often during a submission".into()))
}

/// Inserts what is new of these requests without looking for it first, if a recent count allows all of it. Leaves the
/// answers of the rest open.
async fn insert_new<S: Statements>(
    statements: &mut S,
    requests: &[NewCalculation],
    is_included: impl Fn(&NewCalculation) -> bool,
    answers: &mut [Option<SubmitAnswer>],
) -> sqlx::Result<()> {
    let mut places: HashMap<&Subject, usize> = HashMap::with_capacity(requests.len());
    // Of several requests for one subject, the first queues it.
    for (at, request) in requests.iter().enumerate().filter(|(_, request)| is_included(request)) {
        places.entry(&request.subject).or_insert(at);
    }
    if places.is_empty() || statements.queue_limit().recent_room(places.len() as u64).is_none() {
        return Ok(());
    }
    let is_first = |(at, request): &(usize, &NewCalculation)| places.get(&request.subject) == Some(at);
    let new: Vec<&NewCalculation> = requests.iter().enumerate().filter(is_first).map(|(_, new)| new).collect();
    let inserted = statements.insert(&new).await?;
    statements.queue_limit().add_queued(inserted.len() as u64);
    let mut tokens = Vec::new();
    for calculation in inserted {
        let Some(&at) = places.get(&calculation.subject) else { continue };
        tokens.extend(requests[at].ask.as_ref().map(|ask| (calculation.id, ask)));
        answers[at] = Some(SubmitAnswer::Accepted(SubmitResult::Queued(calculation)));
    }
    if !tokens.is_empty() {
        statements.add_tokens(&tokens).await?;
    }
    Ok(())
}

async fn submit_round<S: Statements>(
    statements: &mut S,
    open: &[(usize, &NewCalculation)],
) -> sqlx::Result<Vec<(usize, SubmitAnswer)>> {
    let rows = read_rows(statements, open).await?;
    let mut answers = Vec::with_capacity(open.len());
    let (mut tokens, mut unwithdrawable, mut to_queue) = (Vec::new(), Vec::new(), Vec::new());
    let mut queued_subjects = HashSet::new();
    for (at, request) in open {
        let row = rows.get(&request.subject);
        match (decide_submit(row, request), row) {
            (SubmitDecision::Known, Some(row)) => {
                answers.push((*at, SubmitAnswer::Accepted(SubmitResult::Known(row.calculation.clone()))));
            }
            (SubmitDecision::Join { add_token: _, make_unwithdrawable }, Some(row)) => {
                tokens.extend(request.ask.as_ref().map(|ask| (row.id(), ask)));
                unwithdrawable.extend(make_unwithdrawable.then_some(row.id()));
                answers.push((*at, SubmitAnswer::Accepted(SubmitResult::Pending(row.calculation.clone()))));
            }
            // Of several requests for one subject, the first queues it; the next round answers the others.
            _ if queued_subjects.insert(&request.subject) => to_queue.push((*at, *request)),
            _ => {}
        }
    }
    if !unwithdrawable.is_empty() {
        statements.make_unwithdrawable(&unwithdrawable).await?;
    }
    let queued = queue(statements, &mut to_queue, &rows, &mut answers, open).await?;
    for (at, request) in to_queue {
        // A missing row was inserted by another process just now; the next round finds it.
        if let Some(calculation) = queued.get(&request.subject) {
            tokens.extend(request.ask.as_ref().map(|ask| (calculation.id, ask)));
            answers.push((at, SubmitAnswer::Accepted(SubmitResult::Queued(calculation.clone()))));
        }
    }
    if !tokens.is_empty() {
        statements.add_tokens(&tokens).await?;
    }
    Ok(answers)
}

/// Reads the rows and locks those that will change.
async fn read_rows<S: Statements>(
    statements: &mut S,
    open: &[(usize, &NewCalculation)],
) -> sqlx::Result<HashMap<Subject, LockedRow>> {
    let subjects: Vec<Subject> = distinct(open.iter().map(|(_, request)| &request.subject));
    let mut rows = statements.find(&subjects).await?;
    if !S::EXCLUSIVE {
        let changing = open
            .iter()
            .filter(|(_, request)| decide_submit(rows.get(&request.subject), request).needs_lock())
            .map(|(_, request)| &request.subject);
        let to_lock = distinct(changing);
        if !to_lock.is_empty() {
            rows.extend(statements.lock(&to_lock).await?);
        }
    }
    Ok(rows)
}

/// Inserts or requeues what fits below the limit, and refuses the rest.
async fn queue<S: Statements>(
    statements: &mut S,
    to_queue: &mut Vec<(usize, &NewCalculation)>,
    rows: &HashMap<Subject, LockedRow>,
    answers: &mut Vec<(usize, SubmitAnswer)>,
    open: &[(usize, &NewCalculation)],
) -> sqlx::Result<HashMap<Subject, Calculation>> {
    if to_queue.is_empty() {
        return Ok(HashMap::new());
    }
    let fitting = room(statements, to_queue.len()).await?.min(to_queue.len());
    let refused: HashSet<&Subject> = to_queue.split_off(fitting).into_iter().map(|(_, new)| &new.subject).collect();
    let allowed = statements.queue_limit().max_queued();
    let refused = open.iter().filter(|(_, request)| refused.contains(&request.subject));
    answers.extend(refused.map(|(at, _)| (*at, SubmitAnswer::QueueFull { allowed })));

    let (mut again, mut new) = (Vec::new(), Vec::new());
    for (_, request) in to_queue.iter() {
        match rows.get(&request.subject) {
            Some(row) => again.push((row.id(), *request)),
            None => new.push(*request),
        }
    }
    let mut queued = if again.is_empty() { Vec::new() } else { statements.requeue(&again).await? };
    if !new.is_empty() {
        queued.extend(statements.insert(&new).await?);
    }
    statements.queue_limit().add_queued(queued.len() as u64);
    Ok(queued.into_iter().map(|calculation| (calculation.subject.clone(), calculation)).collect())
}

fn distinct<'s>(subjects: impl Iterator<Item = &'s Subject>) -> Vec<Subject> {
    subjects.collect::<HashSet<_>>().into_iter().cloned().collect()
}
