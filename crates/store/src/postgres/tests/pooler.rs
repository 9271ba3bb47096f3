//! `PgBouncer` between the store and the server: session mode works, transaction mode is refused.

use std::env;
use std::error::Error;
use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use futures_util::future::try_join_all;
use tempfile::TempDir;

use super::*;

/// A running `PgBouncer` with Debian's defaults. Dropping it kills it.
struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Pooler {
    async fn start(settings: &PostgresSettings, pool_mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {pool_mode}\n",
            settings.port
        );
        fs::write(&file, text).expect("written");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder of ours");
        let mut command = Command::new("sh");
        // The shell kills PgBouncer when this process ends, however that happens.
        command.args(["-c", r#""$@" & read -r _; kill -9 $!; wait"#, "sh"]).arg(program()).arg("-q");
        if fs::metadata(folder.path()).expect("made above").uid() == 0 {
            // It refuses to run as root.
            command.args(["-u", "postgres"]);
        }
        let process = command.arg(&file).stdin(Stdio::piped()).spawn().expect("a shell");
        let started = std::time::Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(30), "PgBouncer starts");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Self { process, port, _folder: folder }
    }

    fn settings(&self, of_server: &PostgresSettings) -> PostgresSettings {
        PostgresSettings { port: self.port, ..of_server.clone() }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("the shell ends");
    }
}

fn program() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| Path::exists(program))
        .expect("PgBouncer in the path; install the package `pgbouncer`")
}

#[tokio::test]
async fn a_pooler_in_session_mode_works_with_the_settings_of_every_session() {
    let server = server::database().await;
    let pooler = Pooler::start(&server, "session").await;
    let store = connect(&pooler.settings(&server)).await;
    let requests: Vec<_> = (0..40).map(|n| new_calculation(n, None)).collect();
    try_join_all(requests.iter().map(|request| store.submit(request))).await.expect("all are accepted");
    for n in 0..40 {
        let done = store.complete(&inline(&f(n), "144")).await.expect("stored");
        assert!(matches!(done, CompleteResult::Recorded(_)), "{done:?}");
    }
    let set: Vec<(String, String)> = sqlx::query_as(
        "select name, setting || coalesce(unit, '') from pg_settings where name in \
         ('idle_in_transaction_session_timeout', 'synchronous_commit', 'statement_timeout') order by name",
    )
    .fetch_all(store.pool.connections())
    .await
    .expect("read");
    let set: Vec<_> = set.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        set,
        [
            ("idle_in_transaction_session_timeout", "5000ms"),
            ("statement_timeout", "4000ms"),
            ("synchronous_commit", "on")
        ]
    );
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_refused_before_anything_is_changed() {
    let server = server::database().await;
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(&server, mode).await;
        let pooled = pooler.settings(&server);
        let refused = PostgresStore::connect(&pooled, LIMITS).await.err().expect("refused");
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
        let cause = causes(&refused);
        assert!(mode != "transaction" || cause.contains("pool_mode = session"), "{cause}");

        let opened = PostgresStore::open(&pooled, LIMITS);
        opened.tried().await;
        let refused = opened.submit(&new_calculation(1, None)).await.expect_err("refused");
        assert!(causes(&refused).contains("pool"), "{}", causes(&refused));
    }
    let tables: i64 = sqlx::query_scalar("select count(*) from pg_class where relname = '_sqlx_migrations'")
        .fetch_one(&mut shell(&server).await)
        .await
        .expect("counted");
    assert_eq!(tables, 0, "no migration ran");
}

fn causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
