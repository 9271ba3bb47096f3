//! One bit flips in an object, in a row of PostgreSQL, or in a cached value.
//!
//! The system must notice: it computes the value again, and never serves a wrong digit.

use std::path::{Path, PathBuf};

use futures_util::future::LocalBoxFuture;

use super::{Fault, Injected};
use crate::cluster::Cluster;
use crate::ledger::Ledger;
use crate::support::servers::PostgresServer;

/// The place of a flipped bit.
#[derive(Clone, Copy)]
enum Damage {
    /// A byte of the newest object.
    Object,
    /// A digit of the newest text in PostgreSQL.
    Text,
    /// A digit of `first_digits` of the newest finished calculation.
    Facts,
    /// A digit of a cached calculation in Redis.
    Cache,
}

pub(super) fn all() -> Vec<Box<dyn Fault>> {
    [Damage::Object, Damage::Text, Damage::Facts, Damage::Cache].map(|damage| Box::new(damage) as Box<dyn Fault>).into()
}

impl Fault for Damage {
    fn name(&self) -> String {
        let place = match self {
            Self::Object => "an object",
            Self::Text => "a text in PostgreSQL",
            Self::Facts => "first_digits in PostgreSQL",
            Self::Cache => "a cached value in Redis",
        };
        format!("bit flipped in {place}")
    }

    fn inject<'a>(&'a self, cluster: &'a mut Cluster, ledger: &'a Ledger) -> LocalBoxFuture<'a, Injected> {
        Box::pin(async move {
            match self {
                Self::Object => ledger.damaged(&flip_in_newest_object(cluster.disk.path())),
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
