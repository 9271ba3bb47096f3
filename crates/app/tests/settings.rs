//! Settings: every one is in `--help`, and a wrong one is refused by name.

mod run;

use run::{abaci, output, stderr, stdout};

/// All settings of the embedded shape.
const SETTINGS: [&str; 21] = [
    "ABACI_LISTEN",
    "ABACI_INTERNAL_LISTEN",
    "ABACI_API_URL",
    "ABACI_PUBLIC_URL",
    "ABACI_TRUSTED_PROXIES",
    "ABACI_DATA_DIR",
    "ABACI_VALUES_URL",
    "ABACI_STORE_BYTES",
    "ABACI_CONNECTIONS",
    "ABACI_HEADER_TIMEOUT_MS",
    "ABACI_BODY_BYTES",
    "ABACI_RATE",
    "ABACI_MAX_INDEX",
    "ABACI_MAX_QUEUED",
    "ABACI_WORKER_THREADS",
    "ABACI_WORKER_MEMORY_BYTES",
    "ABACI_LEASE_MS",
    "ABACI_MODE",
    "PGHOST",
    "REDIS_HOST",
    "ABACI_LOG",
];

/// Settings of which no text is wrong by itself.
const FREE: [&str; 3] = ["ABACI_DATA_DIR", "PGHOST", "REDIS_HOST"];

#[test]
fn help_names_every_setting() {
    let output = output(abaci(&["serve", "--help"]));
    assert_eq!(output.status.code(), Some(0));
    for setting in SETTINGS {
        assert!(stdout(&output).contains(&format!("{setting}=")), "{setting}");
    }
}

#[test]
fn help_states_the_exit_codes() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["fib", "--help"], &["healthcheck", "--help"]] {
        let output = output(abaci(arguments));
        let said = stdout(&output);
        assert!(said.contains("Exit codes:") && said.contains("130") && said.ends_with('\n'), "{said}");
    }
}

#[test]
fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
    for setting in SETTINGS.into_iter().filter(|setting| !FREE.contains(setting)) {
        let mut command = abaci(&["serve"]);
        command.env(setting, "¿wrong?");
        let output = output(command);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), String::new()), "{setting}");
        for said in [setting, "¿wrong?"] {
            assert!(stderr(&output).contains(said), "{setting}: {}", stderr(&output));
        }
    }
}

#[test]
fn a_wrong_value_is_answered_with_what_is_allowed() {
    for (setting, value, allowed) in [
        ("ABACI_LISTEN", "localhost", "127.0.0.1:3050"),
        ("ABACI_TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/8"),
        ("ABACI_PUBLIC_URL", "abaci.example", "http://localhost:3050"),
        ("ABACI_VALUES_URL", "s3://bucket", "file:///full/path"),
        ("ABACI_STORE_BYTES", "a lot", "512MiB"),
        ("ABACI_CONNECTIONS", "0", "from 1 to 1000000"),
        ("ABACI_HEADER_TIMEOUT_MS", "1", "from 10 to 600000"),
        ("ABACI_RATE", "-1", "off"),
        ("ABACI_MAX_INDEX", "1e12", "from 1 to 700000000000"),
        ("ABACI_LEASE_MS", "60001", "from 100 to 60000"),
        ("ABACI_MODE", "both", "embedded, distributed"),
        ("ABACI_LOG", "info,api=loud", "trace"),
    ] {
        let mut command = abaci(&["serve"]);
        command.env(setting, value);
        let output = output(command);
        assert_eq!(output.status.code(), Some(2), "{setting}");
        assert!(stderr(&output).contains(allowed), "{setting}: {}", stderr(&output));
    }
}

#[test]
fn one_backend_without_the_other_is_refused() {
    for (set, missing) in [("PGHOST", "REDIS_HOST"), ("REDIS_HOST", "PGHOST")] {
        let mut command = abaci(&["serve"]);
        command.env(set, "somewhere");
        let output = output(command);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(missing), "{}", stderr(&output));
    }
}
