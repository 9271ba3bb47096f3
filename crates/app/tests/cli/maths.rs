//! The subcommands that answer questions about Fibonacci numbers.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::program::{Running, abaci, finish, finish_on_terminal, get, role};

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
        (&["lucas", "1..3", "10"], "1\n3\n4\n123\n"),
        (&["lucas", "-2..2..2", "--format", "csv"], "index,value\n-2,3\n0,2\n2,3\n"),
        (&["lucas", "3", "4", "--order", "3", "--format", "b-file"], "3 1\n4 2\n"),
        (&["lucas", "10", "11", "--mod", "100"], "23\n99\n"),
        (&["pisano", "1..3", "10", "--format", "b-file"], "1 1\n2 3\n3 8\n10 60\n"),
        (
            &["pisano", "7", "12", "--format", "csv"],
            "modulus,pisano_period,entry_point,zeros,factors\n7,16,8,2,7\n12,24,12,2,2^2 3\n",
        ),
        (&["pisano", "3", "5", "--residues", "4"], "0\n1\n1\n2\n0\n1\n1\n2\n"),
        (&["polynomial", "5"], "x^4 + 3*x^2 + 1\n"),
        (&["polynomial", "0"], "0\n"),
        (&["polynomial", "3", "--lucas"], "x^3 + 3*x\n"),
        (&["pisano", "1000"], "modulus: 1000\npisano_period: 1500\nentry_point: 750\nzeros: 2\nfactors: 2^3 5^3\n"),
        (&["zeckendorf", "100"], "11 6 4\n"),
        (&["zeckendorf", "100", "--dual"], "10 8 7 5 4 3 2\n"),
        (&["zeckendorf", "100", "--even", "--json"], "{\"number\":\"100\",\"even\":[10,8,8,4]}\n"),
        (&["zeckendorf", "--back", "11", "6", "4"], "100\n"),
        (&["zeckendorf", "0"], "\n"),
        (&["is-fibonacci", "144"], "index: 12\nlucas_index: none\nbelow: 12\nabove: 13\nnearest: 12\n"),
        (&["wythoff", "4"], "6 10\n"),
        (&["golden-string", "--count", "13"], "0100101001001\n"),
        (&["factors", "12"], "1: 1\n2: 1\n3: 2 (prime)\n4: 3 (prime)\n6: 4 = 2^2\n12: 6 = 2 3\n"),
        (&["factors", "15", "--lucas"], "2: 1\n6: 4 = 2^2\n10: 11 (prime)\n30: 31 (prime)\naurifeuillian: 11 31\n"),
        (&["divisors", "12"], "1 2 3 4 6 12\n"),
        (&["digits", "100"], "digits: 21\ncounts: 1 3 3 1 3 3 1 2 2 2\nsum: 93\ndigital_root: 3\n"),
        (&["convergent", "3"], "5/3\n"),
        (&["pisano", "7", "--residues", "5", "--from", "-1"], "1\n0\n1\n1\n2\n"),
        (&["fib", "10^6", "--scientific", "5"], "1.9532…e208987\n"),
        (&["fib", "12", "--valuations"], "valuation_of_2: 4\nvaluation_of_3: 2\nvaluation_of_5: 0\n"),
        (&["fib", "100", "--digital-root"], "3\n"),
        (&["phi", "20"], "1.61803398874989484820\n"),
        (&["phi", "10", "--ratio", "10"], "1.6181818181\n"),
    ] {
        let printed = finish(abaci(arguments));
        assert_eq!((printed.code, printed.stdout.as_str()), (Some(0), expected), "{arguments:?}: {}", printed.stderr);
    }
}

#[test]
fn every_number_may_be_an_expression() {
    for (arguments, digits) in [
        ("lucas 1e2", "lucas 100"),
        ("lucas 2*5 --u 2+1 -1", "lucas 10 --u 3 -1"),
        ("lucas 50 --order 2^2 --mod 10^9+7", "lucas 50 --order 4 --mod 1000000007"),
        ("fib 1e6 --first 1e2 --mod 10^30", "fib 1000000 --first 100 --mod 1000000000000000000000000000000"),
        ("pisano 10^30", "pisano 1000000000000000000000000000000"),
        ("pisano 1,000,000 1_000..10^3+1", "pisano 1000000 1000 1001"),
        ("pisano 1e2 --residues 2^3 --from 1e3", "pisano 100 --residues 8 --from 1000"),
        ("divisors 2^127", "divisors 170141183460469231731687303715884105728"),
        ("factors 2*3", "factors 6"),
        ("polynomial 1e1", "polynomial 10"),
        ("zeckendorf 10^30", "zeckendorf 1000000000000000000000000000000"),
        ("zeckendorf --back 2^4 7", "zeckendorf --back 16 7"),
        ("is-fibonacci 12^2", "is-fibonacci 144"),
        ("wythoff 1e30", "wythoff 1000000000000000000000000000000"),
        ("golden-string 10^30 --count 1e1", "golden-string 1000000000000000000000000000000 --count 10"),
        ("phi 1e2 --ratio 2^9", "phi 100 --ratio 512"),
        ("convergent 1_000", "convergent 1000"),
    ] {
        let [given, plain] = [arguments, digits].map(|line| finish(abaci(&line.split(' ').collect::<Vec<_>>())));
        assert_eq!((given.code, &given.stdout), (Some(0), &plain.stdout), "{arguments}: {}", given.stderr);
    }
}

#[test]
fn a_number_that_is_not_a_fibonacci_number_ends_with_1_and_its_neighbors() {
    let printed = finish(abaci(&["is-fibonacci", "4", "--json"]));
    let json = "{\"index\":null,\"lucas_index\":\"3\",\"below\":\"4\",\"above\":\"5\",\"nearest\":[\"4\",\"5\"]}\n";
    assert_eq!((printed.code, printed.stdout.as_str()), (Some(1), json));
    assert_eq!(printed.stderr, "error: not a Fibonacci number\n");
}

#[test]
fn a_wrong_argument_ends_with_2_and_says_what_is_allowed() {
    for (arguments, expected) in [
        (&["lucas", "seven"][..], "whole numbers"),
        (&["lucas", "10^18"], "more than 100000000 bits; --mod M works for this N"),
        (&["lucas", "-1", "--u", "3", "2"], "not invertible"),
        (&["lucas", "5", "--order", "65"], "from 2 to 64"),
        (&["lucas", "5", "--u", "1", "x"], "whole numbers"),
        (&["lucas", "5", "--u", "1", "2", "--order", "3"], "cannot be used with"),
        (&["polynomial", "2001"], "2000"),
        (&["pisano", "0"], "above 0"),
        (&["pisano", "340282366920938463463374607431768211456"], "from 1 to 340282366920938463463374607431768211455"),
        (&["divisors", "0"], "from 1 to 340282366920938463463374607431768211455"),
        (&["factors", "100001"], "100000"),
        (&["factors", "50001", "--lucas"], "half of that for Lucas numbers"),
        (&["wythoff", "-1"], "unexpected argument"),
        (&["wythoff", "1e10001"], "up to 10000 digits"),
        (&["golden-string", "x"], "whole numbers"),
        (&["digits", "10^12"], "-700000000000 to 700000000000"),
        (&["convergent", "65536"], "65535"),
        (&["primality", "x"], "whole numbers"),
        (&["pisano", "-1"], "unexpected argument"),
        (&["pisano", "0..5"], "above 0"),
        (&["lucas", "5..1"], "FROM at most TO"),
        (&["lucas", "5", "--json", "--format", "csv"], "cannot be used with"),
        (&["zeckendorf", "x"], "whole numbers"),
        (&["zeckendorf", "1", "2"], "expected one number, got 2"),
        (&["zeckendorf", "--back", "10000001"], "from 0 to 10000000"),
        (&["is-fibonacci", "12x"], "position 3"),
        (&["is-fibonacci", ""], "no number was given"),
        (&["phi", "1000001"], "up to 1000000 places, got 1000001; `abaci get 'Phi(1000001)'` has them"),
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
        (&["lucas", "-"], "1..3\n\n10\n", 0, "1\n3\n4\n123\n"),
        (&["lucas", "-"], "5\nx\n", 1, "11\n"),
        (&["pisano", "-", "--format", "b-file"], "10\n11..12\n", 0, "10 60\n11 10\n12 24\n"),
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

/// Subcommands and the addresses that answer the same.
const FACES: &[(&str, &str)] = &[
    ("lucas 100", "/api/sequences/lucas/100"),
    ("lucas 10 --u 3 -1", "/api/sequences/u/10?p=3&q=-1"),
    ("lucas -7 --v 2 -1 --mod 1000", "/api/sequences/v/-7?p=2&q=-1&modulus=1000"),
    ("lucas -5 --seeds 3 4", "/api/sequences/seeded/-5?a=3&b=4"),
    ("lucas 200 --order 3", "/api/sequences/kbonacci/200?k=3"),
    ("polynomial 9", "/api/polynomials/fibonacci/9"),
    ("polynomial 9 --lucas", "/api/polynomials/lucas/9"),
    ("pisano 360", "/api/moduli/360"),
    ("pisano 10 --residues 60 --from -3", "/api/moduli/10/residues?from=-3&count=60"),
    ("is-fibonacci 144", "/api/recognition/144"),
    ("zeckendorf 1000", "/api/representations/1000"),
    ("zeckendorf 1000 --dual", "/api/representations/1000?form=dual"),
    ("zeckendorf 1000 --even", "/api/representations/1000?form=even"),
    ("zeckendorf --back 16 7", "/api/representations?indexes=16,7"),
    ("wythoff 1000", "/api/wythoff/1000"),
    ("golden-string 7 --count 30", "/api/golden-string/7?count=30"),
    ("factors 60", "/api/factors/fibonacci/60"),
    ("factors 15 --lucas", "/api/factors/lucas/15"),
    ("divisors 360", "/api/divisors/360"),
    ("primality 81839", "/api/primality/fibonacci/81839"),
    ("primality 1e6 --lucas", "/api/primality/lucas/1000000"),
    ("primality", "/api/primes/fibonacci"),
    ("primality --lucas", "/api/primes/lucas"),
    ("digits 1000", "/api/digits/1000"),
    ("phi 100", "/api/phi?places=100"),
    ("phi 30 --ratio 12", "/api/ratios/12?places=30"),
    ("convergent 12", "/api/convergents/12"),
];

#[test]
fn the_command_line_prints_the_json_of_the_api() {
    let data = tempfile::tempdir().unwrap();
    let serve = Running::start(role("serve", data.path()));
    for (command, path) in FACES {
        let arguments: Vec<&str> = command.split(' ').chain(["--json"]).collect();
        let printed = finish(abaci(&arguments));
        let response = get(serve.public(), path);
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {response}");
        assert_eq!(printed.stdout, format!("{body}\n"), "abaci {command}, {path}: {}", printed.stderr);
    }
    // The output of `fib` has some of the members.
    let arguments = ["fib", "100", "--digits", "--first", "50", "--last", "50", "--scientific", "20", "--valuations"];
    let printed = finish(abaci(&[&arguments[..], &["--digital-root", "--format", "json"]].concat()));
    let parts: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    let response = get(serve.public(), "/api/numbers/100");
    let facts: serde_json::Value = serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap();
    let parts = parts.as_object().unwrap();
    assert_eq!(parts.len(), 9, "{parts:?}");
    for (name, part) in parts {
        assert_eq!(facts[name], *part, "{name}");
    }
}

#[test]
fn the_tables_of_functions_show_what_is_printed() {
    let document = include_str!("../../../../docs/functions.md");
    let data = tempfile::tempdir().unwrap();
    let serve = Running::start(role("serve", data.path()));
    let (_, tables) = document.split_once("\n## Twenty-seven questions\n").unwrap();
    let tables = tables.split("\n## ").next().unwrap();
    let (mut commands, mut addresses) = (0, 0);
    for row in tables.lines().filter(|row| row.starts_with("| ") && !row.starts_with("| question")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, command, address, result] = cells[..] else { panic!("expected 4 cells: {row}") };
        if let Some(expected) = result.strip_prefix('`').and_then(|result| result.split('`').next())
            && let Some(command) = command.strip_prefix("`abaci ")
        {
            let printed = finish(abaci(&command.trim_end_matches('`').split(' ').collect::<Vec<_>>()));
            let text = printed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
            match expected.strip_suffix('…') {
                Some(beginning) => assert!(text.starts_with(beginning), "{row}: {text}"),
                None => assert_eq!(text, expected, "{row}: {}", printed.stderr),
            }
            commands += 1;
        }
        let is_read =
            |address: &&str| address.starts_with("/api/") && !address.contains(['{', ' ']) && *address != "/api/events";
        for address in address.split(", ").map(|address| address.trim_matches('`')).filter(is_read) {
            let response = get(serve.public(), address);
            assert!(response.starts_with("HTTP/1.1 200"), "{address}: {response}");
            addresses += 1;
        }
    }
    assert_eq!((commands, addresses), (26, 28), "as many as there are in the tables");
}

#[test]
fn a_terminal_gets_a_long_answer_only_on_request() {
    let refused = finish_on_terminal("lucas 5e6", &[], "n\n");
    assert_eq!(refused.code, Some(1));
    for expected in ["characters. Print them on this terminal? [y/N]", "use a pipe, a file or --force"] {
        assert!(refused.stdout.contains(expected), "{}", refused.stdout);
    }
    for (arguments, input) in [("lucas 5e6", "y\n"), ("lucas 5e6 --force", "")] {
        let printed = finish_on_terminal(arguments, &[], input);
        assert_eq!(printed.code, Some(0), "{arguments}");
        assert!(printed.stdout.len() > 1_044_938, "{arguments}");
    }
}
