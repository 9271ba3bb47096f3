//! A task of this process that settles in one transaction what several callers want at the same time.
//!
//! Requests that arrive while it is busy share the next transaction and its one commit. A lone one waits for
//! nobody: the task takes whatever is there the moment it is free.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::error::{classify, is_collision};
use super::within_deadline;
use crate::{StoreError, metrics};

/// Requests that may share one transaction. Bounds how long the first of them waits for the last.
const BATCH_ROWS: usize = 256;
/// Requests that may wait for the task; callers beyond that wait for a place.
const WAITING_REQUESTS: usize = 1024;

/// What a task does with its requests.
pub(super) trait Settle: Send + 'static {
    type Request: Clone + Send + Sync + 'static;
    type Answer: Send + 'static;

    /// Settles all or, if it fails, none. Gives an answer for each, in their order.
    fn settle(&mut self, requests: &[Self::Request]) -> impl Future<Output = sqlx::Result<Vec<Self::Answer>>> + Send;
}

/// The way to the task, which ends when the last of these is dropped.
pub(super) struct Gathering<S: Settle> {
    inbox: mpsc::Sender<Waiting<S>>,
}

impl<S: Settle> Clone for Gathering<S> {
    fn clone(&self) -> Self {
        Self { inbox: self.inbox.clone() }
    }
}

struct Waiting<S: Settle> {
    request: S::Request,
    reply: oneshot::Sender<Result<S::Answer, StoreError>>,
}

impl<S: Settle> Gathering<S> {
    pub(super) fn start(work: S) -> Self {
        let (inbox, waiting) = mpsc::channel(WAITING_REQUESTS);
        tokio::spawn(run(work, waiting));
        Self { inbox }
    }

    /// Has a request settled and waits until the transaction that did is committed.
    pub(super) async fn settled(&self, request: S::Request) -> Result<S::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Waiting { request, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the task that settles requests broke".into())
}

async fn run<S: Settle>(mut work: S, mut waiting: mpsc::Receiver<Waiting<S>>) {
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    while waiting.recv_many(&mut batch, BATCH_ROWS).await > 0 {
        batch.retain(|waiting| !waiting.reply.is_closed());
        let (requests, replies): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|Waiting { request, reply }| (request, reply)).unzip();
        if requests.is_empty() {
            continue;
        }
        // A panic, which is logged, costs the requests at hand: their callers are told, and later ones served.
        let Ok(outcome) = AssertUnwindSafe(attempt(&mut work, &requests)).catch_unwind().await else { continue };
        match outcome {
            Ok(answers) => {
                metrics::batch(requests.len());
                for (answer, reply) in answers.into_iter().zip(replies) {
                    // The caller may have gone; what is settled stands, as the port promises.
                    let _ = reply.send(Ok(answer));
                }
            }
            Err(error) => refuse(&mut work, requests, replies, error).await,
        }
    }
}

/// Answers requests that could not be settled together. What only one of them may be to blame for is tried
/// again one by one.
async fn refuse<S: Settle>(
    work: &mut S,
    requests: Vec<S::Request>,
    replies: Vec<oneshot::Sender<Result<S::Answer, StoreError>>>,
    error: sqlx::Error,
) {
    let error = Arc::new(error);
    let is_shared = requests.len() == 1 || matches!(classify(Arc::clone(&error)), StoreError::Unavailable(_));
    for (request, reply) in requests.iter().zip(replies) {
        let outcome = if is_shared {
            Err(classify(Arc::clone(&error)))
        } else {
            let alone = attempt(work, std::slice::from_ref(request)).await.map_err(|error| classify(Arc::new(error)));
            alone.and_then(|mut answers| answers.pop().ok_or_else(gone))
        };
        let _ = reply.send(outcome);
    }
}

async fn attempt<S: Settle>(work: &mut S, requests: &[S::Request]) -> sqlx::Result<Vec<S::Answer>> {
    match within_deadline(work.settle(requests)).await {
        Err(error) if is_collision(&error) => within_deadline(work.settle(requests)).await,
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Doubling;

    impl Settle for Doubling {
        type Request = u32;
        type Answer = u32;

        async fn settle(&mut self, requests: &[u32]) -> sqlx::Result<Vec<u32>> {
            assert!(!requests.contains(&13), "on purpose");
            Ok(requests.iter().map(|number| number * 2).collect())
        }
    }

    #[tokio::test]
    async fn a_panic_costs_the_requests_at_hand_and_no_later_ones() {
        let doubling = Gathering::start(Doubling);
        assert_eq!(doubling.settled(1).await.expect("settled"), 2);
        assert!(matches!(doubling.settled(13).await, Err(StoreError::Unavailable(_))));
        assert_eq!(doubling.settled(2).await.expect("settled"), 4);
    }
}
