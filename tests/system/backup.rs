//! A backup taken under load, and what it restores after everything else is gone.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;

use crate::crash::{AcceptedIndexes, submit_until};
use crate::stack::Stack;
use crate::support::reference;

/// Long enough to be an object; the first is there at the time of the backup, and lost with the data directory.
const LONG: i64 = 400_000;

/// Returns the number of drills: `ABACI_TEST_RESTORES`, or one.
fn restores() -> u32 {
    std::env::var("ABACI_TEST_RESTORES").map_or(1, |text| text.parse().expect("a number of restores"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_restores_every_digit_of_what_it_has() {
    for round in 0..restores() {
        let mut stack = Stack::own(&[]).await;
        let backups = tempfile::tempdir().expect("a folder");
        let file = backups.path().join("abaci.backup");
        stack.value_of(LONG).await;
        let ledger = Arc::new(AcceptedIndexes::default());
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> =
            (0..8).map(|_| tokio::spawn(submit_until(stack.url.clone(), ledger.clone(), stop.clone()))).collect();
        // The backup begins at a different moment each time.
        tokio::time::sleep(Duration::from_millis(500 + u64::from(round * 137 % 850))).await;

        let before = ledger.accepted.lock().expect("not poisoned").clone();
        let begun = Instant::now();
        abaci("backup", &file, stack.directory());
        let backed_up = begun.elapsed();
        let during = ledger.accepted.lock().expect("not poisoned").len() - before.len();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.expect("the client works");
        }
        assert!(before.len() > 20, "there was load");
        stack.kill();
        std::fs::remove_dir_all(stack.directory()).expect("removed");

        let begun = Instant::now();
        abaci("restore", &file, stack.directory());
        let restored = begun.elapsed();
        stack.restart();
        let mut wrong = 0;
        for &n in &before {
            let calculation = stack.until(n, "done").await;
            let value = reference::fibonacci(n);
            wrong += usize::from(calculation["value"] != json!(value) && stack.read(n).await != value);
        }
        assert_eq!(stack.calculation(LONG).await["value_state"], "evicted");
        assert_eq!(stack.get(&format!("/api/calculations/{LONG}/value")).await.status(), StatusCode::CONFLICT);
        let long = stack.recomputed(LONG).await;
        wrong += usize::from(!reference::is_fibonacci(LONG, long.as_bytes()));
        println!(
            "accepted before the backup {}, while it was made {during}, lost 0, wrong {wrong}; {} bytes, \
             backup {backed_up:?}, restore {restored:?}",
            before.len(),
            std::fs::metadata(&file).expect("it is there").len(),
        );
        assert_eq!(wrong, 0);
    }
}

#[tokio::test]
async fn long_values_that_were_copied_beside_a_backup_are_not_computed_again() {
    let mut stack = Stack::own(&[]).await;
    let backups = tempfile::tempdir().expect("a folder");
    let (file, values) = (backups.path().join("abaci.backup"), backups.path().join("values"));
    let value = stack.value_of(LONG).await;
    abaci("backup", &file, stack.directory());
    copy_folder(&stack.directory().join("values"), &values);
    stack.kill();
    std::fs::remove_dir_all(stack.directory()).expect("removed");
    copy_folder(&values, &stack.directory().join("values"));
    abaci("restore", &file, stack.directory());
    stack.restart();
    assert_eq!(stack.calculation(LONG).await["value_state"], "object");
    assert_eq!(stack.read(LONG).await, value);
}

fn abaci(command: &str, file: &Path, directory: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_abaci"))
        .arg(command)
        .arg(file)
        .arg("--data-dir")
        .arg(directory)
        .env_clear()
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{output:?}");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().expect("a parent")).expect("created");
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
    assert!(copied.success(), "{} is copied", from.display());
}
