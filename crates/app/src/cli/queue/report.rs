//! The output of `abaci queue`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use indicatif::HumanDuration;
use model::{Subject, Submitter};
use serde_json::json;

use crate::roles::operator_queue::QueueEntry;

/// The queued work of one submitter.
#[derive(Default)]
struct SubmitterTotal {
    calculations: usize,
    work_seconds: f64,
    oldest_seconds: u64,
}

pub(super) fn list(entries: &[QueueEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let QueueEntry { index, status, lane, age_seconds, work_seconds, submitter } = entry;
        let (age, work) = (time(*age_seconds as f64), time(*work_seconds));
        row(&mut text, [&subject(index), &status.to_string(), &lane.to_string(), &age, &work], &name(*submitter));
    }
    if text.is_empty() {
        return "Nothing is queued or running that matches.\n".to_owned();
    }
    let mut table = String::new();
    row(&mut table, ["calculation", "status", "lane", "age", "work"], "submitter");
    table.push_str(&text);
    table.push_str(&total(entries));
    table
}

pub(super) fn list_json(entries: &[QueueEntry]) -> String {
    format!("{}\n", json!({ "calculations": entries }))
}

pub(super) fn submitters(entries: &[QueueEntry]) -> String {
    if entries.is_empty() {
        return list(entries);
    }
    let mut table = String::new();
    row(&mut table, ["submitter", "calculations", "oldest", "work", ""], "");
    for (submitter, total) in totals(entries) {
        let (oldest, work) = (time(total.oldest_seconds as f64), time(total.work_seconds));
        row(&mut table, [&name(submitter), &total.calculations.to_string(), &oldest, &work, ""], "");
    }
    table.push_str(&self::total(entries));
    table
}

pub(super) fn submitters_json(entries: &[QueueEntry]) -> String {
    let submitters = totals(entries).into_iter().map(|(submitter, total)| {
        json!({
            "submitter": submitter,
            "calculations": total.calculations,
            "work_seconds": total.work_seconds,
            "oldest_seconds": total.oldest_seconds,
        })
    });
    format!("{}\n", json!({ "submitters": submitters.collect::<Vec<_>>() }))
}

pub(super) fn cancelled(paths: &[String], json: bool) -> String {
    if json {
        return format!("{}\n", json!({ "cancelled": paths }));
    }
    match paths {
        [one] => format!("Cancelled {}.\n", subject(one)),
        paths => format!("Cancelled {} calculations.\n", paths.len()),
    }
}

/// Returns the text of the subject with a path.
fn subject(path: &str) -> String {
    Subject::from_path(path).map_or_else(|_| path.to_owned(), |subject| subject.to_string())
}

/// Returns the submitters, the one with the most work first.
fn totals(entries: &[QueueEntry]) -> Vec<(Option<Submitter>, SubmitterTotal)> {
    let mut totals: BTreeMap<Option<Submitter>, SubmitterTotal> = BTreeMap::new();
    for entry in entries {
        let total = totals.entry(entry.submitter).or_default();
        total.calculations += 1;
        total.work_seconds += entry.work_seconds;
        total.oldest_seconds = total.oldest_seconds.max(entry.age_seconds);
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by(|(_, one), (_, other)| other.work_seconds.total_cmp(&one.work_seconds));
    totals
}

fn total(entries: &[QueueEntry]) -> String {
    let work = time(entries.iter().map(|entry| entry.work_seconds).sum());
    let noun = if entries.len() == 1 { "calculation" } else { "calculations" };
    format!("{} {noun}, about {work} of work on one core\n", entries.len())
}

fn name(submitter: Option<Submitter>) -> String {
    submitter.map_or_else(|| "unknown".to_owned(), |submitter| submitter.to_string())
}

fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        HumanDuration(Duration::from_secs_f64(seconds)).to_string()
    }
}

fn row(table: &mut String, [one, two, three, four, five]: [&str; 5], last: &str) {
    let line = format!("{one:<26}{two:<13}{three:<12}{four:<12}{five:<12}{last}");
    // Writing to a text never fails.
    let _ = writeln!(table, "{}", line.trim_end());
}
