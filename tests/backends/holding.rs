//! What computing holds: a core, and nothing that anybody else waits for.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};

use crate::patience::eventually;
use crate::services::Postgres;
use crate::system::System;

/// More than the eight connections that a process has to PostgreSQL.
const AT_ONCE: usize = 10;
/// Work of a second or more on one core, and of some hundred megabytes.
const LONG: i64 = 150_000_000;

/// Of our sessions: those in a transaction that goes on for longer than any that only records something, those
/// that hold a lock of more than a transaction, and all of them.
const HELD: &str = "
    select count(*) filter (where xact_start < clock_timestamp() - interval '1 second'),
           count(*) filter (where exists (select from pg_locks where pg_locks.pid = activity.pid
                                                                  and locktype = 'advisory' and granted)),
           count(*)
    from pg_stat_activity as activity where usename = 'abaci'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_computes_more_than_it_has_connections_holds_none_and_serves_others_meanwhile() {
    let system = System::start();
    let api = system.role("api", &[("ABACI_RATE", "off")]);
    let worker = system.role("worker", &[("ABACI_WORKER_THREADS", &(AT_ONCE + 1).to_string())]);
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;

    let mut asks = Vec::new();
    for n in (LONG..).take(AT_ONCE) {
        let (status, said) = api.submit(n).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        asks.push((n, said["ask"].as_str().expect("work that can be withdrawn").to_owned()));
    }
    let computing = async || {
        let said: serde_json::Value = api.get("/api/system").await.json().await.expect("JSON");
        said["workers"][0]["computing"].as_array().map_or(0, Vec::len)
    };
    eventually("all of it is computed at once", async || (computing().await == AT_ONCE).then_some(())).await;

    let began = Instant::now();
    let mut most_sessions = 0;
    for small in 1_000.. {
        let asked = Instant::now();
        api.value(small).await;
        assert!(asked.elapsed() < Duration::from_secs(5), "F({small}) took {:?}", asked.elapsed());
        let held = system.postgres.sql("postgres", HELD);
        let numbers: Vec<u32> = held.split('|').map(|number| number.parse().expect("a number")).collect();
        let [in_transaction, with_locks, sessions] = numbers[..] else { panic!("{held}") };
        assert_eq!((in_transaction, with_locks), (0, 0), "of {sessions} sessions");
        most_sessions = most_sessions.max(sessions);
        if began.elapsed() > Duration::from_secs(5) {
            println!("{} small ones meanwhile, {most_sessions} sessions at most", small - 999);
            break;
        }
    }
    // Two processes, at most eight each; and nothing of it was broken off.
    assert!(most_sessions <= 16, "{most_sessions} sessions");
    for (n, ask) in asks {
        let calculation = api.calculation(n).await;
        assert_eq!(calculation["attempt"], 1, "its lease was renewed in time: {calculation}");
        let withdrawing = api.request(Method::DELETE, &format!("/api/calculations/{n}")).header("abaci-ask", ask);
        let status = withdrawing.send().await.expect("an answer").status();
        assert!([StatusCode::OK, StatusCode::CONFLICT].contains(&status), "{status}");
    }
    eventually("all of it has stopped", async || (computing().await == 0).then_some(())).await;
    let open = "select count(*) from calculations where status in ('queued', 'running')";
    assert_eq!(system.postgres.sql(Postgres::NAME, open), "0");
}
