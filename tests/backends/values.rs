//! Long values, written by one process and read by another, in a bucket and in a folder.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sha2::{Digest, Sha256};

use crate::role::TestRole;
use crate::s3::TlsProxy;
use crate::support::proxy::LinkState;
use crate::support::reference::is_fibonacci;
use crate::support::servers::CertificateAuthority;
use crate::support::timeouts::eventually;
use crate::system::BackendSystem;
use crate::value_location::{ValueLocation, bucket_at};

/// An index whose value is longer than a block of 1 MiB, and one whose value is a small object.
const TWO_BLOCKS: i64 = 6_000_000;
const OBJECT: i64 = 400_000;

/// A worker that writes to a location, and an API that reads from it.
struct SharedValues {
    system: BackendSystem,
    location: ValueLocation,
    api: TestRole,
    worker: TestRole,
}

impl SharedValues {
    async fn on(location: ValueLocation) -> Self {
        let system = BackendSystem::start();
        let settings = location.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (api, worker) = (system.role("api", &settings), system.role("worker", &settings));
        eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
        Self { system, location, api, worker }
    }

    /// Returns the only text.
    async fn only_text(&self) -> String {
        let texts = self.location.texts().await;
        assert_eq!(texts.len(), 1, "{texts:?}");
        texts.into_iter().next().expect("one")
    }

    /// Reads F(n) once. The response is the right value, 409, 503, or truncated.
    async fn read(&self, n: i64) -> StatusCode {
        let response = self.api.get(&format!("/api/calculations/{n}/value")).await;
        let status = response.status();
        assert!(
            [StatusCode::OK, StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE].contains(&status),
            "{status}: {}",
            response.text().await.unwrap_or_default()
        );
        match response.bytes().await {
            Ok(text) if status == StatusCode::OK => {
                assert!(is_fibonacci(n, &text), "{} bytes that are not F({n})", text.len());
                status
            }
            Ok(_) => status,
            // Truncated.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Reads until the value is served again.
    async fn until_readable(&self, n: i64) {
        eventually(&format!("F({n}) can be read again"), async || (self.read(n).await == StatusCode::OK).then_some(()))
            .await;
    }
}

async fn check_reads(location: ValueLocation) {
    let values = SharedValues::on(location).await;
    let text = values.api.value(TWO_BLOCKS).await;
    let sha256: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = values.only_text().await;
    assert!(name.ends_with(&format!("v1/F({TWO_BLOCKS})/{sha256}.txt")), "{name}");
    let calculation = values.api.calculation(TWO_BLOCKS).await;
    assert_eq!((&calculation["sha256"], &calculation["digits"]), (&sha256.as_str().into(), &text.len().into()));

    let path = format!("/api/calculations/{TWO_BLOCKS}/value");
    let etag = format!("\"{sha256}\"");
    let last = text.len() - 1;
    for (range, part) in [
        ("bytes=0-0".to_owned(), 0..=0),
        ("bytes=1048570-1048590".to_owned(), 1_048_570..=1_048_590),
        ("bytes=1048576-".to_owned(), 1_048_576..=last),
        ("bytes=-20".to_owned(), last - 19..=last),
        (format!("bytes=100-{}", text.len() * 2), 100..=last),
    ] {
        let response = values.api.request(Method::GET, &path).header("range", &range).send().await.expect("a response");
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(response.headers()["etag"], etag.as_str(), "{range}");
        let content_range = format!("bytes {}-{}/{}", part.start(), part.end(), text.len());
        assert_eq!(response.headers()["content-range"], content_range.as_str());
        assert!(response.text().await.expect("text") == text[part], "{range}");
    }
    let unsatisfiable = values.api.request(Method::GET, &path).header("range", format!("bytes={}-", text.len()));
    assert_eq!(unsatisfiable.send().await.expect("a response").status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let unchanged = values.api.request(Method::GET, &path).header("if-none-match", etag);
    assert_eq!(unchanged.send().await.expect("a response").status(), StatusCode::NOT_MODIFIED);
}

async fn check_damage(location: ValueLocation) {
    let values = SharedValues::on(location).await;
    let text = values.api.value(TWO_BLOCKS).await;
    let name = values.only_text().await;

    values.location.remove(&name).await;
    assert_ne!(values.read(TWO_BLOCKS).await, StatusCode::OK, "the text is deleted");
    values.until_readable(TWO_BLOCKS).await;

    for damage in ["a digit", "its end", "its beginning", "everything"] {
        values
            .location
            .alter(&name, |bytes| match damage {
                "a digit" => bytes[1_100_000] ^= 1,
                "its end" => bytes.truncate(1_100_000),
                "its beginning" => drop(bytes.remove(0)),
                _ => bytes.fill(b'7'),
            })
            .await;
        assert_ne!(values.read(TWO_BLOCKS).await, StatusCode::OK, "{damage} is damaged");
        values.until_readable(TWO_BLOCKS).await;
        assert_eq!(values.only_text().await, name, "the same name");
    }
    assert!(values.api.value(TWO_BLOCKS).await == text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_value_in_a_bucket_check_reads() {
    check_reads(ValueLocation::bucket().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_value_in_a_shared_folder_check_reads() {
    check_reads(ValueLocation::folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_damaged_in_a_bucket_is_never_served_and_computed_again() {
    check_damage(ValueLocation::bucket().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_damaged_in_a_shared_folder_is_never_served_and_computed_again() {
    check_damage(ValueLocation::folder()).await;
}

/// Duration of an outage: longer than the three attempts of a job with an error.
const OUTAGE: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unavailable_bucket_is_reported_and_everything_recovers() {
    let values = SharedValues::on(ValueLocation::bucket().await).await;
    values.api.value(OBJECT).await;
    let ValueLocation::Bucket { network, .. } = &values.location else { panic!("it is one") };
    for (condition, new) in [(LinkState::Cut, OBJECT + 1), (LinkState::Stalled, OBJECT + 2)] {
        network.set(condition);
        let since = std::time::Instant::now();
        assert_eq!(values.api.submit(new).await.0, StatusCode::ACCEPTED);
        if condition == LinkState::Cut {
            assert_eq!(values.read(OBJECT).await, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(values.api.calculation(OBJECT).await["status"], "done", "the value is done, though unavailable");
        }
        // Inline values still work, beside more long work than the worker has slots.
        values.api.value(new - OBJECT).await;
        eventually("the outage lasts", async || {
            let status = values.api.calculation(new).await["status"].clone();
            assert!(["queued", "running"].contains(&status.as_str().expect("a status")), "{status}");
            (since.elapsed() > OUTAGE).then_some(())
        })
        .await;
        network.set(LinkState::Normal);
        let recovered = std::time::Instant::now();
        values.until_readable(OBJECT).await;
        values.api.value(new).await;
        println!("{condition:?}: recovered {:.1?} after the outage", recovered.elapsed());
    }
    let system: serde_json::Value = values.api.get("/api/system").await.json().await.expect("JSON");
    assert!(system["lanes"].as_array().expect("lanes").iter().all(|lane| lane["waiting"] == 0), "{system}");
    assert!(values.worker.is_ready().await);
    assert_eq!(values.system.postgres.sql("abaci", "select count(*) from calculations where status <> 'done'"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_with_a_private_certificate_authority_needs_ssl_cert_file() {
    let (authority, another) = (CertificateAuthority::new(), CertificateAuthority::new());
    let ValueLocation::Bucket { s3, .. } = ValueLocation::bucket().await else { panic!("it is one") };
    let system = BackendSystem::start();
    let proxy = TlsProxy::start(&authority.issue("localhost"), s3.port, system.folder().join("proxy.log"));
    let with = |authority: &CertificateAuthority| {
        let mut settings = bucket_at(&format!("https://localhost:{}", proxy.port));
        settings.push(("SSL_CERT_FILE", authority.certificate().display().to_string()));
        settings
    };
    let start = |name, authority| {
        let settings = with(authority);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        system.role(name, &settings)
    };
    let api = start("api", &authority);
    {
        let worker = start("worker", &another);
        assert!(api.submit(OBJECT).await.0.is_success());
        eventually("the error is logged", async || worker.output().contains("invalid peer certificate").then_some(()))
            .await;
        assert_ne!(api.calculation(OBJECT).await["status"], "done");
        assert!(!worker.output().contains("any-secret"), "{}", worker.output());
    }
    let _worker = start("worker", &authority);
    api.value(OBJECT).await;
}
