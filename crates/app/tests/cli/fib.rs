//! `abaci fib`: its output, its errors and its exit codes.

use std::fs;
use std::io::{Read, Seek, Write};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::{abaci, catches, exit_code, finish, finish_on_terminal, names_in, send_signal, until};

#[test]
fn only_digits_and_a_newline_are_printed() {
    for (n, value) in [
        ("0", "0"),
        ("1", "1"),
        ("10", "55"),
        ("-8", "-21"),
        ("-2^3", "-21"),
        ("2^6+1", "17167680177565"),
        ("300", "222232244629420445529739893461909967206666939096499764990979600"),
    ] {
        let printed = finish(abaci(&["fib", n]));
        assert_eq!((printed.code, printed.stdout, printed.stderr), (Some(0), format!("{value}\n"), String::new()));
    }
}

#[test]
fn a_part_of_a_value_is_printed_at_any_index() {
    for (arguments, expected) in [
        (&["fib", "1e6", "--digits"][..], "208988\n"),
        (&["fib", "9223372036854775807", "--digits"], "1927570757129919482\n"),
        (&["fib", "1e6", "--first", "10"], "1953282128\n"),
        (&["fib", "1e6", "--last", "10"], "8242546875\n"),
        (&["fib", "300", "--last", "4"], "9600\n"),
        (&["fib", "10", "--first", "50"], "55\n"),
        (&["fib", "--mod", "10", "-8"], "9\n"),
        (&["fib", "1000", "--mod", "18446744073709551615"], "6604850919967101945\n"),
        (&["fib", "1000", "--mod", "1", "--digits", "--first", "3"], "digits: 209\nfirst_digits: 434\nresidue: 0\n"),
        (&["fib", "10^100", "--mod", "1000000007"], "175077019\n"),
        (
            &["fib", "10^1000", "--last", "3", "--json"],
            &format!("{{\"index\":\"1{}\",\"last_digits\":\"875\"}}\n", "0".repeat(1000)),
        ),
        (&["fib", "-8", "--json"], "{\"index\":\"-8\",\"digits\":\"2\",\"value\":\"-21\"}\n"),
    ] {
        let printed = finish(abaci(arguments));
        assert_eq!((printed.code, printed.stdout.as_str()), (Some(0), expected), "{arguments:?}");
    }
}

#[test]
fn several_values_are_printed_in_each_format() {
    for (arguments, expected) in [
        (&["fib", "1..5"][..], "1\n1\n2\n3\n5\n"),
        (&["fib", "10", "-8", "0..20..10"], "55\n-21\n0\n55\n6765\n"),
        (&["fib", "-2..1", "90", "--format", "csv"], "index,value\n-2,-1\n-1,1\n0,0\n1,1\n90,2880067194370816120\n"),
        (&["fib", "5", "6", "--format", "b-file"], "5 5\n6 8\n"),
        (
            &["fib", "7", "8", "--json"],
            "{\"index\":\"7\",\"digits\":\"2\",\"value\":\"13\"}\n{\"index\":\"8\",\"digits\":\"2\",\"value\":\"21\"}\n",
        ),
        (
            &["fib", "100..102", "--digits", "--mod", "7", "--format", "csv"],
            "index,digits,modulus,residue\n100,21,7,3\n101,21,7,5\n102,21,7,1\n",
        ),
        (&["fib", "30", "31", "--last", "2"], "40\n69\n"),
    ] {
        let printed = finish(abaci(arguments));
        assert_eq!((printed.code, printed.stdout.as_str()), (Some(0), expected), "{arguments:?}: {}", printed.stderr);
    }
}

#[test]
fn indexes_are_read_from_standard_input() {
    let fib_of = |lines: &str| {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(lines.as_bytes()).and_then(|()| file.rewind()).expect("written");
        let mut command = abaci(&["fib", "3", "-"]);
        command.stdin(file);
        finish(command)
    };
    let printed = fib_of("4\n\n 5..7 \n");
    assert_eq!((printed.code, printed.stdout.as_str()), (Some(0), "2\n3\n5\n8\n13\n"));
    let refused = fib_of("4\nseven\n8\n");
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), "2\n3\n"));
    assert!(refused.stderr.contains("line 2 of standard input: "), "{}", refused.stderr);
}

#[test]
fn a_terminal_gets_more_than_a_million_digits_only_on_request() {
    let on_terminal = |arguments: &str, answer: &str| finish_on_terminal(&format!("fib {arguments}"), &[], answer);
    let refused = on_terminal("5e6", "n\n");
    assert_eq!(refused.code, Some(1));
    let question = "F(5000000) has 1044938 digits. Print them on this terminal? [y/N]";
    assert!(refused.stdout.contains(question) && refused.stdout.contains("--force"), "{}", refused.stdout);
    for (arguments, answer) in [("5e6", "y\n"), ("5e6 --force", "")] {
        let printed = on_terminal(arguments, answer);
        assert_eq!(printed.code, Some(0));
        assert!(printed.stdout.len() > 1_044_938, "{arguments}");
    }
    let short = on_terminal("1e6", "");
    assert!(short.code == Some(0) && !short.stdout.contains("terminal?"));
}

#[test]
fn a_wrong_argument_ends_with_2_and_says_what_is_allowed() {
    for (arguments, expected) in [
        (&["fib"][..], "<N>"),
        (&["fib", "seven"], "whole numbers"),
        (&["fib", "1.5"], "'1.5'"),
        (&["fib", "1.000"], "Did you mean 1000?"),
        (&["fib", "1,000"], "Did you mean 1000?"),
        (
            &["fib", "9223372036854775808"],
            "F(9223372036854775808) has 1927570757129919482 digits, too many to compute; --digits, --first",
        ),
        (&["fib", "1e1001", "--digits"], "up to 1001 digits"),
        (&["fib", "--quiet"], "'--quiet'"),
        (&["fib", "7", "8", "x"], "'x'"),
        (&["fib", "9..7"], "FROM at most TO, got \"9..7\""),
        (&["fib", "1..9..0"], "step above 0"),
        (&["fib", "7", "--format", "xml"], "lines, csv, json, b-file"),
        (&["fib", "7", "--json", "--format", "csv"], "cannot be used with"),
        (&["fib", "7", "--digits", "--format", "b-file"], "b-file takes whole values"),
        (&["fib", "7", "--mod", "0"], "above 0"),
        (&["fib", "7", "--first", "0"], "from 1 to 10000"),
        (&["fib", "7", "--last", "10001"], "from 1 to 10000"),
        (&["fib", "7", "-o", "/"], "not a regular file"),
        (&["calculate"], "'calculate'"),
    ] {
        let refused = finish(abaci(arguments));
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(refused.stderr.contains(expected), "{arguments:?}: {}", refused.stderr);
    }
}

#[test]
fn a_value_beyond_the_memory_is_refused_with_its_size() {
    let refused = finish(abaci(&["fib", "9e18"]));
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("1880888762249808604 digits"), "{}", refused.stderr);
}

#[test]
fn a_file_is_replaced_by_the_whole_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("value");
    fs::write(&path, "old content").expect("written");
    let printed = finish(abaci(&["fib", "100000"]));
    let written = finish(abaci(&["fib", "100000", "-o", path.to_str().expect("UTF-8")]));
    assert_eq!((written.code, written.stdout.as_str(), written.stderr.as_str()), (Some(0), "", ""));
    assert_eq!(fs::read_to_string(&path).expect("there"), printed.stdout);
    assert_eq!(finish(abaci(&["fib", "100000", "-o", "-"])).stdout, printed.stdout);
    assert_eq!(names_in(folder.path()), ["value"]);
}

#[test]
fn a_file_that_cannot_be_created_is_an_error() {
    let refused = finish(abaci(&["fib", "10", "-o", "/nowhere/at/all"]));
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("cannot write /nowhere/at/all"), "{}", refused.stderr);
}

#[test]
fn a_failed_write_to_standard_output_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let read_only = fs::File::open("/dev/null").expect("Linux has it");
    for arguments in [&["fib", "10"][..], &["fib", "10", "-o", "-"], &["--help"], &["fib", "--help"], &["--version"]] {
        for unwritable in [&full, &read_only] {
            let stdout = unwritable.try_clone().expect("a descriptor");
            let output = abaci(arguments).stdout(stdout).stderr(Stdio::piped()).output().expect("it runs");
            assert_eq!(output.status.code(), Some(1), "{arguments:?}");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains("cannot write to standard output"), "{arguments:?}: {stderr}");
        }
    }
}

#[test]
fn a_reader_that_closes_early_is_not_an_error() {
    let mut child = abaci(&["fib", "10000000"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut start = [0; 10];
    let mut pipe = child.stdout.take().expect("piped");
    pipe.read_exact(&mut start).expect("digits");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((&start, output.status.code(), &*output.stderr), (b"1129834378", Some(0), &b""[..]));
}

#[test]
fn every_signal_ends_it_at_once_and_keeps_the_old_file() {
    for (signal, code) in [
        (Signal::INT, Some(130)),
        (Signal::TERM, Some(143)),
        (Signal::HUP, Some(129)),
        (Signal::QUIT, Some(131)),
        (Signal::XFSZ, Some(153)),
        (Signal::USR1, Some(138)),
        (Signal::KILL, None),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("value");
        fs::write(&path, "old content").expect("written");
        let mut child = abaci(&["fib", "1e9", "-o", path.to_str().expect("UTF-8")]).spawn().expect("it runs");
        until("the signal handlers are installed", || catches(&child, Signal::USR1));
        send_signal(&child, signal);
        assert_eq!(exit_code(&mut child, Duration::from_secs(5)), code, "{signal:?}");
        assert_eq!(fs::read(&path).expect("there"), b"old content");
        assert_eq!(names_in(folder.path()), ["value"], "{signal:?}");
    }
}
