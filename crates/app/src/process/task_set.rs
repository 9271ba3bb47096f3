//! Tasks that run for the life of the process and stop together.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use super::signals::StopSignals;

/// Running tasks. Each must end when the token it was given is cancelled, and not before.
pub(crate) struct TaskSet {
    tasks: JoinSet<()>,
    names: HashMap<task::Id, &'static str>,
    stopping: CancellationToken,
}

/// Error for a task that ended by itself: a bug, described in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{task} ended unexpectedly")]
pub(crate) struct TaskEnded {
    /// The name of the task.
    pub(crate) task: &'static str,
}

impl TaskSet {
    /// Creates an empty set, whose tasks stop with `stopping`.
    pub(crate) fn new(stopping: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), names: HashMap::new(), stopping }
    }

    /// Starts a task.
    pub(crate) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.names.insert(self.tasks.spawn(task).id(), name);
    }

    /// Waits for a signal, or for a task that ends or panics; then stops all tasks and waits for them up to
    /// `timeout`. A second signal in that time ends the process at once.
    ///
    /// # Errors
    /// When a task ended.
    pub(crate) async fn run_until_stopped(
        mut self,
        mut signals: StopSignals,
        timeout: Duration,
    ) -> Result<(), TaskEnded> {
        let result = tokio::select! {
            _ = signals.next() => {
                tracing::info!("shutting down gracefully");
                Ok(())
            }
            task = self.first_ended() => {
                tracing::error!(task, "{task} ended unexpectedly: shutting down");
                Err(TaskEnded { task })
            }
        };
        self.stopping.cancel();
        tokio::select! {
            () = self.all_ended() => {}
            () = tokio::time::sleep(timeout) => tracing::warn!("not all tasks stopped within {timeout:?}"),
            code = signals.next() => {
                tracing::warn!("second signal: ending at once");
                std::process::exit(code.into());
            }
        }
        result
    }

    async fn first_ended(&mut self) -> &'static str {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            // A panic, which the panic hook has logged: nothing aborts these tasks.
            Some(Err(error)) => error.id(),
            // Without tasks, none can end.
            None => std::future::pending().await,
        };
        self.names.get(&id).copied().unwrap_or("a task")
    }

    async fn all_ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_task_that_ends_or_panics_stops_the_others() {
        let failures: [fn() -> (); 2] = [|| {}, || panic!("on purpose")];
        for end in failures {
            let stopping = CancellationToken::new();
            let mut tasks = TaskSet::new(stopping.clone());
            let (stopped, other) = tokio::sync::oneshot::channel();
            tasks.spawn("the other task", async move {
                stopping.cancelled().await;
                stopped.send(()).expect("the test waits");
            });
            tasks.spawn("the failing task", async move { end() });
            let signals = StopSignals::listen().expect("signals");
            assert_eq!(tasks.run_until_stopped(signals, TIMEOUT).await, Err(TaskEnded { task: "the failing task" }));
            other.await.expect("it was stopped");
        }
    }

    #[tokio::test]
    async fn a_task_that_does_not_stop_delays_the_shutdown_up_to_the_timeout() {
        let mut tasks = TaskSet::new(CancellationToken::new());
        tasks.spawn("the hanging task", std::future::pending());
        tasks.spawn("the failing task", std::future::ready(()));
        let signals = StopSignals::listen().expect("signals");
        assert!(tasks.run_until_stopped(signals, Duration::from_millis(10)).await.is_err());
    }
}
