//! A task that executes requests of several callers in one transaction.
//!
//! Requests that arrive while it is busy share the next transaction and its one commit. A single request waits for no
//! other: the task takes what has arrived the moment it is free.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use crate::error::{DbError, DbErrorKind};
use crate::{BoxError, StoreError, metrics};

/// Requests that may share one transaction. Bounds how long the first of them waits for the last.
const MAX_BATCH: usize = 256;
/// Requests that may wait for the task; further callers wait for capacity.
const INBOX_CAPACITY: usize = 1024;

/// The transactions of a batcher.
pub(crate) trait Executor: Send + 'static {
    type Request: Send + Sync + 'static;
    type Answer: Send + 'static;

    /// Executes all requests or, if it fails, none. Returns an answer for each, in their order.
    fn execute(
        &mut self,
        requests: &[Self::Request],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, DbError>> + Send;

    /// Closes what it holds.
    fn close(self) -> impl Future<Output = ()> + Send
    where
        Self: Sized,
    {
        async {}
    }
}

/// A handle of the task, which ends when the last handle is dropped or when it is closed.
pub(crate) struct Batcher<E: Executor> {
    inbox: mpsc::Sender<BatchMessage<E>>,
}

impl<E: Executor> Clone for Batcher<E> {
    fn clone(&self) -> Self {
        Self { inbox: self.inbox.clone() }
    }
}

enum BatchMessage<E: Executor> {
    Execute(E::Request, Reply<E>),
    Close(oneshot::Sender<()>),
}

type Reply<E> = oneshot::Sender<Result<<E as Executor>::Answer, StoreError>>;

impl<E: Executor> Batcher<E> {
    pub(crate) fn start(executor: E) -> Self {
        let (inbox, messages) = mpsc::channel(INBOX_CAPACITY);
        tokio::spawn(run(executor, messages));
        Self { inbox }
    }

    /// Executes a request and waits for the commit.
    pub(crate) async fn execute(&self, request: E::Request) -> Result<E::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(BatchMessage::Execute(request, reply)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Waits until all earlier requests are executed, then ends the task and closes its executor.
    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.inbox.send(BatchMessage::Close(reply)).await.is_ok() {
            // An error means that the task has ended, as requested.
            let _ = closed.await;
        }
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the task that executes requests has ended".into())
}

async fn run<E: Executor>(mut executor: E, mut messages: mpsc::Receiver<BatchMessage<E>>) {
    let mut arrived = Vec::with_capacity(MAX_BATCH);
    let mut closing = None;
    while closing.is_none() && messages.recv_many(&mut arrived, MAX_BATCH).await > 0 {
        // What other tasks are about to send shares the transaction.
        tokio::task::yield_now().await;
        while arrived.len() < MAX_BATCH
            && let Ok(message) = messages.try_recv()
        {
            arrived.push(message);
        }
        let (mut requests, mut replies) = (Vec::with_capacity(arrived.len()), Vec::with_capacity(arrived.len()));
        for message in arrived.drain(..) {
            match message {
                // Nobody waits for it any more.
                BatchMessage::Execute(_, reply) if reply.is_closed() => {}
                BatchMessage::Execute(request, reply) => {
                    requests.push(request);
                    replies.push(reply);
                }
                BatchMessage::Close(reply) => closing = Some(reply),
            }
        }
        if !requests.is_empty() {
            execute(&mut executor, &requests, replies).await;
        }
    }
    messages.close();
    executor.close().await;
    if let Some(reply) = closing {
        // The caller may have stopped waiting.
        let _ = reply.send(());
    }
}

async fn execute<E: Executor>(executor: &mut E, requests: &[E::Request], replies: Vec<Reply<E>>) {
    let results = match attempt(executor, requests).await {
        Ok(answers) => {
            metrics::batch(requests.len());
            answers.into_iter().map(Ok).collect()
        }
        // One bad row must not fail what shared its transaction; a full or unreachable database fails all of it.
        Err(error) if error.kind == DbErrorKind::Corrupt && requests.len() > 1 => {
            let mut results = Vec::with_capacity(requests.len());
            for request in requests {
                let result = attempt(executor, std::slice::from_ref(request)).await;
                results.push(result.and_then(|mut answers| answers.pop().ok_or_else(panicked)));
            }
            results
        }
        Err(error) => requests.iter().map(|_| Err(error.clone())).collect::<Vec<_>>(),
    };
    for (result, reply) in results.into_iter().zip(replies) {
        // The caller may have gone; the transaction stands, as the port promises.
        let _ = reply.send(result.map_err(StoreError::from));
    }
}

/// Executes requests. A panic, which is logged where it happens, fails these requests and no later ones.
async fn attempt<E: Executor>(executor: &mut E, requests: &[E::Request]) -> Result<Vec<E::Answer>, DbError> {
    AssertUnwindSafe(executor.execute(requests)).catch_unwind().await.unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> DbError {
    DbError { kind: DbErrorKind::Unavailable, source: Arc::from(BoxError::from("a transaction panicked")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct DoublingExecutor;

    impl Executor for DoublingExecutor {
        type Request = u32;
        type Answer = u32;

        async fn execute(&mut self, requests: &[u32]) -> Result<Vec<u32>, DbError> {
            assert!(!requests.contains(&13), "on purpose");
            Ok(requests.iter().map(|number| number * 2).collect())
        }
    }

    #[tokio::test]
    async fn a_panic_fails_its_batch_and_no_later_one() {
        let doubling = Batcher::start(DoublingExecutor);
        assert_eq!(doubling.execute(1).await.expect("executed"), 2);
        assert!(matches!(doubling.execute(13).await, Err(StoreError::Unavailable(_))));
        assert_eq!(doubling.execute(2).await.expect("executed"), 4);
    }
}
