//! The campaigns: two APIs, three workers, a client and nginx as processes, on PostgreSQL and Redis, under faults; and
//! `serve` as one process.
//!
//! `ABACI_FAULTS_MINUTES` repeats all faults for that time instead of injecting each once, `ABACI_FAULTS_SEED` chooses
//! the order, `ABACI_FAULTS_ONLY` selects the faults whose name contains it, `ABACI_FAULTS_COUNT` limits their number
//! per round, and `ABACI_FAULTS_PREVIOUS` is the executable of the previous version, in which the systems start then, for
//! the faults of two versions. Everything listens on loopback and ends with the test; the logs and the ledger of a failed
//! one stay.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a test with settings, which prints its report")]

mod audit;
mod campaign;
mod faults;
mod ledger;
mod nginx;
mod power_loss;
mod probe;
mod random;
mod report;
#[expect(dead_code, reason = "the other suites use the rest")]
#[path = "../support/mod.rs"]
mod support;
mod support_tests;
mod systems;
mod traffic;
mod verifier;
mod verifier_tests;
mod watcher;
