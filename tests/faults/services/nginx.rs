//! The router, from the project's own files.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{free_port, until};
use crate::process::{Process, command, program_path};

/// nginx with `nginx/` of this project.
pub(crate) struct Nginx {
    pub(crate) port: u16,
    apis: Vec<u16>,
    client: u16,
    settings: Vec<(String, String)>,
    directory: TempDir,
    log: PathBuf,
    process: Option<Process>,
}

impl Nginx {
    /// Starts it in front of apis and a client on these ports, with settings of `nginx/run` beside the usual.
    pub(crate) fn start(apis: &[u16], client: u16, settings: &[(&str, &str)], log: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        // Its workers are not root even if it is.
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).expect("a folder of ours");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut nginx =
            Self { port: free_port(), apis: apis.to_vec(), client, settings, directory, log, process: None };
        nginx.restart();
        nginx
    }

    /// Where people find it.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends it as a power switch would, its workers too.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it if it does not run; returns when it accepts connections.
    pub(crate) fn restart(&mut self) {
        program_path("nginx", "nginx-light");
        program_path("envsubst", "gettext-base");
        until("nginx listens", || {
            // Its port may be taken for a moment by what a kill left of it.
            if self.process.as_mut().is_none_or(|process| process.ended().is_some()) {
                self.process = Some(Process::start(self.server(), &self.log));
            }
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// Stops it in its tracks or lets it go on.
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

/// The project's `nginx/`.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nginx").canonicalize().expect("the project's nginx folder")
}
