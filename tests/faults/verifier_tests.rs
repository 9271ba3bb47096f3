//! Tests the audit and the watcher themselves: they must detect a system that was tampered with.

use std::time::{Duration, Instant};

use crate::audit::{audit, by_kind};
use crate::faults::texts_below;
use crate::ledger::Ledger;
use crate::probe::submit;
use crate::support::servers::PostgresServer;
use crate::support::timeouts::eventually;
use crate::systems::{Cluster, System};
use crate::watcher::{CATCH_UP_TIMEOUT, Watcher};

/// Two inline values, and an object.
const INLINE: i64 = 20_000;
const INLINE_WITH_HASH: i64 = 20_001;
const OBJECT: i64 = 400_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_is_reported_and_nothing_else_is() {
    let cluster = Cluster::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::create(&folder.path().join("ledger"));
    let page = Watcher::open(&cluster.client().url);
    eventually("the page is open", async || (page.stats().connections > 0).then_some(())).await;
    for n in (1..=9).chain([INLINE, INLINE_WITH_HASH, OBJECT]) {
        let (status, body) = submit(cluster.client(), &ledger, n).await.expect("a response");
        assert!(status.is_success(), "{status}: {body}");
    }
    audit(cluster.client(), &ledger).await;
    page.verify(&ledger, CATCH_UP_TIMEOUT).await;
    assert_eq!(ledger.violations(), Vec::<String>::new(), "nothing is wrong yet");

    // Damage that the system repairs is no violation.
    let texts = texts_below(cluster.disk().path());
    let [text] = &texts[..] else { panic!("{texts:?}") };
    let mut damaged = std::fs::read(text).expect("the text");
    damaged[70_000] ^= 1;
    std::fs::write(text, damaged).expect("it can be written");
    let one_digit =
        "update value_texts set text = overlay(text placing (9 - substr(text, 100, 1)::int)::text from 100 for 1)";
    let inline =
        format!("{one_digit} where calculation_id = (select id from calculations where subject = 'F({INLINE})')");
    cluster.postgres.sql(PostgresServer::NAME, &inline);
    audit(cluster.client(), &ledger).await;
    page.verify_done(&ledger).await;
    page.verify(&ledger, CATCH_UP_TIMEOUT).await;
    assert_eq!(ledger.violations(), Vec::<String>::new(), "it was computed again");

    for tampering in [
        // The system detects it and does not serve it, but cannot repair it.
        "create function refuse() returns trigger language plpgsql as 'begin raise exception ''refused''; end'"
            .to_owned(),
        format!(
            "create trigger refuse before update on calculations for each row \
             when (old.subject = 'F({INLINE})') execute function refuse()"
        ),
        inline,
        // It cannot detect it: the row is like those of older versions, which have no checksum.
        format!(
            "with wrong as ({one_digit} where calculation_id = \
                 (select id from calculations where subject = 'F({INLINE_WITH_HASH})') returning calculation_id, text) \
             update calculations set sha256 = sha256(text::bytea), value_check = null \
             from wrong where id = calculation_id"
        ),
        "delete from calculations where subject = 'F(5)'".to_owned(),
        "update calculations set status = 'cancelled' where subject = 'F(6)'".to_owned(),
    ] {
        cluster.postgres.sql(PostgresServer::NAME, &tampering);
    }
    cluster.redis.flush();
    audit(cluster.client(), &ledger).await;
    // The page received a reset, and then no event.
    page.verify(&ledger, CATCH_UP_TIMEOUT).await;
    let no_event = "update calculations set status = 'cancelled' where subject = 'F(7)'";
    cluster.postgres.sql(PostgresServer::NAME, no_event);
    page.verify_done(&ledger).await;
    page.verify(&ledger, Duration::from_secs(2)).await;
    let violations = ledger.violations();
    let kinds = by_kind(&violations);
    let expected = [
        ("not readable", INLINE),
        ("wrong", INLINE_WITH_HASH),
        ("value changed", INLINE_WITH_HASH),
        ("missing", 5),
        ("not done", 6),
        ("taken back", 7),
        ("stale", 7),
    ];
    for (kind, n) in expected {
        let named = violations.iter().any(|text| text.starts_with(kind) && text.contains(&format!("F({n})")));
        assert!(named, "{kind} F({n}): {violations:?}");
    }
    let named = |kind: &&str| expected.iter().any(|(known, _)| known == kind);
    assert!(kinds.keys().all(named), "nothing else: {violations:?}");
}

#[test]
fn a_wrong_or_changed_value_and_a_wrong_tag_are_violations() {
    let (thirteen, fourteen) = (tag(b"13"), tag(b"14"));
    for (n, tag, text, expected) in [
        (7, Some(&thirteen), b"13", &[][..]),
        (7, Some(&fourteen), b"14", &["value changed", "wrong"]),
        (7, Some(&thirteen), b"13", &["value changed"]),
        (8, Some(&fourteen), b"21", &["wrong"]),
        (8, None, b"21", &["wrong"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::create(&folder.path().join("ledger"));
        if expected.contains(&"value changed") {
            // Another value was served before.
            ledger.check_value(n, Some(&self::tag(b"1")), b"1");
        }
        let before = ledger.violations().len();
        ledger.check_value(n, tag.map(String::as_str), text);
        let violations = ledger.violations().split_off(before);
        assert_eq!(by_kind(&violations).into_keys().collect::<Vec<_>>(), expected, "F({n}): {violations:?}");
    }
}

#[test]
fn what_a_backup_lost_counts_as_accepted_only_after_a_new_submission() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::create(&folder.path().join("ledger"));
    let accept = |n: i64| {
        ledger.submitting(n);
        ledger.responded(n, 202, &serde_json::json!({}));
        Instant::now()
    };
    accept(1);
    let backed_up_at = Instant::now();
    let before_restore = accept(2);
    assert_eq!(ledger.forget_accepted_since(backed_up_at), [2]);
    assert!(ledger.is_accepted_at(1, before_restore), "it is in the backup");
    assert!(!ledger.is_accepted_at(2, before_restore), "it is lost");
    let again = accept(2);
    assert!(!ledger.is_accepted_at(2, before_restore), "an earlier request may not know it");
    assert!(ledger.is_accepted_at(2, again));
}

fn tag(text: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{sha256}\"")
}
