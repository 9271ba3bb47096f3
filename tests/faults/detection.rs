//! The reckoning finds what is wrong: it is let loose on a system that was tampered with.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::ledger::Ledger;
use crate::patience::eventually;
use crate::probe::submit;
use crate::services::Postgres;
use crate::verify::{by_kind, verify};
use crate::watcher::{CATCHES_UP, Watcher};

/// Values that lie in rows of their own, and one that lies on the disk.
const INLINE: i64 = 20_000;
const INLINE_WITH_HASH: i64 = 20_001;
const OBJECT: i64 = 400_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_behind_the_back_of_the_system_is_reported_and_nothing_else_is() {
    let cluster = Cluster::start().await;
    let ledger = Ledger::default();
    let page = Watcher::open(&cluster.url());
    eventually("the page is open", async || (page.seen().connections > 0).then_some(())).await;
    for n in (1..=9).chain([INLINE, INLINE_WITH_HASH, OBJECT]) {
        let (status, said) = submit(&cluster, n).await.expect("an answer");
        assert!(status.is_success(), "{status}: {said}");
        ledger.submit(n);
    }
    verify(&cluster, &ledger).await;
    page.verify(&ledger, CATCHES_UP).await;
    assert_eq!(ledger.violations(), Vec::<String>::new(), "nothing is wrong yet");

    // What the system itself notices and mends is no broken promise.
    let text = text_below(cluster.disk.path());
    let mut damaged = std::fs::read(&text).expect("the text");
    damaged[70_000] ^= 1;
    std::fs::write(&text, damaged).expect("it can be written");
    verify(&cluster, &ledger).await;
    page.verify_done(&ledger).await;
    page.verify(&ledger, CATCHES_UP).await;
    assert_eq!(ledger.violations(), Vec::<String>::new(), "it was computed again");

    let one_digit =
        "update value_texts set text = overlay(text placing (9 - substr(text, 100, 1)::int)::text from 100 for 1)";
    for tampering in [
        // The system notices, and does not serve it.
        format!("{one_digit} where calculation_id = (select id from calculations where subject = 'F({INLINE})')"),
        // It cannot notice.
        format!(
            "with wrong as ({one_digit} where calculation_id = \
                 (select id from calculations where subject = 'F({INLINE_WITH_HASH})') returning calculation_id, text) \
             update calculations set sha256 = sha256(text::bytea) from wrong where id = calculation_id"
        ),
        "delete from calculations where subject = 'F(5)'".to_owned(),
        "update calculations set status = 'cancelled' where subject = 'F(6)'".to_owned(),
    ] {
        cluster.postgres.sql(Postgres::NAME, &tampering);
    }
    cluster.redis.flush();
    verify(&cluster, &ledger).await;
    // It was told to load everything again, and then of nothing.
    page.verify(&ledger, CATCHES_UP).await;
    let told_nothing = "update calculations set status = 'cancelled' where subject = 'F(7)'";
    cluster.postgres.sql(Postgres::NAME, told_nothing);
    page.verify_done(&ledger).await;
    page.verify(&ledger, Duration::from_secs(2)).await;
    let violations = ledger.violations();
    let kinds = by_kind(&violations);
    let expected = [
        ("not readable", INLINE),
        ("wrong", INLINE_WITH_HASH),
        ("changed", INLINE_WITH_HASH),
        ("lost", 5),
        ("not done", 6),
        ("taken back", 7),
        ("stale", 7),
    ];
    for (kind, what) in expected {
        let named = violations.iter().any(|said| said.starts_with(kind) && said.contains(&format!("F({what})")));
        assert!(named, "{kind} F({what}): {violations:?}");
    }
    let named = |kind: &&str| expected.iter().any(|(known, _)| known == kind);
    assert!(kinds.keys().all(named), "nothing else: {violations:?}");
}

#[test]
fn a_value_that_is_wrong_or_another_than_before_or_not_what_its_tag_says_is_noted() {
    let (thirteen, fourteen) = (tag(b"13"), tag(b"14"));
    for (n, tag, text, noted) in [
        (7, Some(&thirteen), b"13", &[][..]),
        (7, Some(&fourteen), b"14", &["changed", "wrong"]),
        (7, Some(&thirteen), b"13", &["changed"]),
        (8, Some(&fourteen), b"21", &["wrong"]),
        (8, None, b"21", &["wrong"]),
    ] {
        let ledger = Ledger::default();
        if noted.contains(&"changed") {
            // What was seen before is something else.
            ledger.check(n, Some(&self::tag(b"1")), b"1");
        }
        let before = ledger.violations().len();
        ledger.check(n, tag.map(String::as_str), text);
        let violations = ledger.violations().split_off(before);
        assert_eq!(by_kind(&violations).into_keys().collect::<Vec<_>>(), noted, "F({n}): {violations:?}");
    }
}

fn tag(text: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{sha256}\"")
}

/// The only text on a disk.
fn text_below(folder: &std::path::Path) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "txt") {
                texts.push(path);
            }
        }
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    texts.remove(0)
}
