//! PostgreSQL fails over: the primary still answers and refuses to write, new connections reach the standby, which is
//! then promoted.

use std::time::Instant;

use reqwest::StatusCode;

use crate::role::TestRole;
use crate::support::proxy::Proxy;
use crate::support::servers::PostgresServer;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_connections_to_the_old_server_are_replaced() {
    let system = BackendSystem::start();
    let primary = &system.postgres;
    let address = Proxy::start(primary.port).await;
    let port = address.port.to_string();
    let (api, worker) = (system.role("api", &[("PGPORT", &port)]), system.role("worker", &[("PGPORT", &port)]));
    eventually("both are ready", async || are_ready(&api, &worker, true).await).await;
    for n in 1..20 {
        api.value(n).await;
    }
    let standby = primary.start_standby(system.folder().join("standby.log"));
    eventually("the standby has every row", async || {
        (standby.sql(PostgresServer::NAME, "select count(*) from calculations") == "19").then_some(())
    })
    .await;

    // Sessions stay open and answer reads.
    primary.sql("postgres", "alter system set default_transaction_read_only = on");
    primary.sql("postgres", "select pg_reload_conf()");
    eventually("neither is ready on a server that only reads", async || are_ready(&api, &worker, false).await).await;
    assert_eq!(api.submit(20).await.0, StatusCode::SERVICE_UNAVAILABLE);
    address.redirect(standby.port);
    eventually("connections reach the standby", async || {
        // Only a call that writes notices that its server does not.
        assert_eq!(api.submit(20).await.0, StatusCode::SERVICE_UNAVAILABLE);
        (standby.sessions() > 0).then_some(())
    })
    .await;
    eventually("neither is ready on a standby", async || are_ready(&api, &worker, false).await).await;

    standby.sql("postgres", "select pg_promote()");
    let promoted = Instant::now();
    eventually("it is accepted", async || api.submit(20).await.0.is_success().then_some(())).await;
    let accepted_after = promoted.elapsed();
    api.value(20).await;
    let computed_after = promoted.elapsed();
    eventually("both are ready again", async || are_ready(&api, &worker, true).await).await;
    println!("after the promotion: accepted {accepted_after:.2?}, computed {computed_after:.2?}");
    for n in 1..20 {
        assert_eq!(api.submit(n).await.0, StatusCode::OK, "F({n}) is still known");
    }
    eventually("no connection to the old server is left", async || (primary.sessions() == 0).then_some(())).await;
}

/// The old server answers all the time, and the new one is writable from the beginning: no submission fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_submission_fails_when_new_connections_reach_a_writable_server() {
    let system = BackendSystem::start();
    let primary = &system.postgres;
    let address = Proxy::start(primary.port).await;
    let port = address.port.to_string();
    let (api, worker) = (system.role("api", &[("PGPORT", &port)]), system.role("worker", &[("PGPORT", &port)]));
    eventually("both are ready", async || are_ready(&api, &worker, true).await).await;
    api.value(1).await;
    let standby = primary.start_standby(system.folder().join("standby.log"));
    eventually("the standby has the row", async || {
        (standby.sql(PostgresServer::NAME, "select count(*) from calculations") == "1").then_some(())
    })
    .await;
    address.redirect(standby.port);
    primary.sql("postgres", "alter system set default_transaction_read_only = on");
    standby.sql("postgres", "select pg_promote()");
    primary.sql("postgres", "select pg_reload_conf()");
    eventually("the old server refuses to write", async || {
        (primary.sql("postgres", "show default_transaction_read_only") == "on").then_some(())
    })
    .await;
    for n in 2..20 {
        api.value(n).await;
    }
    let rows = standby.sql(PostgresServer::NAME, "select count(*) from calculations where status = 'done'");
    assert_eq!(rows, "19", "the new server has them all");
}

async fn are_ready(api: &TestRole, worker: &TestRole, expected: bool) -> Option<()> {
    (api.is_ready().await == expected && worker.is_ready().await == expected).then_some(())
}
