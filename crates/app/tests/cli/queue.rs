//! `abaci queue` against a running `serve`.

use serde_json::{Value, json};

use crate::program::{Finished, Running, abaci, finish, finish_on_terminal, get, request, role, until};

/// Work of about a minute each, so that none ends during a test.
const LONG: [i64; 3] = [900_000_001, 900_000_002, -900_000_003];

/// Starts a `serve` that believes forwarded addresses, and submits [`LONG`]: two from one address, one from another.
fn serve_with_long_work(data: &std::path::Path) -> Running {
    let mut command = role("serve", data);
    command.env("ABACI_TRUSTED_PROXIES", "127.0.0.1").env("ABACI_WORKER_THREADS", "1");
    let serve = Running::start(command);
    for (n, address) in LONG.into_iter().zip(["192.0.2.7", "192.0.2.7", "2001:db8::5"]) {
        submit(&serve, n, address);
    }
    serve
}

fn submit(serve: &Running, n: i64, address: &str) {
    let headers = format!("Content-Type: application/json\r\nX-Forwarded-For: {address}\r\n");
    let body = json!({ "index": n.to_string() }).to_string();
    let response = request(serve.public(), "POST /api/calculations", &headers, &body);
    assert!(response.starts_with("HTTP/1.1 202"), "{response}");
}

/// Runs `abaci queue` with these arguments.
fn queue(serve: &Running, arguments: &[&str]) -> Finished {
    let mut command = abaci(&["queue"]);
    command.args(arguments).env("ABACI_INTERNAL_LISTEN", serve.internal());
    finish(command)
}

/// Runs `abaci queue … --json`, which must succeed.
fn queue_json(serve: &Running, arguments: &[&str]) -> Value {
    let finished = queue(serve, &[arguments, &["--json"]].concat());
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    serde_json::from_str(&finished.stdout).expect("JSON")
}

/// Returns the indexes that `abaci queue list` prints.
fn listed(serve: &Running, filters: &[&str]) -> Vec<i64> {
    let list = queue_json(serve, &[&["list"], filters].concat());
    let index = |entry: &Value| entry["index"].as_str().expect("text").parse().expect("an index");
    list["calculations"].as_array().expect("a list").iter().map(index).collect()
}

fn status(serve: &Running, n: i64) -> String {
    let response = get(serve.public(), &format!("/api/calculations/{n}"));
    let body: Value = serde_json::from_str(response.rsplit("\r\n").next().expect("a body")).expect("JSON");
    body["status"].as_str().expect("a status").to_owned()
}

#[test]
fn an_operator_sees_who_fills_the_queue() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = serve_with_long_work(data.path());
    assert_eq!(listed(&serve, &[]), LONG);
    assert_eq!(listed(&serve, &["--submitter", "192.0.2.7"]), LONG[..2]);
    assert_eq!(listed(&serve, &["--submitter", "2001:db8::77:1"]), LONG[2..], "its /64 network");
    assert_eq!(listed(&serve, &["--lane", "long", "--min-index", "900000002"]), LONG[1..]);
    assert_eq!(listed(&serve, &["--limit", "1"]), LONG[..1]);
    for none in [["--lane", "short"], ["--older-than", "1h"], ["--min-index", "1e9"]] {
        assert_eq!(listed(&serve, &none), [0; 0], "{none:?}");
    }

    let submitters = queue_json(&serve, &["submitters"]);
    let [most, other] = submitters["submitters"].as_array().expect("a list").as_slice() else { panic!("{submitters}") };
    assert_eq!((&most["submitter"], &most["calculations"]), (&json!("192.0.2.7"), &json!(2)));
    assert_eq!((&other["submitter"], &other["calculations"]), (&json!("2001:db8::"), &json!(1)));
    assert!(most["work_seconds"].as_f64() > other["work_seconds"].as_f64(), "{submitters}");

    let table = queue(&serve, &["list"]).stdout;
    let [head, first, .., total] = table.lines().collect::<Vec<_>>()[..] else { panic!("{table}") };
    assert!(head.starts_with("calculation") && first.starts_with("F(900000001)"), "{table}");
    assert!(first.contains("long") && first.ends_with("192.0.2.7") && total.starts_with("3 calculations"), "{table}");
    let table = queue(&serve, &["submitters"]).stdout;
    assert!(table.contains("192.0.2.7") && table.contains("2001:db8::"), "{table}");
    let table = queue(&serve, &["list", "--lane", "short"]).stdout;
    assert_eq!(table, "Nothing is queued or running that matches.\n");
}

#[test]
fn an_operator_cancels_and_purges_what_others_submitted() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = serve_with_long_work(data.path());
    until("the first is computed", || status(&serve, LONG[0]) == "running");
    assert_eq!(listed(&serve, &["--status", "running"]), LONG[..1]);

    assert_eq!(queue_json(&serve, &["cancel", "-900000003"]), json!({ "cancelled": ["-900000003"] }));
    assert_eq!(status(&serve, LONG[2]), "cancelled");
    let again = queue(&serve, &["cancel", "-900000003", "5"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(1), "Cancelled 0 calculations.\n"));
    assert!(again.stderr.contains("not queued or running: -900000003, 5"), "{again:?}");

    let unasked = queue(&serve, &["purge", "--submitter", "192.0.2.7"]);
    assert_eq!(unasked.code, Some(2));
    assert!(unasked.stderr.contains("--force"), "{unasked:?}");
    assert_eq!(listed(&serve, &[]), LONG[..2], "nothing was purged");

    submit(&serve, 900_000_004, "192.0.2.9");
    let purged = queue(&serve, &["purge", "--submitter", "192.0.2.7", "--force"]);
    assert_eq!((purged.code, purged.stdout.as_str()), (Some(0), "Cancelled 2 calculations.\n"), "{purged:?}");
    assert_eq!(listed(&serve, &[]), [900_000_004]);
    for n in &LONG[..2] {
        assert_eq!(status(&serve, *n), "cancelled");
    }
    until("the worker takes the next", || status(&serve, 900_000_004) == "running");

    submit(&serve, LONG[0], "192.0.2.7");
    assert_eq!(listed(&serve, &["--submitter", "192.0.2.7"]), LONG[..1], "it can be submitted again");
    assert_eq!(queue_json(&serve, &["purge", "--force"])["cancelled"].as_array().map(Vec::len), Some(2));
    assert_eq!(queue(&serve, &["purge"]).code, Some(0), "there is nothing to ask about");
}

#[test]
fn a_purge_on_a_terminal_shows_who_it_is_about_and_cancels_only_on_yes() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = serve_with_long_work(data.path());
    let purge = |answer: &str| {
        let internal = [("ABACI_INTERNAL_LISTEN", serve.internal())];
        finish_on_terminal("queue purge --submitter 192.0.2.7", &internal, answer)
    };
    // Control-D at the start of a line is the end of the input.
    for answer in ["n\n", "\n", "yess\n", "\u{4}"] {
        let declined = purge(answer);
        assert_eq!(declined.code, Some(1), "{answer:?}: {declined:?}");
        let shown = &declined.stdout;
        assert!(shown.contains("192.0.2.7") && !shown.contains("2001:db8::"), "{answer:?}: {shown}");
        assert!(shown.contains("Cancel all of them? [y/N]") && shown.contains("nothing was cancelled"), "{shown}");
        assert_eq!(listed(&serve, &[]), LONG, "{answer:?}");
    }
    let confirmed = purge("Y\n");
    assert_eq!(confirmed.code, Some(0), "{confirmed:?}");
    assert!(confirmed.stdout.contains("Cancelled 2 calculations."), "{confirmed:?}");
    assert_eq!(listed(&serve, &[]), LONG[2..]);
    let nothing_left = purge("");
    assert!(nothing_left.code == Some(0) && !nothing_left.stdout.contains("[y/N]"), "{nothing_left:?}");
}

#[test]
fn the_queue_is_open_to_programs_on_this_machine_only() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Running::start(role("serve", data.path()));
    assert!(serve.get_internal("/queue").starts_with("HTTP/1.1 200"));
    for header in ["Origin: http://evil.example\r\n", "X-Forwarded-For: 192.0.2.1\r\n"] {
        let refused = request(serve.internal(), "POST /queue/cancel", header, r#"{"indexes": []}"#);
        assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    }
    let form = request(serve.internal(), "POST /queue/cancel", "Content-Type: text/plain\r\n", r#"{"indexes": []}"#);
    assert!(form.starts_with("HTTP/1.1 415"), "{form}");
    assert!(get(serve.public(), "/queue").starts_with("HTTP/1.1 404"));

    let public = finish(abaci(&["queue", "list", "--internal-listen", serve.public()]));
    assert_eq!(public.code, Some(1));
    assert!(public.stderr.contains("has no queue"), "{public:?}");
    serve.stop();
    let stopped = queue(&serve, &["list"]);
    assert_eq!(stopped.code, Some(1));
    assert!(stopped.stderr.contains("does not respond"), "{stopped:?}");
}

#[test]
fn wrong_filters_are_refused_with_what_is_allowed() {
    for (arguments, allowed) in [
        (["list", "--lane", "fast"], "short, medium or long"),
        (["list", "--status", "done"], "queued or running"),
        (["purge", "--submitter", "example"], "an IP address"),
        (["list", "--older-than", "5"], "90s, 10m, 2h or 1d"),
        (["list", "--min-index", "1.000"], "1000"),
    ] {
        let refused = finish(abaci(&[&["queue"], &arguments[..]].concat()));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(allowed), "{refused:?}");
    }
}
