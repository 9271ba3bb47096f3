//! Long values that one process writes and another reads, in a bucket and in a folder.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sha2::{Digest, Sha256};

use crate::oracle::is_fibonacci;
use crate::patience::eventually;
use crate::proxy::Condition;
use crate::role::Role;
use crate::s3::TlsFront;
use crate::services::Authority;
use crate::shelf::{Shelf, bucket_at};
use crate::system::System;

/// An index whose value is longer than one block of 1 MiB, and one whose value is just no longer kept inline.
const TWO_BLOCKS: i64 = 6_000_000;
const OBJECT: i64 = 400_000;

/// A worker that writes there, and an api that reads there.
struct Values {
    system: System,
    shelf: Shelf,
    api: Role,
    worker: Role,
}

impl Values {
    async fn on(shelf: Shelf) -> Self {
        let system = System::start();
        let settings = shelf.settings();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (api, worker) = (system.role("api", &settings), system.role("worker", &settings));
        eventually("both are ready", async || (worker.is_ready().await && api.is_ready().await).then_some(())).await;
        Self { system, shelf, api, worker }
    }

    /// The only text on the shelf.
    async fn only_text(&self) -> String {
        let texts = self.shelf.texts().await;
        assert_eq!(texts.len(), 1, "{texts:?}");
        texts.into_iter().next().expect("one")
    }

    /// One reading of F(n). Whatever else it is, it is not wrong: the whole and right value, or a problem that
    /// says that it is computed or out of reach, or an answer that broke off.
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
            // Broken off: less than was announced.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Reads until it is whole again.
    async fn heals(&self, n: i64) {
        eventually(&format!("F({n}) can be read again"), async || (self.read(n).await == StatusCode::OK).then_some(()))
            .await;
    }
}

async fn is_read_whole_and_in_parts(shelf: Shelf) {
    let values = Values::on(shelf).await;
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
        let response = values.api.request(Method::GET, &path).header("range", &range).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(response.headers()["etag"], etag.as_str(), "{range}");
        let said = format!("bytes {}-{}/{}", part.start(), part.end(), text.len());
        assert_eq!(response.headers()["content-range"], said.as_str());
        assert!(response.text().await.expect("text") == text[part], "{range}");
    }
    let beyond = values.api.request(Method::GET, &path).header("range", format!("bytes={}-", text.len()));
    assert_eq!(beyond.send().await.expect("an answer").status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let known = values.api.request(Method::GET, &path).header("if-none-match", etag);
    assert_eq!(known.send().await.expect("an answer").status(), StatusCode::NOT_MODIFIED);
}

async fn is_never_served_damaged_and_computed_again(shelf: Shelf) {
    let values = Values::on(shelf).await;
    let text = values.api.value(TWO_BLOCKS).await;
    let name = values.only_text().await;

    values.shelf.remove(&name).await;
    assert_ne!(values.read(TWO_BLOCKS).await, StatusCode::OK, "there is nothing to serve");
    values.heals(TWO_BLOCKS).await;

    for damage in ["a digit", "its end", "its beginning", "everything"] {
        values
            .shelf
            .alter(&name, |bytes| match damage {
                "a digit" => bytes[1_100_000] ^= 1,
                "its end" => bytes.truncate(1_100_000),
                "its beginning" => drop(bytes.remove(0)),
                _ => bytes.fill(b'7'),
            })
            .await;
        assert_ne!(values.read(TWO_BLOCKS).await, StatusCode::OK, "{damage} is amiss");
        values.heals(TWO_BLOCKS).await;
        assert_eq!(values.only_text().await, name, "it is the same as ever");
    }
    assert!(values.api.value(TWO_BLOCKS).await == text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_value_in_a_bucket_is_read_whole_and_in_parts() {
    is_read_whole_and_in_parts(Shelf::bucket().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_value_in_a_shared_folder_is_read_whole_and_in_parts() {
    is_read_whole_and_in_parts(Shelf::folder()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_damaged_in_a_bucket_is_never_served_and_computed_again() {
    is_never_served_damaged_and_computed_again(Shelf::bucket().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_damaged_in_a_shared_folder_is_never_served_and_computed_again() {
    is_never_served_damaged_and_computed_again(Shelf::folder()).await;
}

/// How long the bucket is away each time: longer than a job is tried three times for an error of its own.
const AWAY: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_out_of_reach_is_said_to_be_so_and_everything_heals_when_it_is_back() {
    let values = Values::on(Shelf::bucket().await).await;
    values.api.value(OBJECT).await;
    let Shelf::Bucket { network, .. } = &values.shelf else { panic!("it is one") };
    for (condition, new) in [(Condition::Cut, OBJECT + 1), (Condition::Silent, OBJECT + 2)] {
        network.set(condition);
        let since = std::time::Instant::now();
        assert_eq!(values.api.submit(new).await.0, StatusCode::ACCEPTED);
        if condition == Condition::Cut {
            assert_eq!(values.read(OBJECT).await, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(values.api.calculation(OBJECT).await["status"], "done", "it is there, if out of reach");
        }
        // What lies in the record goes on, also behind more long work than the worker has slots.
        values.api.value(new - OBJECT).await;
        eventually("it was away long enough", async || {
            let status = values.api.calculation(new).await["status"].clone();
            assert!(["queued", "running"].contains(&status.as_str().expect("a status")), "{status}");
            (since.elapsed() > AWAY).then_some(())
        })
        .await;
        network.set(Condition::Clear);
        let healed = std::time::Instant::now();
        values.heals(OBJECT).await;
        values.api.value(new).await;
        println!("{condition:?}: all is well {:.1?} after the bucket is back", healed.elapsed());
    }
    let system: serde_json::Value = values.api.get("/api/system").await.json().await.expect("JSON");
    assert!(system["lanes"].as_array().expect("lanes").iter().all(|lane| lane["waiting"] == 0), "{system}");
    assert!(values.worker.is_ready().await);
    assert_eq!(values.system.postgres.sql("abaci", "select count(*) from calculations where status <> 'done'"), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_behind_a_private_authority_is_believed_if_the_machine_is_told_to() {
    let (authority, another) = (Authority::new(), Authority::new());
    let Shelf::Bucket { s3, .. } = Shelf::bucket().await else { panic!("it is one") };
    let system = System::start();
    let front = TlsFront::start(&authority.identity("localhost"), s3.port, system.folder().join("front.log"));
    let with = |authority: &Authority| {
        let mut settings = bucket_at(&format!("https://localhost:{}", front.port));
        settings.push(("SSL_CERT_FILE", authority.certificate().display().to_string()));
        settings
    };
    let start = |word, authority| {
        let settings = with(authority);
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        system.role(word, &settings)
    };
    let api = start("api", &authority);
    {
        let worker = start("worker", &another);
        assert!(api.submit(OBJECT).await.0.is_success());
        eventually("it says why", async || worker.said().contains("invalid peer certificate").then_some(())).await;
        assert_ne!(api.calculation(OBJECT).await["status"], "done");
        assert!(!worker.said().contains("any-secret"), "{}", worker.said());
    }
    let _worker = start("worker", &authority);
    api.value(OBJECT).await;
}
