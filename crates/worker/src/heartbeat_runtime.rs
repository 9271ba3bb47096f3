//! The runtime of the heartbeats: one thread with its own timers and sockets.
//!
//! A lease must be renewed even while every thread of the main runtime is busy. So heartbeats use neither that
//! runtime's timers nor connections that it drives: their ports are opened inside this one.

use std::io;

use parking_lot::Mutex;
use ports::Ports;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The runtime of the heartbeats of a worker. It starts with the first one and ends when this is dropped.
pub(crate) struct HeartbeatRuntime {
    open_ports: Box<dyn Fn() -> Ports + Send + Sync>,
    started: Mutex<Option<Started>>,
}

struct Started {
    handle: Handle,
    ports: Ports,
    _stop: DropGuard,
}

impl HeartbeatRuntime {
    /// `open_ports` is called once, inside the runtime.
    pub(crate) fn new(open_ports: impl Fn() -> Ports + Send + Sync + 'static) -> Self {
        Self { open_ports: Box::new(open_ports), started: Mutex::new(None) }
    }

    /// Starts the runtime if it is not running. Returns its handle and its ports.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(crate) fn start(&self) -> io::Result<(Handle, Ports)> {
        let mut started = self.started.lock();
        let started = match &*started {
            Some(started) => started,
            None => started.insert(self.spawn()?),
        };
        Ok((started.handle.clone(), started.ports.clone()))
    }

    fn spawn(&self) -> io::Result<Started> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let ports = {
            let _entered = handle.enter();
            (self.open_ports)()
        };
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || runtime.block_on(stopped.cancelled()))?;
        Ok(Started { handle, ports, _stop: stop.drop_guard() })
    }
}
