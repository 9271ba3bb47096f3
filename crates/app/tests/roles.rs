//! The roles as processes: they start whatever is missing, say what is, and end in order.

mod run;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::net::TcpSocket;

use run::{abaci, exit_code_within_seconds, output, stderr, terminate, until};

/// A running role; ended with the test.
struct Role {
    child: Child,
    /// Where it answers, the internal address last.
    addresses: Vec<String>,
    _data: tempfile::TempDir,
}

impl Role {
    /// Starts it and reads so many addresses.
    fn start(word: &str, settings: &[(&str, &str)], addresses: usize) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut child = role(word)
            .env("ABACI_DATA_DIR", data.path())
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let said = lines.map(|line| line.expect("text")).take(addresses);
        let addresses = said.map(|line| line.split_once("http://").expect("an address").1.to_owned()).collect();
        Self { child, addresses, _data: data }
    }

    fn internal(&self) -> &str {
        self.addresses.last().expect("it said where it is")
    }

    /// Head and body of the answer to a GET at the internal address.
    fn inside(&self, path: &str) -> String {
        get(self.internal(), path)
    }

    fn ends_well(mut self) {
        terminate(self.child.id());
        assert_eq!(exit_code_within_seconds(&mut self.child, 20), Some(0));
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // Both fail only if it has ended already, which some tests want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn role(word: &str) -> Command {
    let mut command = abaci(&[word]);
    command.env("ABACI_LISTEN", "127.0.0.1:0").env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0");
    command
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in time");
    answer
}

/// A port of loopback where connecting is refused, for as long as this is kept: taken, but not listened on.
fn nobody() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let port = socket.local_addr().expect("bound").port().to_string();
    (socket, port)
}

/// Settings with which nothing is to be found.
fn nothing_there(port: &str) -> [(&str, &str); 4] {
    [("PGHOST", "127.0.0.1"), ("PGPORT", port), ("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", port)]
}

#[test]
fn without_their_backends_api_and_worker_start_say_so_and_end_in_order() {
    let (_taken, port) = nobody();
    let api = Role::start("api", &nothing_there(&port), 2);
    let worker = Role::start("worker", &nothing_there(&port), 1);
    for role in [&api, &worker] {
        assert!(role.inside("/healthz").starts_with("HTTP/1.1 200"), "{}", role.inside("/healthz"));
        assert!(role.inside("/readyz").starts_with("HTTP/1.1 503"), "{}", role.inside("/readyz"));
    }
    let answer = get(&api.addresses[0], "/api/calculations/7");
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("urn:abaci:problem:unavailable"), "{answer}");
    api.ends_well();
    worker.ends_well();
}

#[test]
fn the_pages_are_ready_when_the_api_answers() {
    let (_taken, port) = nobody();
    let lonely = Role::start("client", &[("ABACI_API_URL", &format!("http://127.0.0.1:{port}"))], 2);
    assert!(lonely.inside("/healthz").starts_with("HTTP/1.1 200"));
    assert!(lonely.inside("/readyz").starts_with("HTTP/1.1 503"));

    let serve = Role::start("serve", &[], 2);
    let client = Role::start("client", &[("ABACI_API_URL", &format!("http://{}", serve.addresses[0]))], 2);
    assert!(client.inside("/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(&client.addresses[0], "/").starts_with("HTTP/1.1 200"));
    let asked = output(abaci(&["healthcheck", "client", "--internal-listen", client.internal()]));
    assert_eq!((asked.status.code(), stderr(&asked)), (Some(0), String::new()));

    drop(serve);
    until("the pages say that the api is gone", || client.inside("/readyz").starts_with("HTTP/1.1 503"));
    client.ends_well();
}

#[test]
fn a_healthcheck_asks_the_role_at_its_own_port() {
    for (role, port) in [("serve", 9051), ("api", 9050), ("client", 9030), ("worker", 9060)] {
        // Whoever may listen there on this machine, the address is said only if nobody is ready.
        let asked = output(abaci(&["healthcheck", role]));
        let said = stderr(&asked);
        assert!(asked.status.success() || said.contains(&format!("http://127.0.0.1:{port}/readyz")), "{role}: {said}");
    }
}

#[test]
fn a_backend_that_is_not_named_is_named_in_the_error() {
    for word in ["api", "worker"] {
        for (set, missing) in [("PGHOST", "REDIS_HOST"), ("REDIS_HOST", "PGHOST")] {
            let mut command = role(word);
            command.env(set, "somewhere");
            let output = output(command);
            assert_eq!(output.status.code(), Some(2));
            assert!(stderr(&output).contains(missing), "{word}: {}", stderr(&output));
        }
        let mut command = role(word);
        command.envs([("PGHOST", "a"), ("REDIS_HOST", "b"), ("ABACI_MODE", "embedded")]);
        let output = output(command);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("ABACI_MODE"), "{word}: {}", stderr(&output));
    }
}

#[test]
fn a_password_that_everybody_knows_is_refused_in_earnest() {
    let known = "development-only-x";
    for (password, earnest) in [
        ("PGPASSWORD", ("ABACI_PUBLIC_URL", "https://abaci.example")),
        ("REDIS_PASSWORD", ("ABACI_PUBLIC_URL", "https://abaci.example")),
        ("PGPASSWORD", ("PGSSLMODE", "verify-full")),
        ("REDIS_PASSWORD", ("REDIS_TLS", "true")),
    ] {
        let mut command = role("api");
        command.envs([("PGHOST", "a"), ("REDIS_HOST", "b"), (password, known), earnest]);
        let output = output(command);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(password) && !said.contains(known), "{said}");
    }
    let (_taken, port) = nobody();
    let settings = [nothing_there(&port).as_slice(), &[("PGPASSWORD", known), ("REDIS_PASSWORD", known)]].concat();
    Role::start("api", &settings, 2).ends_well();
}

#[test]
fn passwords_are_no_flags_and_every_other_setting_is_one() {
    const SETTINGS: [&str; 15] = [
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGDATABASE",
        "PGPASSWORD_FILE",
        "PGSSLMODE",
        "PGSSLROOTCERT",
        "REDIS_HOST",
        "REDIS_PORT",
        "REDIS_USERNAME",
        "REDIS_PASSWORD_FILE",
        "REDIS_TLS",
        "ABACI_REDIS_PREFIX",
        "ABACI_MIGRATE",
        "ABACI_MODE",
    ];
    for word in ["serve", "api", "worker", "migrate"] {
        let help = run::stdout(&output(abaci(&[word, "--help"])));
        for setting in SETTINGS {
            assert!(help.contains(&format!("{setting}=")), "{word}: {setting}");
        }
        assert!(!help.contains("PGPASSWORD=") && !help.contains("REDIS_PASSWORD="), "{word}");
    }
    for (setting, value) in [("PGPORT", "x"), ("PGSSLMODE", "allow"), ("REDIS_TLS", "2"), ("ABACI_REDIS_PREFIX", "{a}")]
    {
        let mut command = role("api");
        command.envs([("PGHOST", "a"), ("REDIS_HOST", "b"), (setting, value)]);
        let output = output(command);
        assert_eq!(output.status.code(), Some(2), "{setting}");
        assert!(stderr(&output).contains(setting), "{setting}: {}", stderr(&output));
    }
}
