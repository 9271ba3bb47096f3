//! `abaci submit`, `watch` and `get` against a running system, also while it fails.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use serde_json::Value;

use crate::stack::{Stack, eventually};
use crate::support::proxy::Proxy;
use crate::support::reference;

/// Takes seconds to compute on one thread.
const LONG: i64 = 900_000_000;

/// Returns a subcommand that uses the system at this URL.
fn abaci(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_abaci"));
    command.args(arguments).env_clear().env("ABACI_SERVER", url);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a subcommand to its end, and returns its exit code, standard output and standard error.
fn run(url: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    texts(abaci(url, arguments).output().expect("it runs"))
}

fn texts(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Returns the URL of a loopback port.
fn local(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn port(stack: &Stack) -> u16 {
    stack.url.rsplit_once(':').expect("a port").1.parse().expect("a number")
}

/// Starts a subcommand, and returns it with its first line of standard output.
fn start(mut command: Command) -> (Child, String) {
    let mut child = command.spawn().expect("it starts");
    let stdout = child.stdout.as_mut().expect("piped");
    let (mut line, mut byte) = (String::new(), [0]);
    // One byte at a time: what follows the line is left for `wait_with_output`.
    while byte != *b"\n" {
        stdout.read_exact(&mut byte).expect("a line");
        line.push(byte[0].into());
    }
    (child, line)
}

/// Starts a proxy to a loopback port that passes what is sent through `edit`, with whether it is a response. It closes
/// the connection where `edit` returns `false`.
fn start_editing_proxy(to: u16, edit: fn(&mut Vec<u8>, bool) -> bool) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (Ok(near), Ok(far)) = (near, TcpStream::connect((Ipv4Addr::LOCALHOST, to))) else { continue };
            let (near_too, far_too) = (near.try_clone().expect("a copy"), far.try_clone().expect("a copy"));
            std::thread::spawn(move || copy(near, far, edit, false));
            std::thread::spawn(move || copy(far_too, near_too, edit, true));
        }
    });
    port
}

fn copy(mut from: TcpStream, mut to: TcpStream, edit: fn(&mut Vec<u8>, bool) -> bool, is_response: bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let mut bytes = buffer[..length].to_vec();
        if !edit(&mut bytes, is_response) || to.write_all(&bytes).is_err() {
            break;
        }
    }
    // Either may be closed already.
    let _ = (from.shutdown(std::net::Shutdown::Both), to.shutdown(std::net::Shutdown::Both));
}

/// Cancels a calculation with the token that it was submitted with.
async fn cancel(stack: &Stack, n: i64, submitted: &Value) {
    let request = stack.http.delete(format!("{}/api/calculations/{n}", stack.url));
    let response = request.header("abaci-ask", submitted["ask"].as_str().expect("a token")).send().await;
    assert_eq!(response.expect("a response").status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn submit_prints_a_line_for_each_index() {
    // Less than a thousand: a batch that is too large for the server is cut.
    let stack = Stack::own(&[("ABACI_BATCH_INDEXES", "300")]).await;
    let (code, stdout, stderr) = run(&stack.url, &["submit", "1e3", "5..7", "-6", "--", "-2..2..2"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let indexes = [1_000, 5, 6, 7, -6, -2, 0, 2];
    for (line, n) in stdout.lines().zip(indexes) {
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!((words[0], words[2]), (&*format!("F({n})"), &*format!("{}/n/{n}", stack.url)));
    }
    assert_eq!(stdout.lines().count(), indexes.len());

    let mut command = abaci(&stack.url, &["submit", "-", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(b"2000..3200\n\n1e6\n").expect("sent");
    let (code, stdout, stderr) = texts(child.wait_with_output().expect("it ends"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let lines: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 1_202);
    assert_eq!((&lines[1_200]["index"], &lines[1_201]["subject"]), (&"3200".into(), &"F(1000000)".into()));
    assert_eq!(stack.stored_count().await, indexes.len() + lines.len());
}

#[tokio::test]
async fn other_subjects_are_submitted_in_batches_with_indexes() {
    let stack = Stack::own(&[]).await;
    let mut command = abaci(&stack.url, &["submit", "L(1e3)", "5..6", "T(3, 50)", "-", "P(10^20)"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(b"U(3,-1,10)\n7..8\n").expect("written");
    let (code, stdout, stderr) = texts(child.wait_with_output().expect("it runs"));
    assert_eq!(code, Some(0), "{stderr}");
    let subjects: Vec<&str> = stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    let expected = "L(1000) F(5) F(6) T(3,50) U(3,-1,10) F(7) F(8) P(100000000000000000000)";
    assert_eq!(subjects.join(" "), expected);
    for (subject, value) in
        [("T(3,50)", "3122171529233\n"), ("P(10^20)", "150000000000000000000\n"), ("A(1000)", "750\n")]
    {
        let (code, stdout, stderr) = run(&stack.url, &["get", subject]);
        assert_eq!((code, stdout.as_str()), (Some(0), value), "{subject}: {stderr}");
    }
    let (code, _, stderr) = run(&stack.url, &["submit", "1", "P(2^128)"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("expected a modulus from 1 to 2^128 - 1"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_input_is_refused_with_what_is_allowed() {
    let stack = Stack::own(&[("ABACI_MAX_INDEX", "1000000")]).await;
    for (arguments, expected) in [
        (&["submit", "1..x"][..], "expected whole numbers"),
        (&["submit", "1e6+1"], "The index is out of range; expected -1000000 to 1000000, got 1000001"),
        (&["submit", "1", "1e6+1"], "got 1000001 (line 2)"),
        (&["submit", "1e30"], "beyond 64 bits"),
        (&["get", "1e18"], "--digits, --first, --last and --mod work for this N"),
        (&["get", "1e30"], "--digits, --first, --last and --mod"),
        (&["watch", "1e30"], "beyond the range of an index"),
        (&["watch", "5", "--server", "localhost"], "expected a URL such as"),
    ] {
        let (code, stdout, stderr) = run(&stack.url, arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    assert_eq!(stack.stored_count().await, 0);
    let (code, _, stderr) = run(&stack.url, &["watch", "7"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("F(7) was never submitted") && stderr.contains("`abaci submit 7`"), "{stderr}");
}

#[test]
fn nothing_there_is_said_at_once_with_what_to_do() {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = local(unused.local_addr().expect("an address").port());
    drop(unused);
    for subcommand in ["submit", "watch", "get"] {
        let (code, stdout, stderr) = run(&url, &[subcommand, "5"]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        for expected in [&*url, "Connection refused", "`abaci serve`", "ABACI_SERVER"] {
            assert!(stderr.contains(expected), "{subcommand}: {stderr}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_prints_values_and_their_parts() {
    let stack = Stack::own(&[]).await;
    for n in [0, -8, 1_000, 100_000] {
        let (code, stdout, stderr) = run(&stack.url, &["get", &n.to_string()]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        assert_eq!(stdout, reference::fibonacci(n) + "\n", "F({n})");
    }
    let (_, stdout, _) = run(&stack.url, &["get", "-8", "--json"]);
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((&json["value"], &json["digits"]), (&"-21".into(), &"2".into()));

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("value");
    let (code, stdout, _) = run(&stack.url, &["get", "1e5", "-o", file.to_str().expect("UTF-8")]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), reference::fibonacci(100_000) + "\n");

    let parts = ["1e18", "--digits", "--first", "3", "--last", "4", "--mod", "1000000007"];
    let (code, of_server, _) = run(&stack.url, &[&["get"], &parts[..]].concat());
    let (_, computed_here, _) = run(&stack.url, &[&["fib"], &parts[..]].concat());
    assert_eq!((code, of_server), (Some(0), computed_here));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_digit_is_noticed_and_no_file_is_left() {
    let stack = Stack::own(&[]).await;
    let port = start_editing_proxy(port(&stack), |bytes, is_response| {
        if is_response && let Some(at) = bytes.windows(8).position(|digits| digits == b"79261915") {
            bytes[at] = b'8';
        }
        true
    });
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("value");
    let (code, _, stderr) = run(&local(port), &["get", "100", "-o", file.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("the digits of F(100) are damaged: their SHA-256 is"), "{stderr}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    let (code, _, stderr) = run(&local(port), &["get", "100"]);
    assert_eq!((code, stderr.contains("damaged")), (Some(1), true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watch_and_get_poll_where_there_is_no_event_stream() {
    let stack = Stack::own(&[]).await;
    let port = start_editing_proxy(port(&stack), |bytes, _| !bytes.starts_with(b"GET /api/events"));
    let (code, stdout, stderr) = run(&local(port), &["get", "20000000", "--digits"]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "4179753\n", ""));
    stack.submit(20_000_000).await;
    let (code, stdout, stderr) = run(&local(port), &["watch", "2e7"]);
    assert_eq!((code, stdout.lines().last()), (Some(0), Some("F(20000000) done, 4,179,753 digits")), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watch_goes_on_when_the_system_is_killed_and_restarted() {
    let mut stack = Stack::own(&[("ABACI_WORKER_THREADS", "1")]).await;
    let proxy = Proxy::start(port(&stack)).await;
    stack.submit(LONG).await;
    stack.until(LONG, "running").await;
    let (mut watch, line) = start(abaci(&local(proxy.port), &["watch", "9e8"]));
    assert!(line.starts_with("F(900000000) running"), "{line}");
    stack.kill();
    let mut errors = BufReader::new(watch.stderr.take().expect("piped"));
    let mut error = String::new();
    errors.read_line(&mut error).expect("its error");
    assert!(error.contains("trying again in"), "{error}");
    stack.restart();
    proxy.redirect(port(&stack));
    let (code, stdout, _) = texts(watch.wait_with_output().expect("it ends"));
    assert_eq!((code, stdout.lines().last()), (Some(0), Some("F(900000000) done, 188,088,876 digits")));
    assert_eq!(stack.calculation(LONG).await["attempt"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watch_gives_up_when_the_system_does_not_return() {
    let mut stack = Stack::own(&[("ABACI_WORKER_THREADS", "1")]).await;
    stack.submit(LONG).await;
    stack.until(LONG, "running").await;
    let (watch, _) = start(abaci(&stack.url, &["watch", "9e8", "--retry", "1"]));
    stack.kill();
    let (code, _, stderr) = texts(watch.wait_with_output().expect("it ends"));
    assert_eq!(code, Some(1));
    assert!(stderr.lines().last().is_some_and(|line| line.starts_with("error: cannot connect")), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_goes_on_in_the_middle_of_the_digits_when_the_system_is_killed_and_restarted() {
    let mut stack = Stack::own(&[]).await;
    let proxy = Proxy::start(port(&stack)).await;
    // More than the buffers of all sockets and pipes between.
    let n = 200_000_000;
    stack.submit(n).await;
    stack.until(n, "done").await;
    let mut get = abaci(&local(proxy.port), &["get", "2e8"]).spawn().expect("it starts");
    let mut digits = vec![0; 1 << 20];
    let stdout = get.stdout.as_mut().expect("piped");
    stdout.read_exact(&mut digits).expect("the first digits");
    stack.kill();
    stack.restart();
    proxy.redirect(port(&stack));
    stdout.read_to_end(&mut digits).expect("the other digits");
    let (code, _, stderr) = texts(get.wait_with_output().expect("it ends"));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("trying again in"), "it noticed: {stderr}");
    assert_eq!(digits.pop(), Some(b'\n'));
    assert!(reference::is_fibonacci(n, &digits));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_says_that_a_calculation_was_cancelled() {
    static IS_SUBSCRIBED: AtomicBool = AtomicBool::new(false);
    let stack = Stack::own(&[("ABACI_WORKER_THREADS", "1")]).await;
    let port = start_editing_proxy(port(&stack), |bytes, _| {
        IS_SUBSCRIBED.fetch_or(bytes.starts_with(b"GET /api/events"), Ordering::Relaxed);
        true
    });
    for subcommand in ["watch", "get"] {
        let (_, submitted) = stack.submit(LONG).await;
        stack.until(LONG, "running").await;
        IS_SUBSCRIBED.store(false, Ordering::Relaxed);
        let child = abaci(&local(port), &[subcommand, "9e8"]).spawn().expect("it starts");
        eventually("it subscribes", async || IS_SUBSCRIBED.load(Ordering::Relaxed).then_some(())).await;
        cancel(&stack, LONG, &submitted).await;
        let (code, _, stderr) = texts(child.wait_with_output().expect("it ends"));
        assert_eq!((code, stderr.as_str()), (Some(4), "error: F(900000000) was cancelled\n"), "{subcommand}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_waited_for_as_long_as_allowed() {
    let stack = Stack::own(&[("ABACI_MAX_QUEUED", "1"), ("ABACI_WORKER_THREADS", "1")]).await;
    let (_, submitted) = stack.submit(LONG).await;
    let (code, stdout, stderr) = run(&stack.url, &["submit", "10", "--retry", "0"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("503: The queue is full. Nothing was stored; expected 1"), "{stderr}");
    assert!(stderr.contains("the server asks to wait 5 s"), "{stderr}");

    let mut child = abaci(&stack.url, &["submit", "10"]).spawn().expect("it starts");
    let mut notice = String::new();
    BufReader::new(child.stderr.take().expect("piped")).read_line(&mut notice).expect("its error");
    assert!(notice.contains("trying again in 5.0 s"), "{notice}");
    cancel(&stack, LONG, &submitted).await;
    let (code, stdout, _) = texts(child.wait_with_output().expect("it ends"));
    assert_eq!((code, stdout.starts_with("F(10) ")), (Some(0), true), "{stdout}");
}
