//! A computation holds no database connection, transaction or lock; one that finds no memory waits for it.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};

use crate::support::servers::PostgresServer;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;

/// More than the eight PostgreSQL connections of a process.
const CONCURRENT: usize = 10;
/// Work of a second or more on one core, with some hundred megabytes.
const LONG: i64 = 600_000_000;

/// Counts our sessions: those in a long transaction, those with an advisory lock, and all.
const SESSIONS: &str = "
    select count(*) filter (where xact_start < clock_timestamp() - interval '1 second'),
           count(*) filter (where exists (select from pg_locks where pg_locks.pid = activity.pid
                                                                  and locktype = 'advisory' and granted)),
           count(*)
    from pg_stat_activity as activity where usename = 'abaci'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_with_more_computations_than_connections_holds_none() {
    let system = BackendSystem::start();
    let api = system.role("api", &[("ABACI_RATE", "off")]);
    let worker = system.role("worker", &[("ABACI_WORKER_THREADS", &(CONCURRENT + 1).to_string())]);
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;

    let mut asks = Vec::new();
    for n in (LONG..).take(CONCURRENT) {
        let (status, body) = api.submit(n).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        asks.push((n, body["ask"].as_str().expect("work that can be cancelled").to_owned()));
    }
    let computing = async || {
        let system: serde_json::Value = api.get("/api/system").await.json().await.expect("JSON");
        system["workers"][0]["computing"].as_array().map_or(0, Vec::len)
    };
    eventually("all are computed at once", async || (computing().await == CONCURRENT).then_some(())).await;

    let began = Instant::now();
    let mut most_sessions = 0;
    for small in 1_000.. {
        let submitted = Instant::now();
        api.value(small).await;
        assert!(submitted.elapsed() < Duration::from_secs(5), "F({small}) took {:?}", submitted.elapsed());
        let held = system.postgres.sql("postgres", SESSIONS);
        let numbers: Vec<u32> = held.split('|').map(|number| number.parse().expect("a number")).collect();
        let [in_transaction, with_locks, sessions] = numbers[..] else { panic!("{held}") };
        assert_eq!((in_transaction, with_locks), (0, 0), "of {sessions} sessions");
        most_sessions = most_sessions.max(sessions);
        if began.elapsed() > Duration::from_secs(5) {
            println!("{} short calculations meanwhile, at most {most_sessions} sessions", small - 999);
            break;
        }
    }
    // Two processes with at most eight connections each and one that follows the database; and no lease was lost.
    assert!(most_sessions <= 18, "{most_sessions} sessions");
    for (n, ask) in asks {
        let calculation = api.calculation(n).await;
        assert_eq!(calculation["attempt"], 1, "its lease was renewed in time: {calculation}");
        let cancel = api.request(Method::DELETE, &format!("/api/calculations/{n}")).header("abaci-ask", ask);
        let status = cancel.send().await.expect("a response").status();
        assert!([StatusCode::OK, StatusCode::CONFLICT].contains(&status), "{status}");
    }
    eventually("all have stopped", async || (computing().await == 0).then_some(())).await;
    let open = "select count(*) from calculations where status in ('queued', 'running')";
    assert_eq!(system.postgres.sql(PostgresServer::NAME, open), "0");
}

/// The machine has less memory than configured: work that fits waits for the work that has the memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_finds_no_memory_beside_other_work_waits() {
    let system = BackendSystem::start();
    let (api, worker) =
        (system.role("api", &[("ABACI_RATE", "off")]), system.role("worker", &[("ABACI_WORKER_THREADS", "3")]));
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
    let (large, bystander) = (1_000_000_000, 300_000_000);
    let (_, body) = api.submit(large).await;
    eventually("it has its memory", async || {
        api.calculation(large).await["progress"].as_f64().is_some_and(|progress| progress > 0.0).then_some(())
    })
    .await;
    // Enough for everything but another computation.
    worker.limit_memory(Some(32 << 20));
    assert_eq!(api.submit(bystander).await.0, StatusCode::ACCEPTED);
    eventually("it waits for memory", async || {
        let calculation = api.calculation(bystander).await;
        assert_eq!(calculation["failure"], serde_json::Value::Null, "{calculation}");
        (calculation["waiting_for"] == "memory").then_some(())
    })
    .await;
    worker.limit_memory(None);
    let cancel = api.request(Method::DELETE, &format!("/api/calculations/{large}"));
    cancel.header("abaci-ask", body["ask"].as_str().expect("a token")).send().await.expect("a response");
    eventually("it is done", async || (api.calculation(bystander).await["status"] == "done").then_some(())).await;
}
