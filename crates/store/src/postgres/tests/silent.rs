//! A server that has a connection open and does not answer: every wait for it ends.
//!
//! The processes of single connections are stopped, as the network or the host of a server stops all of them.

use std::process::Command;

use super::*;

/// The process of a connection, stopped until this is dropped.
struct StoppedSession(i32);

impl StoppedSession {
    fn new(process: i32) -> Self {
        signal("STOP", process);
        Self(process)
    }
}

impl Drop for StoppedSession {
    fn drop(&mut self) {
        signal("CONT", self.0);
    }
}

fn signal(name: &str, process: i32) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "kill -s {name} {process}: {sent}");
}

async fn process_of(connection: &mut PgConnection) -> i32 {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(connection).await.expect("an answer")
}

#[tokio::test]
async fn a_call_that_waits_for_an_answer_ends() {
    let settings = server::database().await;
    let store = Arc::new(connect(&settings).await);
    let (mut locking, mut watching) = (shell(&settings).await, shell(&settings).await);
    sqlx::raw_sql("begin; lock table calculations").execute(&mut locking).await.expect("locked");
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.submit(&new_calculation(1, None)).await }
    });
    let waits = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let process = loop {
        if let Some(process) = sqlx::query_scalar(waits).fetch_optional(&mut watching).await.expect("an answer") {
            break process;
        }
    };
    let stopped = StoppedSession::new(process);
    sqlx::raw_sql("commit").execute(&mut locking).await.expect("unlocked");
    let refused = waiting.await.expect("no panic");
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    for n in 1..4 {
        store.submit(&new_calculation(n, None)).await.expect("submitted over another connection");
    }
    drop(stopped);
}

/// Takes every connection of the pool, and returns them with their processes.
async fn take_all(store: &PostgresStore) -> [(PooledConnection, i32); 2] {
    let mut all = [store.pool.acquire().await.expect("one"), store.pool.acquire().await.expect("the other")];
    let processes = [process_of(&mut all[0]).await, process_of(&mut all[1]).await];
    let [one, other] = all;
    [(one, processes[0]), (other, processes[1])]
}

#[tokio::test]
async fn connections_that_fall_silent_while_they_are_idle_or_returned_are_replaced() {
    let store = connect(&PostgresSettings { connections: 2, ..server::database().await }).await;
    let mut stopped = Vec::new();
    for is_idle in [false, true] {
        let all = take_all(&store).await;
        let processes = [all[0].1, all[1].1];
        if !is_idle {
            stopped.extend(processes.map(StoppedSession::new));
        }
        drop(all);
        if is_idle {
            while store.pool.connections().num_idle() < 2 {
                tokio::task::yield_now().await;
            }
            stopped.extend(processes.map(StoppedSession::new));
        }
        let others = take_all(&store).await;
        assert!(others.iter().all(|(_, process)| !processes.contains(process)), "idle: {is_idle}");
    }
}
