//! `abaci fib` as a person or a script uses it.

mod run;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use run::{abaci, names_in, output, stderr, stdout};

#[test]
fn digits_and_a_newline_are_all_that_is_printed() {
    for (n, value) in [
        ("0", "0"),
        ("1", "1"),
        ("10", "55"),
        ("-8", "-21"),
        ("-2^3", "-21"),
        ("2^6+1", "17167680177565"),
        ("300", "222232244629420445529739893461909967206666939096499764990979600"),
    ] {
        let output = output(abaci(&["fib", n]));
        assert_eq!(
            (output.status.code(), stdout(&output), stderr(&output)),
            (Some(0), format!("{value}\n"), String::new())
        );
    }
}

#[test]
fn a_part_of_a_value_is_given_at_any_index() {
    for (arguments, answer) in [
        (&["fib", "1e6", "--digits"][..], "208988\n"),
        (&["fib", "9223372036854775807", "--digits"], "1927570757129919482\n"),
        (&["fib", "1e6", "--first", "10"], "1953282128\n"),
        (&["fib", "1e6", "--last", "10"], "8242546875\n"),
        (&["fib", "300", "--last", "4"], "9600\n"),
        (&["fib", "10", "--first", "50"], "55\n"),
        (&["fib", "--mod", "10", "-8"], "9\n"),
        (&["fib", "1000", "--mod", "18446744073709551615"], "6604850919967101945\n"),
    ] {
        let output = output(abaci(arguments));
        assert_eq!((output.status.code(), stdout(&output)), (Some(0), answer.to_owned()), "{arguments:?}");
    }
}

#[test]
fn a_wrong_argument_ends_with_2_and_says_what_is_allowed() {
    for (arguments, said) in [
        (&["fib"][..], "<N>"),
        (&["fib", "seven"], "whole numbers"),
        (&["fib", "1.5"], "'1.5'"),
        (&["fib", "9223372036854775808"], "2^63"),
        (&["fib", "--quiet"], "'--quiet'"),
        (&["fib", "7", "8"], "'8'"),
        (&["fib", "7", "--mod", "0"], "from 1 to"),
        (&["fib", "7", "--first", "0"], "1..=50"),
        (&["fib", "7", "--last", "51"], "1..=50"),
        (&["fib", "7", "--first", "1", "--digits"], "cannot be used with"),
        (&["fib", "7", "-o", "/"], "not a file"),
        (&["calculate"], "'calculate'"),
    ] {
        let output = output(abaci(arguments));
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_value_that_cannot_fit_is_refused_at_once_with_what_it_would_need() {
    let output = output(abaci(&["fib", "9e18"]));
    assert_eq!((output.status.code(), stdout(&output)), (Some(1), String::new()));
    assert!(stderr(&output).contains("1880888762249808604 digits"), "{}", stderr(&output));
}

#[test]
fn a_file_is_written_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("value");
    fs::write(&path, "what was there").expect("written");
    let printed = output(abaci(&["fib", "100000"]));
    let output = output(abaci(&["fib", "100000", "-o", path.to_str().expect("UTF-8")]));
    assert_eq!((output.status.code(), stdout(&output), stderr(&output)), (Some(0), String::new(), String::new()));
    assert_eq!(fs::read(&path).expect("there"), printed.stdout);
    assert_eq!(names_in(folder.path()), ["value"]);
}

#[test]
fn a_file_that_cannot_be_made_is_said_before_anything_is_computed() {
    let output = output(abaci(&["fib", "10", "-o", "/nowhere/at/all"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/nowhere/at/all cannot be written"), "{}", stderr(&output));
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let output = abaci(&["fib", "10"]).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("standard output cannot be written to"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_closes_early_ends_it_quietly() {
    let mut child = abaci(&["fib", "10000000"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut start = [0; 10];
    let mut pipe = child.stdout.take().expect("piped");
    pipe.read_exact(&mut start).expect("digits");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((&start, output.status.code(), stderr(&output)), (b"1129834378", Some(0), String::new()));
}

#[cfg(unix)]
#[test]
fn an_interruption_ends_it_at_once_and_leaves_the_old_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("value");
    fs::write(&path, "what was there").expect("written");
    let mut child = abaci(&["fib", "1e9", "-o", path.to_str().expect("UTF-8")]).spawn().expect("it runs");
    // The unfinished file shows that it is under way and listens to signals soon after.
    run::until("the unfinished file is there", || names_in(folder.path()).len() == 2);
    run::until("it listens", || run::catches_interrupts(child.id()));
    run::interrupt(child.id());
    assert_eq!(run::exit_code_within_seconds(&mut child, 5), Some(130));
    assert_eq!(fs::read(&path).expect("there"), b"what was there");
    assert_eq!(names_in(folder.path()), ["value"]);
}
