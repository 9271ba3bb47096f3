//! The threads that compute, apart from the runtime's and below them in priority.
//!
//! About as many as there are computations at a time, which the slots bound; idle ones are used again.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use model::Lane;
use tokio::sync::oneshot;

type Task = Box<dyn FnOnce() + Send>;

/// What is sent to a thread: something to do, and how to reach the thread when it is idle again.
///
/// The thread does not keep the latter itself, or nobody's forgetting it would ever end it.
struct Errand {
    task: Task,
    thread: Sender<Self>,
}

/// Threads of one priority. A clone shares them.
#[derive(Clone)]
pub(crate) struct Threads {
    idle: Arc<Mutex<Vec<Sender<Errand>>>>,
    lane: Lane,
}

impl Threads {
    /// Threads for the work of a lane: the longer the work, the lower their priority.
    pub(crate) fn for_lane(lane: Lane) -> Self {
        Self { idle: Arc::default(), lane }
    }

    /// Runs `task` on a thread of its own; the result arrives through the receiver, which reports an
    /// error if the task panicked.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub(crate) fn run<T, F>(&self, task: F) -> io::Result<oneshot::Receiver<T>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let mut task: Task = Box::new(move || drop(done.send(task())));
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let thread = match idle {
                Some(thread) => thread,
                None => self.spawn()?,
            };
            match thread.send(Errand { task, thread: thread.clone() }) {
                Ok(()) => return Ok(result),
                // That thread has ended (its last task panicked): take another.
                Err(refused) => task = refused.0.task,
            }
        }
    }

    fn spawn(&self) -> io::Result<Sender<Errand>> {
        let (thread, errands) = mpsc::channel::<Errand>();
        let (idle, lane) = (Arc::downgrade(&self.idle), self.lane);
        std::thread::Builder::new().name(format!("compute-{lane}")).spawn(move || {
            lower_priority(lane);
            for Errand { task, thread } in errands {
                task();
                let Some(idle) = idle.upgrade() else { return };
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
            }
        })?;
        Ok(thread)
    }
}

/// Heartbeats and the runtime come first, then short work, then the rest: a core that long work
/// fills is still there for whoever needs it for a moment.
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
        tracing::warn!(%error, %lane, "computing threads keep their priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn lower_priority(_lane: Lane) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_told_and_the_next_one_runs() {
        let threads = Threads::for_lane(Lane::Short);
        let broken = threads.run(|| std::panic::resume_unwind(Box::new("on purpose"))).expect("a thread");
        let broken: Result<(), _> = broken.await;
        assert!(broken.is_err());
        assert_eq!(threads.run(|| 7).expect("a thread").await, Ok(7));
    }

    #[tokio::test]
    async fn idle_threads_are_used_again_and_end_when_they_are_forgotten() {
        let threads = Threads::for_lane(Lane::Short);
        let (watched, watch) = (Arc::new(()), Arc::downgrade(&threads.idle));
        for _ in 0..50 {
            let held = Arc::clone(&watched);
            threads.run(move || drop(held)).expect("a thread").await.expect("no panic");
        }
        let idle = || watch.upgrade().map_or(0, |idle| idle.lock().map_or(0, |idle| idle.len()));
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
            let nice = Threads::for_lane(lane).run(|| rustix::process::getpriority_process(None)).expect("a thread");
            niceness.push(nice.await.expect("no panic").expect("a priority"));
        }
        let present = rustix::process::getpriority_process(None).expect("a priority");
        assert!(niceness[0] > present || present == 19, "{niceness:?} beside {present}");
        assert!(niceness.is_sorted(), "{niceness:?}");
    }
}
