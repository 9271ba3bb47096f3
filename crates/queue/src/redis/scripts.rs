//! The scripts, each of which changes the queue atomically, and their keys.

use model::Lane;
use redis::{Script, ScriptInvocation};

pub(super) struct Scripts {
    keys: [String; 9],
    workers_key: String,
    pub(super) enqueue: Script,
    pub(super) take: Script,
    pub(super) extend: Script,
    pub(super) ack: Script,
    pub(super) requeue: Script,
    pub(super) park: Script,
    pub(super) epoch: Script,
    pub(super) depth: Script,
    pub(super) waiting: Script,
    pub(super) remove_idle_workers: Script,
    report: Script,
    workers: Script,
}

macro_rules! script {
    ($name:literal) => {
        Script::new(concat!(include_str!("lua/prelude.lua"), "\n", include_str!(concat!("lua/", $name, ".lua"))))
    };
}

impl Scripts {
    pub(super) fn new(prefix: &str) -> Self {
        let key = |name: &str| format!("{prefix}:{{q}}:{name}");
        let [short, medium, long] = Lane::ALL.map(|lane| key(&format!("stream:{lane}")));
        Self {
            keys: [
                key("epoch"),
                key("queued"),
                key("delayed"),
                short,
                medium,
                long,
                key("waiting"),
                key("since"),
                key("finish"),
            ],
            workers_key: format!("{prefix}:workers"),
            enqueue: script!("enqueue"),
            take: script!("take"),
            extend: script!("extend"),
            ack: script!("ack"),
            requeue: script!("requeue"),
            park: script!("park"),
            epoch: script!("epoch"),
            depth: script!("depth"),
            waiting: script!("waiting"),
            remove_idle_workers: script!("remove_idle_workers"),
            report: Script::new(include_str!("lua/report.lua")),
            workers: Script::new(include_str!("lua/workers.lua")),
        }
    }

    /// Prepares a script over the keys of the queue.
    pub(super) fn over_queue<'a>(&'a self, script: &'a Script) -> ScriptInvocation<'a> {
        script.key(&self.keys)
    }

    /// Prepares the script that stores a worker's report.
    pub(super) fn report(&self) -> ScriptInvocation<'_> {
        self.report.key(&self.workers_key)
    }

    /// Prepares the script that returns the workers' reports.
    pub(super) fn workers(&self) -> ScriptInvocation<'_> {
        self.workers.key(&self.workers_key)
    }

    /// Returns the key of the set of queued subjects.
    pub(super) fn queued_key(&self) -> &str {
        &self.keys[1]
    }

    /// Returns the key of the sorted set of long jobs' subjects that wait outside of the stream.
    pub(super) fn since_key(&self) -> &str {
        &self.keys[7]
    }

    /// Returns the key of a lane's stream.
    pub(super) fn stream_key(&self, lane: Lane) -> &str {
        &self.keys[match lane {
            Lane::Short => 3,
            Lane::Medium => 4,
            Lane::Long => 5,
        }]
    }
}
