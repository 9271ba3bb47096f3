//! TLS with verified certificates and passwords on every connection.

use std::path::PathBuf;

use reqwest::StatusCode;
use tempfile::TempDir;

use crate::role::{TestRole, Variables, abaci};
use crate::support::process::run_to_end;
use crate::support::servers::{CertificateAuthority, PostgresServer, RedisServer};
use crate::support::timeouts::eventually;

/// PostgreSQL and Redis that require TLS and passwords.
struct SecuredServers {
    postgres: PostgresServer,
    redis: RedisServer,
    authority: CertificateAuthority,
    folder: TempDir,
}

/// The host name in the servers' certificates.
const HOST: &str = "localhost";
/// Another name of the same host, which is not in the certificates.
const OTHER_HOST: &str = "127.0.0.1";
const POSTGRES_PASSWORD: &str = "secret-of-postgres";
const REDIS_PASSWORD: &str = "secret-of-redis";

impl SecuredServers {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let authority = CertificateAuthority::new();
        let certificate = authority.issue(HOST);
        let postgres = PostgresServer::secured(certificate.clone(), folder.path().join("postgres.log"));
        let role = format!("alter role {} password '{POSTGRES_PASSWORD}'", PostgresServer::NAME);
        postgres.sql("postgres", &role);
        let redis = RedisServer::secured(certificate, folder.path().join("redis.log"));
        let rights = documented_rights();
        redis.allow_only(&rights.split_whitespace().collect::<Vec<_>>());
        for (name, password) in [("pg", POSTGRES_PASSWORD), ("redis", REDIS_PASSWORD)] {
            std::fs::write(folder.path().join(name), format!("{password}\n")).expect("written");
        }
        Self { postgres, redis, authority, folder }
    }

    /// Returns the settings with which everything works.
    fn settings(&self) -> Variables {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let authority = self.authority.certificate().display().to_string();
        vec![
            ("PGHOST", HOST.to_owned()),
            ("PGPORT", self.postgres.port.to_string()),
            ("PGUSER", PostgresServer::NAME.to_owned()),
            ("PGDATABASE", PostgresServer::NAME.to_owned()),
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

    /// Returns the same settings, except for one.
    fn with(&self, variable: &'static str, value: &str) -> Variables {
        let mut settings = self.settings();
        settings.retain(|(name, _)| *name != variable);
        settings.push((variable, value.to_owned()));
        settings
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Sends a command to Redis as Abaci's user.
    fn redis_command(&self, words: &[&str]) -> String {
        let mut client = self.redis.tls_client(&["--user", "abaci", "--pass", REDIS_PASSWORD]);
        client.args(words);
        run_to_end(client)
    }
}

/// Returns the rights that docs/distributed.md grants in Redis, with the password of this test.
fn documented_rights() -> String {
    let text = include_str!("../../docs/distributed.md");
    let rights = text.split_once("ACL SETUSER ").expect("the rights").1.split_once("```").expect("their end").0;
    assert!(rights.contains(">password") && rights.contains("~abaci:*"), "{rights}");
    rights.replace(">password", &format!(">{REDIS_PASSWORD}"))
}

fn assert_no_secret(text: &str) {
    assert!(!text.contains(POSTGRES_PASSWORD) && !text.contains(REDIS_PASSWORD), "{text}");
    assert!(!text.contains("panic"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_with_tls_passwords_and_the_documented_rights() {
    let servers = SecuredServers::start();
    let settings = servers.settings();
    let migrated = abaci(&["migrate"], &settings);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));

    let worker = TestRole::start("worker", &servers.with("ABACI_MIGRATE", "verify"), &servers.logs());
    let api = TestRole::start("api", &settings, &servers.logs());
    eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
    // On a busy machine the first connection may exceed the timeout of the cache.
    eventually("nothing is degraded", async || (api.get_internal("/readyz").await.1 == "ready\n").then_some(())).await;
    // A short value, one with a lease, and one with an object; each is read twice.
    for n in [7, 300_000, 3_000_000] {
        assert_eq!(api.value(n).await, api.value(n).await);
    }
    assert_eq!(api.submit(7).await.0, StatusCode::OK);
    eventually("the worker has reported", async || {
        let system: serde_json::Value = api.get("/api/system").await.json().await.expect("JSON");
        (system["workers"].as_array().map(Vec::len) == Some(1)).then_some(())
    })
    .await;

    let without_tls = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid) \
                        where usename = 'abaci' and not ssl";
    assert_eq!(servers.postgres.sql("postgres", without_tls), "0");
    assert_eq!(servers.redis_command(&["PING"]), "PONG");
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
        let response = servers.redis_command(forbidden);
        assert!(response.contains("NOPERM"), "{forbidden:?}: {response}");
    }
    for role in [&api, &worker] {
        assert_no_secret(&role.output());
        assert!(!role.output().contains("cannot connect to"), "{}", role.output());
        assert!(!role.output().contains("NOPERM"), "{}", role.output());
    }
}

#[tokio::test]
async fn migrate_names_the_settings_to_check() {
    let servers = SecuredServers::start();
    let another = CertificateAuthority::new();
    let other_authority = another.certificate().display().to_string();
    let not_pem = servers.folder.path().join("pg").display().to_string();
    for (variable, wrong, code, expected) in [
        ("PGSSLROOTCERT", other_authority.as_str(), 1, "check PGSSLMODE, and that PGSSLROOTCERT has the authority"),
        ("PGSSLROOTCERT", "/no/such/file", 2, "PGSSLROOTCERT: cannot read /no/such/file"),
        ("PGSSLROOTCERT", not_pem.as_str(), 2, "contains no PEM certificates"),
        ("PGHOST", OTHER_HOST, 1, "certificate for PGHOST"),
        ("PGSSLMODE", "disable", 1, "PGSSLMODE"),
        ("PGPASSWORD_FILE", "/no/such/file", 2, "PGPASSWORD_FILE: cannot read /no/such/file"),
        ("PGUSER", "somebody", 1, "password authentication failed for user \"somebody\""),
    ] {
        let refused = abaci(&["migrate"], &servers.with(variable, wrong));
        let stderr = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{variable}={wrong}: {stderr}");
        assert!(stderr.contains(expected), "{variable}={wrong}: {stderr}");
        assert_no_secret(&stderr);
    }
    let settings: Variables = servers.settings().into_iter().filter(|(name, _)| *name != "PGSSLROOTCERT").collect();
    let refused = abaci(&["migrate"], &settings);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("that PGSSLROOTCERT has the authority"),
        "a private certificate authority"
    );
    // Weaker modes connect without verification.
    for mode in ["require", "prefer"] {
        let migrated = abaci(&["migrate"], &servers.with("PGSSLMODE", mode));
        assert!(migrated.status.success(), "{mode}: {}", String::from_utf8_lossy(&migrated.stderr));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_without_access_log_the_settings_to_check_and_are_not_ready() {
    const POSTGRES_TLS: &str = "cannot connect to PostgreSQL: check PGSSLMODE, and that PGSSLROOTCERT has";
    const REDIS_TLS: &str = "cannot connect to Redis: check REDIS_TLS, REDIS_PORT, and that SSL_CERT_FILE has";
    let servers = SecuredServers::start();
    let another = CertificateAuthority::new();
    let other_authority = another.certificate().display().to_string();
    let wrong_password = servers.folder.path().join("pg").display().to_string();
    let plain = RedisServer::start(servers.folder.path().join("plain-redis.log"));
    for (variable, wrong, expected) in [
        ("PGSSLROOTCERT", other_authority.as_str(), POSTGRES_TLS),
        ("PGHOST", OTHER_HOST, POSTGRES_TLS),
        ("PGSSLMODE", "disable", "cannot connect to PostgreSQL: check PGUSER, PGPASSWORD_FILE and PGSSLMODE"),
        ("SSL_CERT_FILE", other_authority.as_str(), REDIS_TLS),
        ("REDIS_HOST", OTHER_HOST, REDIS_TLS),
        ("REDIS_TLS", "false", REDIS_TLS),
        ("REDIS_PASSWORD_FILE", wrong_password.as_str(), "cannot connect to Redis: check REDIS_USERNAME and"),
        ("REDIS_PORT", &plain.port.to_string(), REDIS_TLS),
    ] {
        let settings = servers.with(variable, wrong);
        let roles = ["api", "worker"].map(|name| TestRole::start(name, &settings, &servers.logs()));
        for role in &roles {
            eventually(&format!("{variable}={wrong} is logged"), async || {
                role.output().contains(expected).then_some(())
            })
            .await;
            assert_eq!(role.get_internal("/healthz").await.0, StatusCode::OK, "a restart would not help");
            assert_no_secret(&role.output());
        }
        let [api, worker] = roles;
        let (status, body) = worker.get_internal("/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{variable}={wrong}: {body}");
        let (status, body) = api.get_internal("/readyz").await;
        if variable.starts_with("REDIS") || variable == "SSL_CERT_FILE" {
            // Submissions and reads still work.
            assert_eq!((status, body.contains("degraded: the queue")), (StatusCode::OK, true), "{variable}: {body}");
        } else {
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{variable}={wrong}: {body}");
        }
    }
}
