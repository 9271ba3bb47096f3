//! PostgreSQL fails over to a standby: the old primary still answers and refuses to write, or answers nothing at all, and
//! new connections reach the standby.

use std::time::Instant;

use futures_util::future::join_all;
use reqwest::StatusCode;
use rustix::process::Signal;

use crate::role::TestRole;
use crate::support::proxy::Proxy;
use crate::support::servers::PostgresServer;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

/// A primary behind an address that can lead to its standby instead, and two roles.
struct ReplicatedSystem {
    system: BackendSystem,
    address: Proxy,
    api: TestRole,
    worker: TestRole,
    standby: PostgresServer,
}

impl ReplicatedSystem {
    /// Starts everything, and computes F(1) to F(19).
    async fn start() -> Self {
        let system = BackendSystem::start();
        let address = Proxy::start(system.postgres.port).await;
        let port = address.port.to_string();
        let (api, worker) = (system.role("api", &[("PGPORT", &port)]), system.role("worker", &[("PGPORT", &port)]));
        eventually("both are ready", async || are_ready(&api, &worker, true).await).await;
        for n in 1..20 {
            api.value(n).await;
        }
        let standby = system.postgres.start_standby(system.folder().join("standby.log"));
        system.postgres.wait_until_replayed_by(&standby);
        Self { system, address, api, worker, standby }
    }

    fn primary(&self) -> &PostgresServer {
        &self.system.postgres
    }

    async fn are_ready(&self, expected: bool) -> Option<()> {
        are_ready(&self.api, &self.worker, expected).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_connections_to_the_old_server_are_replaced() {
    let replicated = ReplicatedSystem::start().await;
    let ReplicatedSystem { api, standby, .. } = &replicated;
    replicated.primary().refuse_writes();
    eventually("neither is ready on a server that only reads", async || replicated.are_ready(false).await).await;
    assert_eq!(api.submit(20).await.0, StatusCode::SERVICE_UNAVAILABLE);
    replicated.address.redirect(standby.port);
    eventually("connections reach the standby", async || {
        // Only a call that writes notices that its server does not.
        assert_eq!(api.submit(20).await.0, StatusCode::SERVICE_UNAVAILABLE);
        (standby.sessions() > 0).then_some(())
    })
    .await;
    eventually("neither is ready on a standby", async || replicated.are_ready(false).await).await;

    standby.promote();
    let promoted = Instant::now();
    eventually("it is accepted", async || api.submit(20).await.0.is_success().then_some(())).await;
    let accepted_after = promoted.elapsed();
    api.value(20).await;
    let computed_after = promoted.elapsed();
    eventually("both are ready again", async || replicated.are_ready(true).await).await;
    println!("after the promotion: accepted {accepted_after:.2?}, computed {computed_after:.2?}");
    for n in 1..20 {
        assert_eq!(api.submit(n).await.0, StatusCode::OK, "F({n}) is still known");
    }
    let is_left = async || (replicated.primary().sessions() == 0).then_some(());
    eventually("no connection to the old server is left", is_left).await;
}

/// The old server answers all the time, and the new one is writable from the beginning: no submission fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_submission_fails_when_new_connections_reach_a_writable_server() {
    let replicated = ReplicatedSystem::start().await;
    let standby = &replicated.standby;
    replicated.address.redirect(standby.port);
    standby.promote();
    replicated.primary().refuse_writes();
    for n in 20..40 {
        replicated.api.value(n).await;
    }
    let rows = standby.sql(PostgresServer::NAME, "select count(*) from calculations where status = 'done'");
    assert_eq!(rows, "39", "the new server has them all");
}

/// Open connections stay open, and nothing answers on them, as when a host vanishes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_to_a_server_that_vanished_fail_no_request() {
    let replicated = ReplicatedSystem::start().await;
    let ReplicatedSystem { api, standby, .. } = &replicated;
    let sessions = eventually("there are idle connections", async || {
        join_all((0..64).map(|_| api.get("/api/calculations?limit=200"))).await;
        let sessions = replicated.primary().sessions();
        (sessions > 6).then_some(sessions)
    })
    .await;
    replicated.primary().wait_until_replayed_by(standby);
    replicated.primary().signal(Signal::STOP);
    standby.promote();
    replicated.address.redirect(standby.port);
    let promoted = Instant::now();
    for n in 20..40 {
        let list = api.get("/api/calculations").await.status();
        let listed_after = promoted.elapsed();
        assert_eq!(list, StatusCode::OK, "the list after {listed_after:.2?}");
        let (status, body) = api.submit(n).await;
        assert!(status.is_success(), "F({n}) after {:.2?}: {status} {body}", promoted.elapsed());
        if n == 20 {
            let accepted_after = promoted.elapsed();
            api.value(20).await;
            println!(
                "{sessions} sessions; after the promotion: listed {listed_after:.2?}, accepted {accepted_after:.2?}, \
                 computed {:.2?}",
                promoted.elapsed()
            );
        }
    }
    api.value(40).await;
    eventually("both are ready again", async || replicated.are_ready(true).await).await;
}

/// No other server takes its place. Every request ends meanwhile, and all is well once it answers again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_wait_for_a_server_that_never_answers_end() {
    let system = BackendSystem::start();
    let (api, worker) = (system.role("api", &[]), system.role("worker", &[]));
    eventually("both are ready", async || are_ready(&api, &worker, true).await).await;
    api.value(1).await;
    system.postgres.signal(Signal::STOP);
    let silent_since = Instant::now();
    // More than there are connections.
    let submissions = join_all((20..60).map(|n| api.submit(n)));
    let lists = join_all((0..40).map(|_| api.get("/api/calculations?show=largest")));
    let (submissions, lists) = tokio::join!(submissions, lists);
    println!("80 requests ended {:.2?} after the server fell silent", silent_since.elapsed());
    for (status, body) in submissions {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    }
    // An address has a share of the lists.
    const REFUSED: [StatusCode; 2] = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
    assert!(lists.iter().all(|list| REFUSED.contains(&list.status())), "{lists:?}");
    system.postgres.signal(Signal::CONT);
    eventually("both are ready again", async || are_ready(&api, &worker, true).await).await;
    for n in 20..60 {
        api.value(n).await;
    }
}

async fn are_ready(api: &TestRole, worker: &TestRole, expected: bool) -> Option<()> {
    (api.is_ready().await == expected && worker.is_ready().await == expected).then_some(())
}
