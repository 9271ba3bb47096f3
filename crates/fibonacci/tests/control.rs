//! Progress, cancellation and what is refused before it begins.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use fibonacci::{Control, Error, MAX_INDEX, estimate, nth_with};

#[test]
fn progress_rises_evenly_to_one() {
    let reports = Mutex::new(Vec::new());
    let progress = |fraction| reports.lock().unwrap().push(fraction);
    let cancelled = AtomicBool::new(false);
    let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| 1 };
    nth_with(10_000_000, &control).unwrap();
    let reports = reports.into_inner().unwrap();
    assert!(reports.len() > 30, "{} reports", reports.len());
    assert!(reports.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(reports.iter().all(|report| (0.0..=1.0).contains(report)));
    assert_eq!(*reports.last().unwrap(), 1.0);
    // The step from the last report to the end is as small as the others: nothing was left over.
    assert!(reports[reports.len() - 2] > 0.9);
}

#[test]
fn small_values_report_their_end_too() {
    for n in [0, 1, 86, 87, 1_000, 40_000] {
        let last = Mutex::new(0.0);
        let progress = |fraction| *last.lock().unwrap() = fraction;
        let cancelled = AtomicBool::new(false);
        nth_with(n, &Control { progress: &progress, cancelled: &cancelled, threads: &|| 1 }).unwrap();
        assert_eq!(*last.lock().unwrap(), 1.0, "F({n})");
    }
}

#[test]
fn cancelling_from_another_thread_stops_a_long_computation() {
    let cancelled = AtomicBool::new(false);
    let (underway, begun) = mpsc::channel();
    // Ten seconds of work; raised as soon as the first progress is reported.
    let progress = move |_| underway.send(()).unwrap_or(());
    let control = Control { progress: &progress, cancelled: &cancelled, threads: &|| 1 };
    thread::scope(|scope| {
        let flag = &cancelled;
        scope.spawn(move || {
            begun.recv().unwrap();
            flag.store(true, Ordering::Relaxed);
        });
        assert_eq!(nth_with(1_000_000_000, &control).unwrap_err(), Error::Cancelled);
    });
}

#[test]
fn what_no_machine_can_hold_is_refused_at_once() {
    let cancelled = AtomicBool::new(false);
    for n in [i64::MIN, i64::MAX, MAX_INDEX as i64 + 1] {
        let control = Control { progress: &|_| (), cancelled: &cancelled, threads: &|| 1 };
        let needed_bytes = estimate(n).memory_bytes;
        assert!(needed_bytes > 100_000_000_000);
        assert_eq!(nth_with(n, &control).unwrap_err(), Error::OutOfMemory { needed_bytes });
    }
}

#[test]
fn estimates_grow_with_the_index() {
    let exponents = 0..63;
    let estimates: Vec<_> = exponents.map(|shift| estimate(1 << shift)).collect();
    for pair in estimates.windows(2) {
        assert!(pair[0].digits <= pair[1].digits);
        assert!(pair[0].memory_bytes <= pair[1].memory_bytes);
        assert!(pair[0].work <= pair[1].work);
    }
    assert_eq!(estimate(-1_000_000), estimate(1_000_000));
    assert!(estimate(0).work < Duration::from_micros(1));
}
