//! The one task of this process that enters calculations.
//!
//! Acceptances that arrive while it is busy share the next transaction and its one flush to disk. A lone one
//! waits for nobody: the task takes whatever is there the moment it is free.

use std::sync::Arc;

use sqlx::postgres::PgPool;
use tokio::sync::{mpsc, oneshot};

use super::enter::{Admission, enter};
use super::error::{classify, is_collision};
use super::within_deadline;
use crate::{Acceptance, Accepted, StoreError, StoreLimits, metrics};

/// Acceptances that may share one transaction. Bounds how long the first of them waits for the last.
const BATCH_ROWS: usize = 256;
/// Acceptances that may wait for the task; callers beyond that wait for a place.
const WAITING_REQUESTS: usize = 1024;

/// The way to the task, which ends when the last of these is dropped.
#[derive(Clone)]
pub(super) struct Acceptor {
    inbox: mpsc::Sender<Request>,
}

struct Request {
    acceptance: Acceptance,
    reply: oneshot::Sender<Result<Accepted, StoreError>>,
}

impl Acceptor {
    pub(super) fn start(pool: PgPool, limits: StoreLimits) -> Self {
        let (inbox, requests) = mpsc::channel(WAITING_REQUESTS);
        tokio::spawn(run(pool, limits, requests));
        Self { inbox }
    }

    /// Has a calculation entered and waits until that is on disk.
    pub(super) async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(Request { acceptance, reply }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the acceptor has ended".into())
}

async fn run(pool: PgPool, limits: StoreLimits, mut requests: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    while requests.recv_many(&mut batch, BATCH_ROWS).await > 0 {
        batch.retain(|request| !request.reply.is_closed());
        settle(&pool, limits, std::mem::take(&mut batch)).await;
    }
}

async fn settle(pool: &PgPool, limits: StoreLimits, batch: Vec<Request>) {
    if batch.is_empty() {
        return;
    }
    let (acceptances, replies): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|Request { acceptance, reply }| (acceptance, reply)).unzip();
    let mut outcome = within_deadline(enter(pool, limits, &acceptances)).await;
    if outcome.as_ref().is_err_and(is_collision) {
        outcome = within_deadline(enter(pool, limits, &acceptances)).await;
    }
    match outcome {
        Ok(admissions) => {
            metrics::batch(acceptances.len());
            for (admission, reply) in admissions.into_iter().zip(replies) {
                // The caller may have gone; the row stands, as the port promises.
                let _ = reply.send(match admission {
                    Admission::Admitted(accepted) => Ok(accepted),
                    Admission::QueueFull => Err(StoreError::QueueFull { allowed: limits.max_queued }),
                });
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for reply in replies {
                let _ = reply.send(Err(classify(Arc::clone(&error))));
            }
        }
    }
}
