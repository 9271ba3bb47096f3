//! The identity of the data in the database, so that caches notice when it is replaced.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use tokio::sync::watch;
use tokio::time::sleep;

use super::pool::ConnectionHealth;

/// Time between two checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// Timeout of a check, connecting included.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// A server that restarted may have other files; a database or table that was restored in place has another OID or
/// another file. Every role may call these functions.
const INCARNATION: &str = "
    select concat_ws('-', (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint,
                          (select oid from pg_database where datname = current_database()),
                          'calculations'::regclass::oid, pg_relation_filenode('calculations'))";

/// Checks twice a second until all receivers are dropped or the pool is closed.
pub(super) async fn follow(health: ConnectionHealth, pool: PgPool, incarnation: watch::Sender<Option<Arc<str>>>) {
    loop {
        let found = health.within(CHECK_TIMEOUT, sqlx::query_scalar::<_, String>(INCARNATION).fetch_one(&pool)).await;
        let found: Option<Arc<str>> = match found {
            Ok(Ok(found)) => Some(found.into()),
            // Other calls report it. Meanwhile nothing is known.
            Ok(Err(_)) | Err(_) => None,
        };
        incarnation.send_if_modified(|current| {
            let is_other = *current != found;
            *current = found;
            is_other
        });
        tokio::select! {
            () = incarnation.closed() => return,
            () = pool.close_event() => return,
            () = sleep(CHECK_INTERVAL) => {}
        }
    }
}
