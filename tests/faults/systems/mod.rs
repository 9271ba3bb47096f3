//! The systems under test, as processes that can be killed, stopped and cut off from each other.

mod cluster;
mod disk;
mod embedded;
mod role;

use std::path::Path;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

pub(crate) use cluster::{APIS, BackendServer, Cluster, WORKERS};
pub(crate) use disk::Disk;
pub(crate) use embedded::Embedded;
pub(crate) use role::{PROGRAM, ProgramVersion, backend_settings, previous_program};

/// A component that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Component {
    /// All roles in one process.
    Serve,
    Api(usize),
    Worker(usize),
    Client,
    Nginx,
    Redis,
    Postgres,
}

/// A whole system.
pub(crate) trait System {
    /// Returns its own processes.
    fn roles(&self) -> Vec<Component>;

    /// Returns a client of its public address.
    fn client(&self) -> &SystemClient;

    /// Returns the folder of its logs, which is kept when a test fails.
    fn logs(&self) -> &Path;

    /// Returns the disk of its values.
    fn disk(&self) -> &Disk;

    /// Kills a component.
    fn kill(&mut self, component: Component);

    /// Sends SIGTERM to a role and waits until it exits.
    fn terminate(&mut self, component: Component);

    /// Sets the version of a role that starts next.
    fn set_version(&mut self, component: Component, version: ProgramVersion);

    /// Starts a component if it is not running, without waiting until it is ready.
    fn restart(&mut self, component: Component);

    /// Kills everything at once and starts it again.
    fn restart_everything(&mut self);

    /// Stops a component with SIGSTOP, or continues it.
    fn pause(&mut self, component: Component, paused: bool);

    /// Sets the offset of a component's clock.
    fn set_clock(&mut self, component: Component, secs: i64);

    /// Returns whether every single component serves.
    async fn is_complete(&self) -> bool;

    /// Restarts roles that exited, as a container's restart policy does, and records them.
    fn supervise(&mut self);

    /// Returns the roles that exited by themselves, or with an error after SIGTERM.
    fn unexpected_exits(&self) -> &[String];
}

/// An HTTP client of a system.
#[derive(Clone)]
pub(crate) struct SystemClient {
    pub(crate) http: reqwest::Client,
    /// Without a slash at the end.
    pub(crate) url: String,
}

impl SystemClient {
    /// Returns a client of an address.
    pub(crate) fn new(url: String) -> Self {
        let http = crate::support::http::client().timeout(Duration::from_secs(45)).build().expect("an HTTP client");
        Self { http, url }
    }

    /// Returns the JSON of a `GET` with status 200.
    pub(crate) async fn json(&self, path: &str) -> Option<Value> {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.ok()?;
        if response.status() == StatusCode::OK { response.json().await.ok() } else { None }
    }

    /// Returns whether a URL answers 200 within some seconds.
    async fn serves(&self, url: &str) -> bool {
        let response = self.http.get(url).timeout(Duration::from_secs(3)).send().await;
        response.is_ok_and(|response| response.status() == StatusCode::OK)
    }
}
