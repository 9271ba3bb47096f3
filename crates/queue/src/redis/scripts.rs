//! The scripts that change the queue in one step each, and the keys they work on.

use model::Lane;
use redis::{Script, ScriptInvocation};

/// Scripts over the keys of the queue itself.
pub(super) struct Scripts {
    keys: [String; 6],
    workers_key: String,
    pub(super) enqueue: Script,
    pub(super) take: Script,
    pub(super) extend: Script,
    pub(super) ack: Script,
    pub(super) give_back: Script,
    pub(super) park: Script,
    pub(super) epoch: Script,
    pub(super) depth: Script,
    pub(super) tidy: Script,
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
        // The braces put all keys of the queue into one slot, should Redis be a cluster.
        let key = |name: &str| format!("{prefix}:{{q}}:{name}");
        let [short, medium, long] = Lane::ALL.map(|lane| key(&format!("stream:{lane}")));
        Self {
            keys: [key("epoch"), key("queued"), key("delayed"), short, medium, long],
            workers_key: format!("{prefix}:workers"),
            enqueue: script!("enqueue"),
            take: script!("take"),
            extend: script!("extend"),
            ack: script!("ack"),
            give_back: script!("give_back"),
            park: script!("park"),
            epoch: script!("epoch"),
            depth: script!("depth"),
            tidy: script!("tidy"),
            report: Script::new(include_str!("lua/report.lua")),
            workers: Script::new(include_str!("lua/workers.lua")),
        }
    }

    /// Prepares a script over the keys of the queue.
    pub(super) fn over_queue<'a>(&'a self, script: &'a Script) -> ScriptInvocation<'a> {
        script.key(&self.keys)
    }

    /// Prepares the script that keeps a worker's report.
    pub(super) fn report(&self) -> ScriptInvocation<'_> {
        self.report.key(&self.workers_key)
    }

    /// Prepares the script that gives the workers' reports.
    pub(super) fn workers(&self) -> ScriptInvocation<'_> {
        self.workers.key(&self.workers_key)
    }

    /// The set of subjects in the queue.
    pub(super) fn queued_key(&self) -> &str {
        &self.keys[1]
    }

    /// The stream of a lane.
    pub(super) fn stream_key(&self, lane: Lane) -> &str {
        &self.keys[match lane {
            Lane::Short => 3,
            Lane::Medium => 4,
            Lane::Long => 5,
        }]
    }
}
