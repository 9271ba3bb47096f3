//! The servers of these tests do what the faults need of them.

use crate::process::output;
use crate::services::{Authority, Postgres, Redis, until};

#[test]
fn postgres_keeps_its_rows_through_a_kill_and_can_be_used_up() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let mut postgres = Postgres::start(logs.path().join("postgres.log"));
    postgres.sql(Postgres::NAME, "create table t (n int); insert into t values (7)");
    postgres.kill();
    postgres.restart();
    assert_eq!(postgres.sql(Postgres::NAME, "select n from t"), "7");

    let held = postgres.exhaust();
    assert!(held.len() > 60, "{}", held.len());
    assert!(postgres.session().is_none());
    drop(held);
    until("connections are free again", || postgres.session().is_some());

    postgres.clock.step(3_600);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later").as_secs();
    let ahead = format!("select extract(epoch from clock_timestamp()) > {since} + 3000");
    assert_eq!(postgres.sql("postgres", &ahead), "t", "its clock is an hour ahead");
    postgres.stop();
}

#[test]
fn redis_comes_back_empty_and_goes_by_its_own_clock() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let mut redis = Redis::start(logs.path().join("redis.log"));
    assert_eq!(redis.ask("SET a 1").as_deref(), Some("+OK"));
    assert_eq!(redis.ask("DBSIZE").as_deref(), Some(":1"));
    redis.flush();
    assert_eq!(redis.ask("DBSIZE").as_deref(), Some(":0"));

    assert_eq!(redis.ask("SET a 1 EX 600").as_deref(), Some("+OK"));
    redis.clock.step(3_600);
    until("a key of ten minutes is gone an hour later", || redis.ask("EXISTS a").as_deref() == Some(":0"));
    redis.clock.step(0);

    assert_eq!(redis.ask("SET a 1").as_deref(), Some("+OK"));
    redis.kill();
    assert_eq!(redis.ask("PING"), None);
    redis.restart();
    assert_eq!(redis.ask("DBSIZE").as_deref(), Some(":0"));
}

#[test]
fn servers_with_a_certificate_are_reached_over_tls_alone() {
    let logs = tempfile::tempdir().expect("a temporary directory");
    let authority = Authority::new();
    let identity = authority.identity("localhost");
    let postgres = Postgres::secured(identity.clone(), logs.path().join("postgres.log"));
    assert_eq!(postgres.sql("postgres", "select ssl from pg_stat_ssl where pid = pg_backend_pid()"), "t");
    assert!(postgres.session().is_none(), "in the clear");

    let redis = Redis::secured(identity, logs.path().join("redis.log"));
    assert_eq!(redis.ask("PING"), None, "in the clear");
    redis.let_in_only(&["somebody", "on", ">word", "+ping"]);
    let mut stranger = redis.over_tls(&["PING"]);
    let said = stranger.output().expect("it runs").stdout;
    assert!(said.starts_with(b"NOAUTH"), "{}", String::from_utf8_lossy(&said));
    assert_eq!(output(redis.over_tls(&["--user", "somebody", "--pass", "word", "PING"])), "PONG");
}
