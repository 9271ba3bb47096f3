//! An older database takes the place of a newer one, while Redis and the processes stay as they are.

use reqwest::StatusCode;

use crate::support::servers::PostgresServer;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

/// Values that are cached, and lost with the newer database.
const LOST: std::ops::Range<i64> = 1_000..1_020;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_an_older_database_lacks_are_computed_again() {
    let mut system = BackendSystem::start();
    let (api, worker) = (system.role("api", &[]), system.role("worker", &[]));
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
    api.value(10).await;
    system.postgres.stop();
    let backup = system.postgres.back_up();
    system.postgres.restart();

    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
    for n in LOST {
        api.value(n).await;
    }
    eventually("a value is cached", async || {
        api.calculation(LOST.start).await;
        (system.redis.command(&format!("EXISTS \"abaci:v:F({})\"", LOST.start))? == ":1").then_some(())
    })
    .await;
    system.postgres.kill();
    system.postgres.restore(&backup);
    eventually("the outage is noticed", async || (!api.is_ready().await).then_some(())).await;
    // Without the database a cached value is no answer: its row may not come back.
    eventually("nothing is answered from the cache", async || {
        let status = api.get(&format!("/api/calculations/{}", LOST.start)).await.status();
        (status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    system.postgres.restart();

    for n in LOST {
        let path = format!("/api/calculations/{n}");
        let status = eventually("the store answers", async || {
            Some(api.get(&path).await.status()).filter(|status| *status != StatusCode::SERVICE_UNAVAILABLE)
        })
        .await;
        assert_eq!(status, StatusCode::NOT_FOUND, "F({n}) is not in the store");
    }
    for n in LOST {
        api.value(n).await;
        let row = format!("select status from calculations where subject = 'F({n})'");
        assert_eq!(system.postgres.sql(PostgresServer::NAME, &row), "done", "F({n})");
    }
}
