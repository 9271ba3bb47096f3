//! A PostgreSQL server for one run of the tests, and a database in it for each test.
//!
//! The first test that needs it starts it, in a temporary folder and on a free port, with `fsync` on. A small shell
//! process stops it when the run ends, because nextest runs every test in its own process.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::super::{Migrations, PostgresSettings, TlsMode};

/// Creates an empty database.
pub(super) async fn database() -> PostgresSettings {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let port = tokio::task::spawn_blocking(server).await.expect("a server");
    let name = format!("test_{}_{}", id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut connection = connect_when_ready(&settings(port, "postgres")).await;
    let sql = AssertSqlSafe(format!("create database {name}"));
    sqlx::query(sql).execute(&mut connection).await.expect("a database");
    settings(port, &name)
}

fn settings(port: u16, database: &str) -> PostgresSettings {
    PostgresSettings {
        host: "127.0.0.1".into(),
        port,
        username: "postgres".into(),
        password: None,
        database: database.into(),
        tls: TlsMode::Disable,
        root_certificate: None,
        connections: 6,
        migrations: Migrations::Apply,
    }
}

/// Connects, waiting for a server that has just been started.
async fn connect_when_ready(settings: &PostgresSettings) -> PgConnection {
    let started = Instant::now();
    loop {
        match settings.options().connect().await {
            Ok(connection) => return connection,
            Err(error) if started.elapsed() > Duration::from_secs(30) => panic!("no answer in 30 s: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Returns the port of this run's server, and starts it on the first call.
fn server() -> u16 {
    // Under nextest, all tests of a run have its process as their parent.
    let run = if env::var_os("NEXTEST_RUN_ID").is_some() { parent_id() } else { id() };
    let folder = env::temp_dir().join(format!("abaci-postgres-{run}"));
    fs::create_dir_all(&folder).expect("a folder");
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("locked");
    let port_file = folder.join("port");
    if let Ok(port) = fs::read_to_string(&port_file) {
        return port.parse().expect("written below");
    }
    let port = start(&folder, run);
    File::create(&port_file).and_then(|mut file| write!(file, "{port}")).expect("written");
    port
}

fn start(folder: &Path, run: u32) -> u16 {
    let programs = programs();
    let data = folder.join("data");
    fs::create_dir(&data).expect("a data folder");
    let owner = change_owner([folder, &data]);
    let run_as_owner = |program: &Path| {
        let mut command = Command::new(program);
        command.current_dir(&data).stdin(Stdio::null());
        if let Some((user, group)) = owner {
            command.gid(group).uid(user);
        }
        command
    };
    let made = run_as_owner(&programs.join("initdb"))
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--pgdata"])
        .arg(&data)
        .output()
        .expect("initdb runs");
    assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    let log = File::create(data.join("log")).expect("a log");
    let started = run_as_owner(Path::new("/bin/sh"))
        .arg("-c")
        .arg(
            "{ \"$1\" -D \"$2\" -p \"$3\" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=on \
             -c max_connections=200 -c shared_buffers=32MB & server=$!; \
             while [ -e \"/proc/$4\" ]; do sleep 1; done; \
             kill -QUIT $server; wait $server; cd /; rm -rf \"$5\"; } &",
        )
        .arg("abaci-postgres")
        .args([programs.join("postgres").as_os_str(), data.as_os_str()])
        .args([port.to_string(), run.to_string()])
        .arg(folder)
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .process_group(0)
        .status()
        .expect("sh runs");
    assert!(started.success(), "the shell that starts the server: {started}");
    port
}

/// Changes the owner of the folders, because PostgreSQL refuses to run as root.
fn change_owner(folders: [&Path; 2]) -> Option<(u32, u32)> {
    if folders.iter().all(|folder| fs::metadata(folder).expect("just made").uid() != 0) {
        return None;
    }
    let number = |flag| {
        let output = Command::new("id").args([flag, "postgres"]).output().expect("id runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a user named postgres")
    };
    let (user, group) = (number("-u"), number("-g"));
    folders.iter().for_each(|folder| chown(folder, Some(user), Some(group)).expect("owner changed"));
    Some((user, group))
}

/// Returns the folder of the programs in the path, or else of the newest that Debian installed.
fn programs() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .find(|folder| folder.join("initdb").exists())
        .expect("a PostgreSQL server in the path or below /usr/lib/postgresql; install the package `postgresql`")
}
