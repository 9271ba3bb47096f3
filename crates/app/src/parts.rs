//! The parts that run for the life of the process, and stop together.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::signals::StopSignals;

/// Parts under way. Each must end when the token it was given is cancelled, and not before.
pub(crate) struct Parts {
    tasks: JoinSet<()>,
    names: HashMap<task::Id, &'static str>,
    stopping: CancellationToken,
}

/// A part ended by itself. A bug: the log says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} ended unexpectedly")]
pub(crate) struct PartEnded {
    /// Which part.
    pub(crate) part: &'static str,
}

impl Parts {
    /// None yet; all that are started stop with `stopping`.
    pub(crate) fn new(stopping: CancellationToken) -> Self {
        Self { tasks: JoinSet::new(), names: HashMap::new(), stopping }
    }

    /// Starts a part.
    pub(crate) fn start(&mut self, name: &'static str, part: impl Future<Output = ()> + Send + 'static) {
        self.names.insert(self.tasks.spawn(part).id(), name);
    }

    /// Waits for a signal, or for a part that ends or panics; then stops all of them, waiting for them up
    /// to `patience`. A second signal in that time ends the process at once.
    ///
    /// # Errors
    /// When it was a part that ended.
    pub(crate) async fn until_stopped(mut self, mut signals: StopSignals, patience: Duration) -> Result<(), PartEnded> {
        let result = tokio::select! {
            _ = signals.next() => {
                tracing::info!("asked to stop: finishing what is under way");
                Ok(())
            }
            part = self.first_ended() => {
                tracing::error!(part, "{part} ended unexpectedly: stopping the rest");
                Err(PartEnded { part })
            }
        };
        self.stopping.cancel();
        tokio::select! {
            () = self.all_ended() => {}
            () = tokio::time::sleep(patience) => tracing::warn!("not everything stopped within {patience:?}"),
            code = signals.next() => {
                tracing::warn!("asked a second time: ending at once");
                std::process::exit(code.into());
            }
        }
        result
    }

    async fn first_ended(&mut self) -> &'static str {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            // A panic, which the hook has logged: nobody else can abort the task.
            Some(Err(error)) => error.id(),
            // No parts: none can end.
            None => std::future::pending().await,
        };
        self.names.get(&id).copied().unwrap_or("a part")
    }

    async fn all_ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_part_that_ends_or_panics_stops_the_others() {
        let broken: [fn() -> (); 2] = [|| {}, || panic!("on purpose")];
        for end in broken {
            let stopping = CancellationToken::new();
            let mut parts = Parts::new(stopping.clone());
            let (stopped, other) = tokio::sync::oneshot::channel();
            parts.start("the patient one", async move {
                stopping.cancelled().await;
                stopped.send(()).expect("the test waits");
            });
            parts.start("the broken one", async move { end() });
            let signals = StopSignals::listen().expect("signals");
            assert_eq!(parts.until_stopped(signals, PATIENCE).await, Err(PartEnded { part: "the broken one" }));
            other.await.expect("it was stopped in order");
        }
    }

    #[tokio::test]
    async fn a_part_that_does_not_stop_is_not_waited_for_for_ever() {
        let mut parts = Parts::new(CancellationToken::new());
        parts.start("the stubborn one", std::future::pending());
        parts.start("the broken one", std::future::ready(()));
        let signals = StopSignals::listen().expect("signals");
        assert!(parts.until_stopped(signals, Duration::from_millis(10)).await.is_err());
    }
}
