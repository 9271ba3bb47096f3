//! The subcommands that answer questions about Fibonacci numbers.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::program::{abaci, finish};

#[test]
fn questions_are_answered_as_text_and_as_json() {
    for (arguments, expected) in [
        (&["lucas", "100"][..], "792070839848372253127\n"),
        (&["lucas", "-5"], "-11\n"),
        (
            &["lucas", "10", "--u", "3", "-1", "--json"],
            "{\"subject\":\"U(3,-1,10)\",\"index\":\"10\",\"value\":\"42837\",\"modulus\":null,\"residue\":null}\n",
        ),
        (&["lucas", "10", "--v", "2", "-1"], "6726\n"),
        (&["lucas", "-5", "--seeds", "3", "4"], "-4\n"),
        (&["lucas", "50", "--order", "3"], "3122171529233\n"),
        (&["lucas", "10^100", "--mod", "1000000007"], "835254834\n"),
        (&["polynomial", "5"], "x^4 + 3*x^2 + 1\n"),
        (&["polynomial", "0"], "0\n"),
        (&["polynomial", "3", "--lucas"], "x^3 + 3*x\n"),
        (&["pisano", "1000"], "modulus: 1000\npisano_period: 1500\nentry_point: 750\nzeros: 2\nfactors: 2^3 5^3\n"),
        (&["zeckendorf", "100"], "11 6 4\n"),
        (&["zeckendorf", "100", "--dual"], "10 8 7 5 4 3 2\n"),
        (&["zeckendorf", "100", "--even", "--json"], "{\"even\":[10,8,8,4],\"number\":\"100\"}\n"),
        (&["zeckendorf", "--back", "11", "6", "4"], "100\n"),
        (&["zeckendorf", "0"], "\n"),
        (&["is-fibonacci", "144"], "index: 12\nlucas_index: none\nbelow: 12\nabove: 13\nnearest: 12\n"),
        (&["phi", "20"], "1.61803398874989484820\n"),
        (&["phi", "10", "--ratio", "10"], "1.6181818181\n"),
    ] {
        let printed = finish(abaci(arguments));
        assert_eq!((printed.code, printed.stdout.as_str()), (Some(0), expected), "{arguments:?}: {}", printed.stderr);
    }
}

#[test]
fn a_number_that_is_not_a_fibonacci_number_ends_with_1_and_its_neighbors() {
    let printed = finish(abaci(&["is-fibonacci", "4", "--json"]));
    let json = "{\"above\":\"5\",\"below\":\"4\",\"index\":null,\"lucas_index\":\"3\",\"nearest\":[\"4\",\"5\"]}\n";
    assert_eq!((printed.code, printed.stdout.as_str()), (Some(1), json));
    assert_eq!(printed.stderr, "error: not a Fibonacci number\n");
}

#[test]
fn a_wrong_argument_ends_with_2_and_says_what_is_allowed() {
    for (arguments, expected) in [
        (&["lucas", "seven"][..], "whole numbers"),
        (&["lucas", "10^18"], "more than 100000000 bits"),
        (&["lucas", "-1", "--u", "3", "2"], "not invertible"),
        (&["lucas", "5", "--order", "65"], "from 2 to 64, got 65"),
        (&["lucas", "5", "--u", "1", "x"], "plain digits"),
        (&["lucas", "5", "--u", "1", "2", "--order", "3"], "cannot be used with"),
        (&["polynomial", "2001"], "2000"),
        (&["pisano", "0"], "from 1 to 340282366920938463463374607431768211455"),
        (&["pisano", "-1"], "unexpected argument"),
        (&["zeckendorf", "x"], "plain digits"),
        (&["zeckendorf", "1", "2"], "expected one number, got 2"),
        (&["zeckendorf", "--back", "10000001"], "from 0 to 10000000"),
        (&["is-fibonacci", "12x"], "position 3"),
        (&["is-fibonacci", ""], "got nothing"),
        (&["phi", "1000001"], "1000000"),
        (&["verify", "/dev/null", "x"], "whole numbers"),
    ] {
        let printed = finish(abaci(arguments));
        assert_eq!(printed.code, Some(2), "{arguments:?}: {}", printed.stderr);
        assert!(printed.stderr.contains(expected), "{arguments:?}: {}", printed.stderr);
        assert_eq!(printed.stdout, "");
    }
}

#[test]
fn a_file_is_verified_and_what_differs_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("value.txt");
    let path = file.to_str().unwrap();
    let value = finish(abaci(&["fib", "20000"])).stdout;
    fs::write(&file, &value).unwrap();
    let printed = finish(abaci(&["verify", path, "2e4", "--primes", "5"]));
    assert_eq!(printed.code, Some(0), "{}", printed.stdout);
    assert!(printed.stdout.starts_with("right: true\n"));
    assert_eq!(printed.stdout.lines().filter(|line| line.starts_with("modulo ")).count(), 5);

    let mut wrong = value.clone().into_bytes();
    wrong[1_000] = if wrong[1_000] == b'7' { b'8' } else { b'7' };
    fs::write(&file, &wrong).unwrap();
    let printed = finish(abaci(&["verify", path, "20000", "--json"]));
    assert_eq!(printed.code, Some(1));
    let found: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!((&found["right"], &found["first_difference_at"]), (&false.into(), &1_001.into()));
    assert_eq!(found["digits"]["expected"], found["digits"]["found"]);
    assert_ne!(found["residues"][0]["expected"], found["residues"][0]["found"]);
    assert!(printed.stderr.contains("is not F(20000)"));

    // A line end in the middle is not part of a number.
    fs::write(&file, format!("{}\n{}", &value[..10], &value[10..])).unwrap();
    let printed = finish(abaci(&["verify", path, "20000"]));
    assert_eq!(printed.code, Some(1));
    assert!(printed.stdout.contains("malformed_at: 11\n"), "{}", printed.stdout);
    assert_eq!(finish(abaci(&["verify", "/nowhere", "5"])).code, Some(1));
}

#[test]
fn numbers_and_files_are_read_from_standard_input() {
    for (arguments, input, code, expected) in [
        (&["verify", "-", "12"][..], "144\n", 0, "right: true\n"),
        (&["verify", "-", "12"], "145\n", 1, "right: false\n"),
        (&["zeckendorf", "-"], "100\n", 0, "11 6 4\n"),
        (&["is-fibonacci", "-"], "144\n", 0, "index: 12\n"),
    ] {
        let mut program =
            abaci(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        program.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = program.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(stdout.starts_with(expected), "{arguments:?}: {stdout}");
    }
}
