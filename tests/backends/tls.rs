//! Every connection encrypted to a server that shows who it is, every login by password.

use std::path::PathBuf;

use reqwest::StatusCode;
use tempfile::TempDir;

use crate::patience::eventually;
use crate::process::output;
use crate::role::{Role, Settings, abaci};
use crate::services::{Authority, Postgres, Redis};

/// PostgreSQL and Redis that are reached in no other way.
struct Secured {
    postgres: Postgres,
    redis: Redis,
    authority: Authority,
    folder: TempDir,
}

/// The name that the servers' certificates are for.
const HOST: &str = "localhost";
/// Another way to the same servers, that the certificates are not for.
const OTHER_HOST: &str = "127.0.0.1";
const POSTGRES_PASSWORD: &str = "sesame-of-postgres";
const REDIS_PASSWORD: &str = "sesame-of-redis";

impl Secured {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let authority = Authority::new();
        let identity = authority.identity(HOST);
        let postgres = Postgres::secured(identity.clone(), folder.path().join("postgres.log"));
        let role = format!("alter role {} password '{POSTGRES_PASSWORD}'", Postgres::NAME);
        postgres.sql("postgres", &role);
        let redis = Redis::secured(identity, folder.path().join("redis.log"));
        let rights = documented_rights();
        redis.let_in_only(&rights.split_whitespace().collect::<Vec<_>>());
        for (name, password) in [("pg", POSTGRES_PASSWORD), ("redis", REDIS_PASSWORD)] {
            std::fs::write(folder.path().join(name), format!("{password}\n")).expect("written");
        }
        Self { postgres, redis, authority, folder }
    }

    /// The settings with which everything works.
    fn settings(&self) -> Settings {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let authority = self.authority.certificate().display().to_string();
        vec![
            ("PGHOST", HOST.to_owned()),
            ("PGPORT", self.postgres.port.to_string()),
            ("PGUSER", Postgres::NAME.to_owned()),
            ("PGDATABASE", Postgres::NAME.to_owned()),
            ("PGPASSWORD_FILE", file("pg")),
            ("PGSSLMODE", "verify-full".to_owned()),
            ("PGSSLROOTCERT", authority.clone()),
            ("REDIS_HOST", HOST.to_owned()),
            ("REDIS_PORT", self.redis.port.to_string()),
            ("REDIS_USERNAME", "abaci".to_owned()),
            ("REDIS_PASSWORD_FILE", file("redis")),
            ("REDIS_TLS", "true".to_owned()),
            ("SSL_CERT_FILE", authority),
            ("ABACI_DATA_DIR", file("data")),
        ]
    }

    /// The same but for one of them.
    fn but(&self, variable: &'static str, value: &str) -> Settings {
        let mut settings = self.settings();
        settings.retain(|(name, _)| *name != variable);
        settings.push((variable, value.to_owned()));
        settings
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// What a user of Redis with our password is answered.
    fn ask_as_abaci(&self, words: &[&str]) -> String {
        let mut client = self.redis.over_tls(&["--user", "abaci", "--pass", REDIS_PASSWORD]);
        client.args(words);
        output(client)
    }
}

/// What docs/distributed.md tells an administrator to say to Redis, for the prefix and the password of this test.
fn documented_rights() -> String {
    let text = include_str!("../../docs/distributed.md");
    let rights = text.split_once("ACL SETUSER ").expect("the rights").1.split_once("```").expect("their end").0;
    assert!(rights.contains(">password") && rights.contains("~abaci:*"), "{rights}");
    rights.replace(">password", &format!(">{REDIS_PASSWORD}"))
}

fn tells_no_secret(text: &str) {
    assert!(!text.contains(POSTGRES_PASSWORD) && !text.contains(REDIS_PASSWORD), "{text}");
    assert!(!text.contains("panic"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_over_tls_by_password_and_with_the_documented_rights_alone() {
    let servers = Secured::start();
    let settings = servers.settings();
    let migrated = abaci(&["migrate"], &settings);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));

    let worker = Role::start("worker", &servers.but("ABACI_MIGRATE", "verify"), &servers.logs());
    let api = Role::start("api", &settings, &servers.logs());
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
    // On a busy machine a first connection may have taken longer than the cache is waited for.
    eventually("nothing is amiss", async || (api.inside("/readyz").await.1 == "ready\n").then_some(())).await;
    // A short one, one that takes a lease, one that takes memory and an object; and each known afterwards.
    for n in [7, 300_000, 3_000_000] {
        assert_eq!(api.value(n).await, api.value(n).await);
    }
    assert_eq!(api.submit(7).await.0, StatusCode::OK);
    eventually("the worker has reported", async || {
        let system: serde_json::Value = api.get("/api/system").await.json().await.expect("JSON");
        (system["workers"].as_array().map(Vec::len) == Some(1)).then_some(())
    })
    .await;

    let in_the_clear = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) \
                        where usename = 'abaci' and not ssl";
    assert_eq!(servers.postgres.sql("postgres", in_the_clear), "0");
    assert_eq!(servers.ask_as_abaci(&["PING"]), "PONG");
    for forbidden in [
        &["FLUSHALL"][..],
        &["FLUSHDB"],
        &["CONFIG", "GET", "*"],
        &["ACL", "LIST"],
        &["KEYS", "*"],
        &["SHUTDOWN"],
        &["GET", "other:v"],
        &["SUBSCRIBE", "anything"],
    ] {
        let said = servers.ask_as_abaci(forbidden);
        assert!(said.contains("NOPERM"), "{forbidden:?}: {said}");
    }
    for role in [&api, &worker] {
        tells_no_secret(&role.said());
        assert!(!role.said().contains("cannot connect to"), "{}", role.said());
        assert!(!role.said().contains("NOPERM"), "{}", role.said());
    }
}

#[tokio::test]
async fn migrate_says_what_to_set_when_postgresql_is_not_to_be_trusted_or_wants_tls() {
    let servers = Secured::start();
    let another = Authority::new();
    let other_authority = another.certificate().display().to_string();
    let not_pem = servers.folder.path().join("pg").display().to_string();
    for (variable, wrong, code, told) in [
        ("PGSSLROOTCERT", other_authority.as_str(), 1, "set PGSSLROOTCERT to a PEM file"),
        ("PGSSLROOTCERT", "/no/such/file", 2, "PGSSLROOTCERT: cannot read /no/such/file"),
        ("PGSSLROOTCERT", not_pem.as_str(), 2, "contains no PEM certificates"),
        ("PGHOST", OTHER_HOST, 1, "set PGHOST to the name in the certificate"),
        ("PGSSLMODE", "disable", 1, "set PGSSLMODE=verify-full"),
        ("PGPASSWORD_FILE", "/no/such/file", 2, "PGPASSWORD_FILE: cannot read /no/such/file"),
        ("PGUSER", "somebody", 1, "password authentication failed for user \"somebody\""),
    ] {
        let refused = abaci(&["migrate"], &servers.but(variable, wrong));
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{variable}={wrong}: {said}");
        assert!(said.contains(told), "{variable}={wrong}: {said}");
        tells_no_secret(&said);
    }
    let settings: Settings = servers.settings().into_iter().filter(|(name, _)| *name != "PGSSLROOTCERT").collect();
    let refused = abaci(&["migrate"], &settings);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("set PGSSLROOTCERT to a PEM file"),
        "a private authority"
    );
    // Who asks for less is let in with less.
    for lenient in ["require", "prefer"] {
        let migrated = abaci(&["migrate"], &servers.but("PGSSLMODE", lenient));
        assert!(migrated.status.success(), "{lenient}: {}", String::from_utf8_lossy(&migrated.stderr));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_that_are_not_let_in_say_what_to_set_and_are_not_ready() {
    let servers = Secured::start();
    let another = Authority::new();
    let other_authority = another.certificate().display().to_string();
    let wrong_password = servers.folder.path().join("pg").display().to_string();
    let plain = Redis::start(servers.folder.path().join("plain-redis.log"));
    for (variable, wrong, told) in [
        (
            "PGSSLROOTCERT",
            other_authority.as_str(),
            "cannot connect to PostgreSQL: its certificate authority is not trusted",
        ),
        ("PGHOST", OTHER_HOST, "cannot connect to PostgreSQL: its certificate is for another host name"),
        ("PGSSLMODE", "disable", "cannot connect to PostgreSQL: it requires TLS"),
        (
            "SSL_CERT_FILE",
            other_authority.as_str(),
            "cannot connect to Redis: its certificate authority is not trusted",
        ),
        ("REDIS_HOST", OTHER_HOST, "cannot connect to Redis: its certificate is for another host name"),
        ("REDIS_TLS", "false", "cannot connect to Redis: it closed the connection; if this port requires TLS"),
        ("REDIS_PASSWORD_FILE", wrong_password.as_str(), "cannot connect to Redis: unknown user or wrong password"),
        ("REDIS_PORT", &plain.port.to_string(), "cannot connect to Redis: it does not respond to TLS"),
    ] {
        let settings = servers.but(variable, wrong);
        let roles = ["api", "worker"].map(|word| Role::start(word, &settings, &servers.logs()));
        for role in &roles {
            eventually(&format!("{variable}={wrong} is told"), async || role.said().contains(told).then_some(())).await;
            assert_eq!(role.inside("/healthz").await.0, StatusCode::OK, "starting it again would not help");
            tells_no_secret(&role.said());
        }
        let [api, worker] = roles;
        let (status, said) = worker.inside("/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{variable}={wrong}: {said}");
        let (status, said) = api.inside("/readyz").await;
        if variable.starts_with("REDIS") || variable == "SSL_CERT_FILE" {
            // It accepts and reads all the same.
            assert_eq!((status, said.contains("degraded: the queue")), (StatusCode::OK, true), "{variable}: {said}");
        } else {
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{variable}={wrong}: {said}");
        }
    }
}
