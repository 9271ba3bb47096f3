//! The computing threads, which run at a lower priority than the runtime.
//!
//! There are about as many as concurrent computations, whose number the slots limit. Idle threads are reused.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};

use model::Lane;
use parking_lot::Mutex;
use tokio::sync::oneshot;

type ComputeFn = Box<dyn FnOnce() + Send>;

/// A message to a thread: a task, and the sender to put back when the thread is idle.
///
/// The thread must not own its sender, or its receiver would never disconnect.
struct ThreadMessage {
    task: ComputeFn,
    thread: Sender<Self>,
}

/// Threads of one priority. Clones share them.
#[derive(Clone)]
pub(crate) struct ComputeThreads {
    idle: Arc<Mutex<Vec<Sender<ThreadMessage>>>>,
    lane: Lane,
}

impl ComputeThreads {
    /// Creates threads for a lane: the longer its work, the lower their priority.
    pub(crate) fn for_lane(lane: Lane) -> Self {
        Self { idle: Arc::default(), lane }
    }

    /// Runs `task` on a thread of its own. The receiver gets the result, or an error if the task panicked.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub(crate) fn run<T, F>(&self, task: F) -> io::Result<oneshot::Receiver<T>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let mut task: ComputeFn = Box::new(move || drop(done.send(task())));
        loop {
            let idle = self.idle.lock().pop();
            let thread = match idle {
                Some(thread) => thread,
                None => self.spawn()?,
            };
            match thread.send(ThreadMessage { task, thread: thread.clone() }) {
                Ok(()) => return Ok(result),
                // That thread has ended because its last task panicked.
                Err(unsent) => task = unsent.0.task,
            }
        }
    }

    fn spawn(&self) -> io::Result<Sender<ThreadMessage>> {
        let (thread, messages) = mpsc::channel::<ThreadMessage>();
        let (idle, lane) = (Arc::downgrade(&self.idle), self.lane);
        std::thread::Builder::new().name(format!("compute-{lane}")).spawn(move || {
            lower_priority(lane);
            for ThreadMessage { task, thread } in messages {
                task();
                let Some(idle) = idle.upgrade() else { return };
                idle.lock().push(thread);
            }
        })?;
        Ok(thread)
    }
}

/// Lowers the priority of this thread. Heartbeats and the runtime come first, then short work, then the rest, so a
/// core that is busy with long work still serves short requests.
#[cfg(target_os = "linux")]
fn lower_priority(lane: Lane) {
    let lower = match lane {
        Lane::Short => 2,
        Lane::Medium => 6,
        Lane::Long => 10,
    };
    // On Linux "this process" means the calling thread alone here.
    let lowered = rustix::process::getpriority_process(None)
        .and_then(|present| rustix::process::setpriority_process(None, (present + lower).min(19)));
    if let Err(error) = lowered {
        tracing::warn!(%error, %lane, "cannot lower the priority of computing threads");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority(_lane: Lane) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_reported_and_the_next_one_runs() {
        let threads = ComputeThreads::for_lane(Lane::Short);
        let broken = threads.run(|| std::panic::resume_unwind(Box::new("on purpose"))).expect("a thread");
        let broken: Result<(), _> = broken.await;
        assert!(broken.is_err());
        assert_eq!(threads.run(|| 7).expect("a thread").await, Ok(7));
    }

    #[tokio::test]
    async fn idle_threads_are_reused_and_end_with_their_pool() {
        let threads = ComputeThreads::for_lane(Lane::Short);
        let (watched, watch) = (Arc::new(()), Arc::downgrade(&threads.idle));
        for _ in 0..50 {
            let held = Arc::clone(&watched);
            threads.run(move || drop(held)).expect("a thread").await.expect("no panic");
        }
        let idle = || watch.upgrade().map_or(0, |idle| idle.lock().len());
        // The result of a task is there a moment before its thread is idle, so there may be a few.
        assert!(idle() < 10, "{} threads", idle());
        drop(threads);
        assert_eq!(watch.strong_count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn longer_work_computes_at_a_lower_priority() {
        let mut niceness = Vec::new();
        for lane in Lane::ALL {
            let nice =
                ComputeThreads::for_lane(lane).run(|| rustix::process::getpriority_process(None)).expect("a thread");
            niceness.push(nice.await.expect("no panic").expect("a priority"));
        }
        let present = rustix::process::getpriority_process(None).expect("a priority");
        assert!(niceness[0] > present || present == 19, "{niceness:?} beside {present}");
        assert!(niceness.is_sorted(), "{niceness:?}");
    }
}
