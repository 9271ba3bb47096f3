//! Tests of the shared test support: servers, proxy and reference values.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::process::run_to_end;
use crate::support::proxy::{LinkState, Proxy};
use crate::support::reference::{fibonacci, is_fibonacci};
use crate::support::servers::{CertificateAuthority, PostgresServer, RedisServer, until};

#[test]
fn postgres_keeps_its_rows_after_a_kill_and_its_connections_can_be_exhausted() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let mut postgres = PostgresServer::start(logs.path().join("postgres.log"));
    postgres.sql(PostgresServer::NAME, "create table t (n int); insert into t values (7)");
    postgres.kill();
    postgres.restart();
    assert_eq!(postgres.sql(PostgresServer::NAME, "select n from t"), "7");

    let held = postgres.exhaust();
    assert!(held.len() > 60, "{}", held.len());
    assert!(postgres.session().is_none());
    drop(held);
    until("connections are free again", || postgres.session().is_some());

    postgres.clock.set_offset(3_600);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later").as_secs();
    let ahead = format!("select extract(epoch from clock_timestamp()) > {since} + 3000");
    assert_eq!(postgres.sql("postgres", &ahead), "t", "its clock is an hour ahead");
    postgres.stop();
}

#[test]
fn redis_restarts_empty_and_uses_its_own_clock() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let mut redis = RedisServer::start(logs.path().join("redis.log"));
    assert_eq!(redis.command("SET a 1").as_deref(), Some("+OK"));
    assert_eq!(redis.command("DBSIZE").as_deref(), Some(":1"));
    redis.flush();
    assert_eq!(redis.command("DBSIZE").as_deref(), Some(":0"));

    assert_eq!(redis.command("SET a 1 EX 600").as_deref(), Some("+OK"));
    redis.clock.set_offset(3_600);
    until("a key with a TTL of ten minutes has expired an hour later", || {
        redis.command("EXISTS a").as_deref() == Some(":0")
    });
    redis.clock.set_offset(0);

    assert_eq!(redis.command("SET a 1").as_deref(), Some("+OK"));
    redis.kill();
    assert_eq!(redis.command("PING"), None);
    redis.restart();
    assert_eq!(redis.command("DBSIZE").as_deref(), Some(":0"));
}

#[test]
fn servers_with_a_certificate_require_tls() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let authority = CertificateAuthority::new();
    let certificate = authority.issue("localhost");
    let postgres = PostgresServer::secured(certificate.clone(), logs.path().join("postgres.log"));
    assert_eq!(postgres.sql("postgres", "select ssl from pg_stat_ssl where pid = pg_backend_pid()"), "t");
    assert!(postgres.session().is_none(), "without TLS");

    let redis = RedisServer::secured(certificate, logs.path().join("redis.log"));
    assert_eq!(redis.command("PING"), None, "without TLS");
    redis.allow_only(&["somebody", "on", ">password", "+ping"]);
    let mut unauthenticated = redis.tls_client(&["PING"]);
    let response = unauthenticated.output().expect("it runs").stdout;
    assert!(response.starts_with(b"NOAUTH"), "{}", String::from_utf8_lossy(&response));
    assert_eq!(run_to_end(redis.tls_client(&["--user", "somebody", "--pass", "password", "PING"])), "PONG");
}

#[test]
fn reference_values_match_published_ones() {
    for (n, value) in
        [(0, "0"), (1, "1"), (2, "1"), (10, "55"), (100, "354224848179261915075"), (-8, "-21"), (-7, "13")]
    {
        assert_eq!(fibonacci(n), value);
    }
}

#[test]
fn residues_and_digits_agree() {
    for n in [2_001, 2_002, -2_001, -2_002, 5_000] {
        let text = fibonacci(n);
        assert!(is_fibonacci(n, text.as_bytes()), "F({n})");
        assert!(!is_fibonacci(n + 1, text.as_bytes()));
        assert!(!is_fibonacci(-n, text.as_bytes()) || n % 2 != 0, "the sign counts");
        let mut damaged = text.into_bytes();
        let middle = damaged.len() / 2;
        damaged[middle] = b'0' + (damaged[middle] - b'0' + 1) % 10;
        assert!(!is_fibonacci(n, &damaged), "one wrong digit is found");
    }
}

/// Starts an echo server.
async fn echo() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = connection.split();
                // It ends with its client.
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    port
}

async fn call(connection: &mut TcpStream, size_bytes: usize) -> std::io::Result<Duration> {
    let start = Instant::now();
    connection.write_all(&vec![7; size_bytes]).await?;
    connection.read_exact(&mut vec![0; size_bytes]).await?;
    Ok(start.elapsed())
}

#[tokio::test]
async fn a_delay_and_a_throttle_slow_it_down() {
    let proxy = Proxy::start(echo().await).await;
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
    call(&mut connection, 10).await.expect("an echo");
    proxy.set(LinkState::Delayed(Duration::from_millis(100)));
    assert!(call(&mut connection, 10).await.expect("an echo") >= Duration::from_millis(200));
    proxy.set(LinkState::Throttled(10_000));
    assert!(call(&mut connection, 2_000).await.expect("an echo") >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_stalled_network_delivers_later() {
    let proxy = Proxy::start(echo().await).await;
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
    call(&mut connection, 10).await.expect("an echo");
    proxy.set(LinkState::Stalled);
    let mut other = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
    for connection in [&mut connection, &mut other] {
        let response = tokio::time::timeout(Duration::from_millis(200), call(connection, 10)).await;
        assert!(response.is_err(), "nothing arrives");
    }
    proxy.set(LinkState::Normal);
    for connection in [&mut connection, &mut other] {
        connection.read_exact(&mut [0; 10]).await.expect("it arrives");
    }
}

#[tokio::test]
async fn a_cut_resets_open_and_new_connections() {
    let proxy = Proxy::start(echo().await).await;
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
    call(&mut connection, 10).await.expect("an echo");
    proxy.set(LinkState::Cut);
    connection.read_exact(&mut [0; 1]).await.expect_err("it is reset");
    if let Ok(mut other) = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await {
        call(&mut other, 10).await.expect_err("new ones are reset too");
    }
    proxy.set(LinkState::Normal);
    let mut again = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port)).await.expect("a connection");
    call(&mut again, 10).await.expect("an echo");
}
