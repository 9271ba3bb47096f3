//! The server and the data that new connections reach, so that caches and open connections notice when the database is
//! replaced.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnection;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::PostgresSettings;
use super::pool::ConnectionHealth;

/// Time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// Time between two checks while no server answers: calls wait for the next one that does.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
/// Timeout for the answer of the open connection, before a new one is tried.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// Timeout for connecting and the first answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Lifetime of a connection: a new one may reach another server while the old one still answers.
const MAX_LIFETIME: Duration = Duration::from_secs(10);

/// A server that restarted may have other files; a database or table that was restored in place has another OID or
/// another file. Every role may call these functions.
const INCARNATION: &str = "
    select (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint,
           concat_ws('-', (select oid from pg_database where datname = current_database()),
                          'calculations'::regclass::oid, pg_relation_filenode('calculations'))";

/// Checks twice a second until all receivers are dropped.
pub(super) async fn follow(
    health: ConnectionHealth,
    settings: PostgresSettings,
    incarnation: watch::Sender<Option<Arc<str>>>,
) {
    let (mut open, mut last_server) = (None, None);
    loop {
        // A failure is reported by other calls. Meanwhile nothing is known.
        let found = check(&mut open, &settings).await;
        if let (Some((server, _)), Some(open)) = (&found, &open) {
            if last_server.is_some_and(|last| last != *server) {
                health.set_replaced(open.opened_at);
            }
            last_server = Some(*server);
        }
        let pause = if found.is_some() { CHECK_INTERVAL } else { RETRY_INTERVAL };
        let found: Option<Arc<str>> = found.map(|(server, data)| format!("{server}-{data}").into());
        incarnation.send_if_modified(|current| {
            let is_other = *current != found;
            *current = found;
            is_other
        });
        tokio::select! {
            () = incarnation.closed() => return,
            () = sleep(pause) => {}
        }
    }
}

struct CheckedConnection {
    connection: PgConnection,
    /// When it began to connect.
    opened_at: Instant,
}

/// Returns when the server started, and which data it has; over a new connection if the open one is old or silent.
async fn check(open: &mut Option<CheckedConnection>, settings: &PostgresSettings) -> Option<(i64, String)> {
    if let Some(mut current) = open.take()
        && current.opened_at.elapsed() < MAX_LIFETIME
        && let Ok(Ok(found)) = timeout(ANSWER_TIMEOUT, read(&mut current.connection)).await
    {
        *open = Some(current);
        return Some(found);
    }
    let opened_at = Instant::now();
    let connect = async {
        let mut connection = settings.options().connect().await?;
        let found = read(&mut connection).await?;
        Ok::<_, sqlx::Error>((CheckedConnection { connection, opened_at }, found))
    };
    let (opened, found) = timeout(CONNECT_TIMEOUT, connect).await.ok()?.ok()?;
    *open = Some(opened);
    Some(found)
}

async fn read(connection: &mut PgConnection) -> sqlx::Result<(i64, String)> {
    sqlx::query_as(INCARNATION).fetch_one(connection).await
}
