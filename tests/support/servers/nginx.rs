//! nginx with the project's own configuration.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::super::process::{ChildProcess, command, program_path};
use super::{free_port, until};

/// nginx with the configuration in `nginx/`.
pub(crate) struct Nginx {
    pub(crate) port: u16,
    apis: Vec<u16>,
    client: u16,
    settings: Vec<(String, String)>,
    directory: TempDir,
    log: PathBuf,
    process: Option<ChildProcess>,
}

impl Nginx {
    /// Starts it in front of APIs and a client on these ports, with additional settings of `nginx/run`.
    pub(crate) fn start(apis: &[u16], client: u16, settings: &[(&str, &str)], log: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        // Its workers never run as root.
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).expect("a folder of ours");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut nginx =
            Self { port: free_port(), apis: apis.to_vec(), client, settings, directory, log, process: None };
        nginx.restart();
        nginx
    }

    /// Returns its URL, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it and its workers.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it if it is not running; returns when it accepts connections.
    pub(crate) fn restart(&mut self) {
        program_path("nginx", "nginx-light");
        program_path("envsubst", "gettext-base");
        until("nginx listens", || {
            // After a kill, its port may stay in use for a moment.
            if self.process.as_mut().is_none_or(|process| process.exit_status().is_some()) {
                self.process = Some(ChildProcess::start(self.server(), &self.log));
            }
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Sends it a signal, to its workers too.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.as_ref().expect("nginx runs").signal(signal);
    }

    fn server(&self) -> std::process::Command {
        let apis: Vec<String> = self.apis.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let mut server = command(folder().join("run"), "TERM", None);
        server.arg(self.directory.path());
        server.env("ABACI_ROUTER_LISTEN", format!("127.0.0.1:{}", self.port));
        server.env("ABACI_API_UPSTREAM", apis.join(" "));
        server.env("ABACI_CLIENT_UPSTREAM", format!("127.0.0.1:{}", self.client));
        server.envs(self.settings.iter().map(|(name, value)| (name, value)));
        server
    }
}

/// Returns the path of `nginx/`.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx").canonicalize().expect("the project's nginx folder")
}
