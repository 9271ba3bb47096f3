//! The roles of the distributed mode as processes.

use std::process::Command;

use tokio::net::TcpSocket;

use crate::program::{Running, abaci, finish, get, role, until};

type EnvVars<'a> = &'a [(&'a str, &'a str)];

fn configured(name: &str, settings: EnvVars<'_>) -> Command {
    let mut command = role(name, "data".as_ref());
    command.envs(settings.iter().copied());
    command
}

/// Returns a loopback port that refuses connections while the socket is kept: bound, but not listening.
fn refusing_port() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let port = socket.local_addr().expect("bound").port().to_string();
    (socket, port)
}

fn unavailable_backends(port: &str) -> [(&str, &str); 4] {
    [("PGHOST", "127.0.0.1"), ("PGPORT", port), ("REDIS_HOST", "127.0.0.1"), ("REDIS_PORT", port)]
}

#[test]
fn without_their_backends_api_and_worker_are_alive_but_not_ready() {
    let data = tempfile::tempdir().expect("a folder");
    let (_socket, port) = refusing_port();
    let start = |name| {
        let mut command = role(name, data.path());
        command.envs(unavailable_backends(&port));
        Running::start(command)
    };
    let (mut api, mut worker) = (start("api"), start("worker"));
    for role in [&api, &worker] {
        assert!(role.get_internal("/healthz").starts_with("HTTP/1.1 200"), "{}", role.get_internal("/healthz"));
        assert!(role.get_internal("/readyz").starts_with("HTTP/1.1 503"), "{}", role.get_internal("/readyz"));
    }
    let response = get(api.public(), "/api/calculations/7");
    assert!(response.starts_with("HTTP/1.1 503") && response.contains("urn:abaci:problem:unavailable"), "{response}");
    api.stop();
    worker.stop();
}

#[test]
fn the_client_is_ready_when_the_api_responds() {
    let data = tempfile::tempdir().expect("a folder");
    let (_socket, port) = refusing_port();
    let client = |api: &str| Running::start(configured("client", &[("ABACI_API_URL", &format!("http://{api}"))]));
    let without_api = client(&format!("127.0.0.1:{port}"));
    assert!(without_api.get_internal("/healthz").starts_with("HTTP/1.1 200"));
    assert!(without_api.get_internal("/readyz").starts_with("HTTP/1.1 503"));

    let serve = Running::start(role("serve", data.path()));
    let mut client = client(serve.public());
    assert!(client.get_internal("/readyz").starts_with("HTTP/1.1 200"));
    assert!(get(client.public(), "/").starts_with("HTTP/1.1 200"));
    let check = finish(abaci(&["healthcheck", "client", "--internal-listen", client.internal()]));
    assert_eq!((check.code, check.stderr), (Some(0), String::new()));

    drop(serve);
    until("the client is not ready", || client.get_internal("/readyz").starts_with("HTTP/1.1 503"));
    client.stop();
}

#[test]
fn healthcheck_uses_the_default_port_of_each_role() {
    for (role, port) in [("serve", 9051), ("api", 9050), ("client", 9030), ("worker", 9060)] {
        // If something on this machine listens there and is ready, nothing is printed.
        let check = finish(abaci(&["healthcheck", role]));
        let expected = format!("http://127.0.0.1:{port}/readyz");
        assert!(check.code == Some(0) || check.stderr.contains(&expected), "{role}: {check:?}");
    }
}

#[test]
fn wrong_settings_of_the_backends_are_refused_by_name() {
    let both = [("PGHOST", "a"), ("REDIS_HOST", "b")];
    let with_both = |setting| [both.as_slice(), &[setting]].concat();
    let mut cases = vec![
        (vec![both[0]], "REDIS_HOST"),
        (vec![both[1]], "PGHOST"),
        (with_both(("ABACI_MODE", "embedded")), "ABACI_MODE"),
    ];
    for setting in [("PGPORT", "x"), ("PGSSLMODE", "allow"), ("REDIS_TLS", "2"), ("ABACI_REDIS_PREFIX", "{a}")] {
        cases.push((with_both(setting), setting.0));
    }
    for name in ["api", "worker"] {
        for (settings, expected) in &cases {
            let refused = finish(configured(name, settings));
            assert_eq!(refused.code, Some(2), "{name} {settings:?}");
            assert!(refused.stderr.contains(expected), "{name} {settings:?}: {refused:?}");
        }
    }
}

#[test]
fn the_public_development_password_is_refused_in_production() {
    let password = "development-only-x";
    for (variable, production) in [
        ("PGPASSWORD", ("ABACI_PUBLIC_URL", "https://abaci.example")),
        ("REDIS_PASSWORD", ("ABACI_PUBLIC_URL", "https://abaci.example")),
        ("PGPASSWORD", ("PGSSLMODE", "verify-full")),
        ("REDIS_PASSWORD", ("REDIS_TLS", "true")),
    ] {
        let settings = [("PGHOST", "a"), ("REDIS_HOST", "b"), (variable, password), production];
        let refused = finish(configured("api", &settings));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(variable) && !refused.stderr.contains(password), "{refused:?}");
    }
    let data = tempfile::tempdir().expect("a folder");
    let (_socket, port) = refusing_port();
    let mut command = role("api", data.path());
    command.envs(unavailable_backends(&port)).env("PGPASSWORD", password).env("REDIS_PASSWORD", password);
    Running::start(command).stop();
}

#[test]
fn every_setting_but_the_passwords_is_a_flag() {
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
    for name in ["serve", "api", "worker", "migrate"] {
        let help = finish(abaci(&[name, "--help"])).stdout;
        for setting in SETTINGS {
            assert!(help.contains(&format!("{setting}=")), "{name}: {setting}");
        }
        assert!(!help.contains("PGPASSWORD=") && !help.contains("REDIS_PASSWORD="), "{name}");
    }
}
