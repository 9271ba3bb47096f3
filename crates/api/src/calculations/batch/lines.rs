//! The response to a batch: a line for each index, in order, each as soon as it is to be sent.

use std::collections::{HashMap, VecDeque};

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use model::{AskToken, Calculation, Subject};
use server::Share;
use store::StoreError;
use tokio::time::Instant;

use crate::calculations::submission::WaitLimit;
use crate::events::{GroupWaiter, WaitResult};
use crate::state::ApiState;

/// Bytes sent at a time, unless the next line has to wait.
const CHUNK_BYTES: usize = 32 * 1024;
/// Rows read from the store at a time.
const PAGE_ROWS: usize = 1_000;

/// The answer to one index when it was stored.
pub(super) struct Line {
    pub(super) calculation: Calculation,
    pub(super) ask: Option<AskToken>,
}

/// The wait for the calculations of a batch.
pub(super) struct LineWait {
    waiter: GroupWaiter,
    limit: WaitLimit,
    deadline: Instant,
    /// Whether events were lost, with perhaps the ends of calculations.
    lost_events: bool,
}

impl LineWait {
    pub(super) fn new(waiter: GroupWaiter, limit: WaitLimit) -> Self {
        let deadline = Instant::now() + limit.wait;
        Self { waiter, limit, deadline, lost_events: false }
    }
}

struct Lines {
    state: ApiState,
    rest: VecDeque<Line>,
    /// `None` once nothing is waited for any more.
    wait: Option<LineWait>,
    /// The calculations that have changed since they were stored.
    newer: HashMap<Subject, Calculation>,
    _share: Share,
}

/// Returns the lines as a body. Dropping it ends the wait and gives the share back.
pub(super) fn stream(state: ApiState, lines: Vec<Line>, wait: Option<LineWait>, share: Share) -> Body {
    let lines = Lines { state, rest: lines.into(), wait, newer: HashMap::new(), _share: share };
    Body::from_stream(stream::unfold(lines, async |mut lines| {
        let chunk = lines.next_chunk().await;
        (!chunk.is_empty()).then(|| (Ok::<_, std::convert::Infallible>(Bytes::from(chunk)), lines))
    }))
}

impl Lines {
    async fn next_chunk(&mut self) -> Vec<u8> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK_BYTES
            && let Some(Line { calculation, .. }) = self.rest.front()
        {
            let subject = calculation.subject.clone();
            if self.wait.is_some() && !self.has_ended(calculation) {
                self.take_arrived();
                if self.wait.is_some() && !self.newer.contains_key(&subject) {
                    if !chunk.is_empty() {
                        break;
                    }
                    self.wait_for(&subject).await;
                }
            }
            if let Some(Line { calculation, ask }) = self.rest.pop_front() {
                let calculation = self.newer.get(&subject).unwrap_or(&calculation);
                let ask = ask.filter(|_| !calculation.is_readable()).map(|ask| ask.to_string());
                let line = wire::Submitted { calculation: calculation.into(), ask };
                // Structures of texts and finite numbers can always be written as JSON.
                drop(serde_json::to_writer(&mut chunk, &line));
                chunk.push(b'\n');
            }
        }
        chunk
    }

    /// Returns whether a calculation that was stored in this state has ended by now.
    fn has_ended(&self, stored: &Calculation) -> bool {
        stored.status().is_final() || self.newer.contains_key(&stored.subject)
    }

    /// Takes the results that have arrived.
    fn take_arrived(&mut self) {
        let Some(wait) = &mut self.wait else { return };
        while let Some(result) = wait.waiter.arrived() {
            match result {
                WaitResult::Final(calculation) => drop(self.newer.insert(calculation.subject.clone(), *calculation)),
                WaitResult::Gap => wait.lost_events = true,
            }
        }
    }

    /// Waits until a calculation ends. At the deadline and when the server shuts down, reads all that is left from the
    /// store; when events were lost, reads what they would have said.
    async fn wait_for(&mut self, subject: &Subject) {
        while let Some(wait) = &mut self.wait
            && !self.newer.contains_key(subject)
        {
            if wait.lost_events {
                // Subscribe before the store is read, so that no end falls between the two.
                let rest = self.rest_subjects();
                let again = self.state.hub.wait_for_all(rest.clone());
                self.wait =
                    self.wait.take().zip(again).map(|(wait, waiter)| LineWait { waiter, lost_events: false, ..wait });
                self.read(&rest).await;
                continue;
            }
            let draining = wait.limit.draining.clone();
            let waiting = tokio::time::timeout_at(wait.deadline, wait.waiter.next());
            match draining.run_until_cancelled(waiting).await {
                Some(Ok(Some(WaitResult::Final(calculation)))) => {
                    self.newer.insert(calculation.subject.clone(), *calculation);
                }
                Some(Ok(Some(WaitResult::Gap))) => wait.lost_events = true,
                // Events can be lost; the store has what they would have said.
                _ => {
                    self.wait = None;
                    self.read(&self.rest_subjects()).await;
                }
            }
        }
    }

    fn rest_subjects(&self) -> Vec<Subject> {
        let open = self.rest.iter().map(|line| &line.calculation).filter(|calculation| !self.has_ended(calculation));
        open.map(|calculation| calculation.subject.clone()).collect()
    }

    /// Reads calculations from the store. If it does not answer, lines say what was stored.
    async fn read(&mut self, subjects: &[Subject]) {
        for page in subjects.chunks(PAGE_ROWS) {
            let found: Result<Vec<Calculation>, StoreError> = self.state.ports.store.find_batch(page).await;
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot read the calculations of a batch");
                    return;
                }
            };
            // While something is waited for, only what has ended is taken: the rest is still to come.
            let is_waiting = self.wait.is_some();
            let taken = found.into_iter().filter(|found| !is_waiting || found.status().is_final());
            self.newer.extend(taken.map(|found| (found.subject.clone(), found)));
        }
    }
}
