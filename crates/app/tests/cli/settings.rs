//! Settings: each one is in `--help`, and a wrong one is refused by name.

use crate::program::{abaci, finish};

/// All settings of the embedded mode.
const SETTINGS: [&str; 22] = [
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
    "ABACI_BATCH_INDEXES",
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

/// Settings that accept any text.
const ANY_TEXT: [&str; 3] = ["ABACI_DATA_DIR", "PGHOST", "REDIS_HOST"];

#[test]
fn help_names_every_setting() {
    let help = finish(abaci(&["serve", "--help"]));
    assert_eq!(help.code, Some(0));
    for setting in SETTINGS {
        assert!(help.stdout.contains(&format!("{setting}=")), "{setting}");
    }
}

#[test]
fn help_states_the_exit_codes() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["fib", "--help"], &["healthcheck", "--help"]] {
        let help = finish(abaci(arguments)).stdout;
        assert!(help.contains("Exit codes:") && help.contains("130") && help.ends_with('\n'), "{help}");
    }
}

#[test]
fn a_wrong_value_is_refused_by_the_name_of_its_variable() {
    for setting in SETTINGS.into_iter().filter(|setting| !ANY_TEXT.contains(setting)) {
        let mut command = abaci(&["serve"]);
        command.env(setting, "¿wrong?");
        let refused = finish(command);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{setting}");
        for expected in [setting, "¿wrong?"] {
            assert!(refused.stderr.contains(expected), "{setting}: {}", refused.stderr);
        }
    }
}

#[test]
fn a_wrong_value_is_refused_with_what_is_allowed() {
    for (setting, value, allowed) in [
        ("ABACI_LISTEN", "localhost", "127.0.0.1:3050"),
        ("ABACI_TRUSTED_PROXIES", "10.0.0.0/33", "10.0.0.0/8"),
        ("ABACI_PUBLIC_URL", "abaci.example", "http://localhost:3050"),
        ("ABACI_VALUES_URL", "/srv/values", "file:///full/path"),
        ("ABACI_STORE_BYTES", "a lot", "512MiB"),
        ("ABACI_CONNECTIONS", "0", "from 1 to 1000000"),
        ("ABACI_HEADER_TIMEOUT_MS", "1", "from 10 to 600000"),
        ("ABACI_RATE", "-1", "off"),
        ("ABACI_MAX_INDEX", "1e12", "from 1 to 700000000000"),
        ("ABACI_MAX_INDEX", "1.000", "Did you mean 1000?"),
        ("ABACI_MAX_QUEUED", "10,000", "Did you mean 10000?"),
        ("ABACI_STORE_BYTES", "1.000 MB", "Did you mean 1000?"),
        ("ABACI_LEASE_MS", "60001", "from 100 to 60000"),
        ("ABACI_MODE", "both", "embedded, distributed"),
        ("ABACI_LOG", "info,api=loud", "trace"),
    ] {
        let mut command = abaci(&["serve"]);
        command.env(setting, value);
        let refused = finish(command);
        assert_eq!(refused.code, Some(2), "{setting}");
        assert!(refused.stderr.contains(allowed), "{setting}: {}", refused.stderr);
    }
}

#[cfg(not(feature = "s3"))]
#[test]
fn a_bucket_is_refused_in_a_program_without_s3() {
    let data = tempfile::tempdir().expect("a folder");
    let mut command = crate::program::role("serve", data.path());
    command.env("ABACI_VALUES_URL", "s3://bucket");
    let refused = finish(command);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    for expected in ["ABACI_VALUES_URL", "file:///full/path"] {
        assert!(refused.stderr.contains(expected), "{refused:?}");
    }
}
