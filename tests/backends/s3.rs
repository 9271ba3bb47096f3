//! An S3 endpoint with one empty bucket.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::process::{Process, command, program_path};
use crate::services::{Identity, free_port, until};

/// moto's server. It takes any keys, and none.
pub(crate) struct S3 {
    pub(crate) port: u16,
    child: Child,
}

impl S3 {
    /// Its bucket.
    pub(crate) const BUCKET: &str = "values";

    pub(crate) fn start() -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/s3-endpoint");
        let mut command = Command::new(program);
        // It ends with its standard input, and so with this process.
        let mut child =
            command.arg(Self::BUCKET).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut url).expect("it says where it is");
        let port = url.trim_end().strip_prefix("http://127.0.0.1:").and_then(|port| port.parse().ok());
        Self { port: port.expect("ci/s3-endpoint did not start; what it said is above"), child }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // Either fails only if it has ended by itself, which the test will have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// TLS in front of a server that speaks none.
pub(crate) struct TlsFront {
    pub(crate) port: u16,
    _process: Process,
    _folder: TempDir,
}

impl TlsFront {
    /// Begins to answer with a certificate for what a port of loopback answers.
    pub(crate) fn start(identity: &Identity, to: u16, log: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        let settings = folder.path().join("nginx.conf");
        std::fs::write(&settings, front(identity, port, to)).expect("written");
        let mut nginx = command(program_path("nginx", "nginx-light"), "TERM", None);
        nginx.arg("-p").arg(folder.path()).arg("-c").arg(&settings).args(["-e", "stderr"]);
        let process = Process::start(nginx, &log);
        until("nginx listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { port, _process: process, _folder: folder }
    }
}

fn front(identity: &Identity, port: u16, to: u16) -> String {
    let (certificate, key) = (identity.certificate.display(), identity.key.display());
    format!(
        "daemon off;
        user root;
        pid nginx.pid;
        events {{}}
        http {{
            access_log off;
            client_max_body_size 0;
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            server {{
                listen 127.0.0.1:{port} ssl;
                ssl_certificate {certificate};
                ssl_certificate_key {key};
                location / {{
                    proxy_pass http://127.0.0.1:{to};
                    proxy_set_header Host $http_host;
                }}
            }}
        }}"
    )
}
