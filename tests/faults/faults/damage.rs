//! One bit flips in an object, in a row of PostgreSQL, in the file of SQLite, or in a cached value.
//!
//! The system must notice: it computes the value again, and never serves a wrong digit.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::LocalBoxFuture;

use super::older_database::DATABASE;
use super::{Fault, Faults, Injected};
use crate::ledger::Ledger;
use crate::probe;
use crate::support::process::run_to_end;
use crate::support::reference::fibonacci;
use crate::support::servers::PostgresServer;
use crate::support::timeouts::eventually;
use crate::systems::{Cluster, Component, Embedded, System};

/// A flipped bit in the middle of the newest object.
struct ObjectDamage;

/// A flipped bit of a digit in the file of SQLite, while no process has it open.
struct FileDamage;

/// The place of a flipped bit.
#[derive(Clone, Copy)]
enum Damage {
    /// A digit of the newest text in PostgreSQL.
    Text,
    /// A digit of `first_digits` of the newest finished calculation.
    Facts,
    /// A digit of a cached calculation in Redis.
    Cache,
}

pub(super) fn of_cluster() -> Faults<Cluster> {
    let rows = [Damage::Text, Damage::Facts, Damage::Cache].map(|damage| Box::new(damage) as Box<dyn Fault<Cluster>>);
    rows.into_iter().chain([Box::new(ObjectDamage) as Box<dyn Fault<Cluster>>]).collect()
}

pub(super) fn of_embedded() -> Faults<Embedded> {
    vec![Box::new(ObjectDamage), Box::new(FileDamage), Box::new(FileDamage)]
}

impl<S: System> Fault<S> for ObjectDamage {
    fn name(&self) -> String {
        "bit flipped in an object".to_owned()
    }

    fn inject<'a>(&'a self, system: &'a mut S, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            ledger.damaged(&flip_in_newest_object(system.disk().path()));
            Injected::now()
        })
    }
}

impl Fault<Embedded> for FileDamage {
    fn name(&self) -> String {
        "bit flipped in the file of SQLite".to_owned()
    }

    fn inject<'a>(&'a self, embedded: &'a mut Embedded, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            // At least twenty digits, and few enough for one page.
            let suitable = async || Some(ledger.done(100..5_000)).filter(|all| !all.is_empty());
            let done = eventually("something suitable is done", suitable).await;
            // It closes the database, so that its file contains everything.
            embedded.terminate(Component::Serve);
            let n = flip_in_file(&embedded.data().join(DATABASE), &done);
            for n in [n, -n] {
                ledger.damaged(&format!("F({n})"));
            }
            embedded.restart(Component::Serve);
            let injected = Injected::now();
            eventually("it is submitted", async || probe::submit(embedded.client(), ledger, n).await).await;
            injected
        })
    }
}

impl Fault<Cluster> for Damage {
    fn name(&self) -> String {
        let place = match self {
            Self::Text => "a text in PostgreSQL",
            Self::Facts => "first_digits in PostgreSQL",
            Self::Cache => "a cached value in Redis",
        };
        format!("bit flipped in {place}")
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            match self {
                Self::Text => ledger.damaged(&cluster.postgres.sql(PostgresServer::NAME, FLIP_IN_TEXT)),
                Self::Facts => ledger.damaged(&cluster.postgres.sql(PostgresServer::NAME, FLIP_IN_FACTS)),
                Self::Cache => cluster.redis.flip_in_value("abaci:v:F(*"),
            }
            Injected::now()
        })
    }
}

/// Replace a digit d by d xor 1, which flips the lowest bit of its character. They return the subject.
const FLIP_IN_TEXT: &str = "
    update value_texts set text = overlay(text placing ((substr(text, 2, 1)::int # 1))::text from 2 for 1)
    where calculation_id = (select max(calculation_id) from value_texts where length(text) > 20 and text !~ '^-')
    returning (select subject from calculations where id = calculation_id)";
const FLIP_IN_FACTS: &str = "
    update calculations set first_digits =
        overlay(first_digits placing ((substr(first_digits, 2, 1)::int # 1))::text from 2 for 1)
    where id = (select max(id) from calculations where status = 'done' and length(first_digits) = 20)
    returning subject";

/// Flips a bit in one of the places where the first digits of a finished index stand, and returns the index.
fn flip_in_file(database: &Path, done: &[i64]) -> i64 {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let n = done[count * 7_919 % done.len()];
    let mut grep = Command::new("grep");
    grep.args(["--text", "--byte-offset", "--only-matching", "--fixed-strings", "--", &fibonacci(n)[..20]]);
    grep.arg(database);
    let found = run_to_end(grep);
    let places: Vec<u64> = found
        .lines()
        .map(|line| line.split_once(':').and_then(|(at, _)| at.parse().ok()).expect("an offset"))
        .collect();
    let at = places[count % places.len()] + count as u64 * 7 % 20;
    let file = std::fs::File::options().read(true).write(true).open(database).expect("the file can be opened");
    let mut digit = [0];
    file.read_exact_at(&mut digit, at).expect("readable");
    file.write_all_at(&[digit[0] ^ 1], at).expect("writable");
    n
}

/// Flips a bit in the newest object and returns its subject, if there is an object.
fn flip_in_newest_object(folder: &Path) -> String {
    let newest = texts_below(folder).into_iter().max_by_key(|path| path.metadata().and_then(|it| it.modified()).ok());
    let Some(path) = newest else { return String::new() };
    let mut text = std::fs::read(&path).expect("readable");
    let middle = text.len() / 2;
    text[middle] ^= 1;
    std::fs::write(&path, text).expect("writable");
    let folder = path.parent().and_then(Path::file_name).expect("the folder of a subject");
    folder.to_string_lossy().into_owned()
}

/// Returns the objects below a folder.
pub(crate) fn texts_below(folder: &Path) -> Vec<PathBuf> {
    // An object may be evicted meanwhile.
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| path.is_dir());
    let texts = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    texts.chain(folders.iter().flat_map(|folder| texts_below(folder))).collect()
}
