//! `abaci serve` as a process: it starts, answers, keeps its directory to itself and stops in order.

mod run;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use run::{abaci, exit_code_within_seconds, interrupt, output, stderr, terminate};

/// A running system; ended with the test.
struct Serve {
    child: Child,
    /// `address:port` of page and API.
    public: String,
    /// `address:port` of health and metrics.
    internal: String,
}

impl Serve {
    fn start(data: &Path) -> Self {
        let mut child = serve(data).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut addresses = lines.map(|line| {
            let line = line.expect("text");
            line.split_once("http://").map(|(_, address)| address.to_owned()).expect("a line with an address")
        });
        let (Some(public), Some(internal)) = (addresses.next(), addresses.next()) else {
            let mut said = String::new();
            child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
            panic!("it ended before it was ready: {said}");
        };
        Self { child, public, internal }
    }

    fn id(&self) -> u32 {
        self.child.id()
    }

    fn stderr(&mut self) -> BufReader<ChildStderr> {
        BufReader::new(self.child.stderr.take().expect("piped, and taken once"))
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Both fail only if it has ended already, which some tests want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(data: &Path) -> Command {
    let mut command = abaci(&["serve"]);
    command.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0").env("ABACI_DATA_DIR", data);
    command
}

/// The whole answer to a request with these further header lines and body.
fn ask(address: &str, request: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time");
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in time");
    answer
}

fn get(address: &str, path: &str) -> String {
    ask(address, &format!("GET {path}"), "", "")
}

#[test]
fn an_index_asked_for_becomes_a_value_on_the_page_and_in_the_api() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = Serve::start(data.path());
    let headers = "Content-Type: application/json\r\nPrefer: wait=30\r\n";
    let answer = ask(&serve.public, "POST /api/calculations", headers, r#"{"index":"100"}"#);
    assert!(answer.contains("354224848179261915075"), "{answer}");
    let value = get(&serve.public, "/api/calculations/100/value");
    assert!(value.starts_with("HTTP/1.1 200") && value.ends_with("\r\n354224848179261915075"), "{value}");
    let page = get(&serve.public, "/n/100");
    // The page sets the digits in groups.
    let digits: String = page.chars().filter(char::is_ascii_digit).collect();
    assert!(page.starts_with("HTTP/1.1 200") && digits.contains("354224848179261915075"), "{page}");
}

#[test]
fn a_value_outlives_the_process() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Serve::start(data.path());
    let headers = "Content-Type: application/json\r\nPrefer: wait=30\r\n";
    // Long enough to lie beside the record as a file.
    let answer = ask(&serve.public, "POST /api/calculations", headers, r#"{"index":"400000"}"#);
    assert!(answer.contains(r#""status":"done""#), "{answer}");
    let digits = get(&serve.public, "/api/calculations/400000/value");
    terminate(serve.id());
    assert_eq!(exit_code_within_seconds(&mut serve.child, 20), Some(0));
    let serve = Serve::start(data.path());
    let again = get(&serve.public, "/api/calculations/400000/value");
    let body = |answer: &str| answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    assert_eq!(body(&digits), body(&again));
    assert_eq!(body(&again).map(|body| body.len()), Some(83_595));
}

#[test]
fn health_and_metrics_are_told_on_the_internal_port_only() {
    let data = tempfile::tempdir().expect("a folder");
    let serve = Serve::start(data.path());
    assert!(get(&serve.internal, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&serve.internal, "/readyz").starts_with("HTTP/1.1 200"));
    let metrics = get(&serve.internal, "/metrics");
    for told in [
        "abaci_build_info{",
        "abaci_queue_waiting{lane=\"short\"} 0\n",
        "abaci_queue_oldest_seconds{lane=\"long\"} 0\n",
    ] {
        assert!(metrics.contains(told), "{told} in {metrics}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert!(get(&serve.public, path).starts_with("HTTP/1.1 404"), "{path}");
    }
}

#[test]
fn healthcheck_tells_by_its_exit_code() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Serve::start(data.path());
    let url = format!("http://{}", serve.internal);
    let healthy = output(abaci(&["healthcheck", "--url", &url]));
    assert_eq!((healthy.status.code(), stderr(&healthy)), (Some(0), String::new()));
    let by_setting = {
        let mut command = abaci(&["healthcheck"]);
        command.env("ABACI_INTERNAL_LISTEN", &serve.internal);
        output(command)
    };
    assert_eq!(by_setting.status.code(), Some(0));
    terminate(serve.id());
    assert_eq!(exit_code_within_seconds(&mut serve.child, 20), Some(0));
    let gone = output(abaci(&["healthcheck", "--url", &url]));
    assert_eq!(gone.status.code(), Some(1));
    assert!(stderr(&gone).contains("does not answer"), "{}", stderr(&gone));
}

#[test]
fn a_second_process_on_the_same_directory_is_told_who_holds_it() {
    let data = tempfile::tempdir().expect("a folder");
    let first = Serve::start(data.path());
    let second = output(serve(data.path()));
    assert_eq!(second.status.code(), Some(1));
    let said = stderr(&second);
    assert!(said.contains(&format!("process {} at http://{}", first.id(), first.public)), "{said}");
}

#[test]
fn a_directory_is_free_again_after_its_holder_was_killed() {
    let data = tempfile::tempdir().expect("a folder");
    let mut first = Serve::start(data.path());
    first.child.kill().expect("it is alive");
    first.child.wait().expect("it is our child");
    let second = Serve::start(data.path());
    assert!(get(&second.internal, "/readyz").starts_with("HTTP/1.1 200"));
}

#[test]
fn an_address_in_use_is_said_with_the_setting_that_names_it() {
    let data = tempfile::tempdir().expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    for setting in ["ABACI_LISTEN", "ABACI_INTERNAL_LISTEN"] {
        let mut command = serve(data.path());
        command.env(setting, &address);
        let output = output(command);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(said.contains(setting) && said.contains(&address), "{said}");
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let output = output(serve(Path::new("/dev/null/data")));
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("/dev/null/data"), "{}", stderr(&output));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Serve::start(data.path());
    // A request whose body does not come keeps it from stopping by itself; 100 says that it waits for it.
    let mut open = TcpStream::connect(&serve.public).expect("it listens");
    let headers = "Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n";
    write!(open, "POST /api/calculations HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", serve.public).expect("sent");
    let mut answer = [0; 12];
    open.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 100");
    let mut lines = serve.stderr().lines();
    interrupt(serve.id());
    lines
        .find(|line| line.as_ref().is_ok_and(|line| line.contains("asked to stop")))
        .expect("it says so")
        .expect("text");
    interrupt(serve.id());
    assert_eq!(exit_code_within_seconds(&mut serve.child, 5), Some(130));
}

#[test]
fn every_line_of_the_log_is_json() {
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = Serve::start(data.path());
    terminate(serve.id());
    assert_eq!(exit_code_within_seconds(&mut serve.child, 20), Some(0));
    let lines: Vec<_> = serve.stderr().lines().map(|line| line.expect("text")).collect();
    assert!(lines.len() >= 2, "{lines:?}");
    for line in lines {
        let entry: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{line}");
    }
}

#[test]
fn migrate_makes_a_record_unless_somebody_uses_it() {
    let data = tempfile::tempdir().expect("a folder");
    let migrate = || {
        let mut command = abaci(&["migrate"]);
        command.env("ABACI_DATA_DIR", data.path());
        output(command)
    };
    let made = migrate();
    assert_eq!((made.status.code(), stderr(&made)), (Some(0), String::new()));
    assert!(data.path().join("abaci.sqlite").is_file());
    let _holder = Serve::start(data.path());
    let refused = migrate();
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("is in use by process"), "{}", stderr(&refused));
}
