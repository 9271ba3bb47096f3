//! An S3 endpoint with one empty bucket.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::process::{ChildProcess, command, program_path};
use crate::support::servers::{ServerCertificate, free_port, until};

/// moto's server, which accepts any credentials.
pub(crate) struct S3Server {
    pub(crate) port: u16,
    child: Child,
}

impl S3Server {
    /// Its bucket.
    pub(crate) const BUCKET: &str = "values";

    pub(crate) fn start() -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/s3-endpoint");
        let mut command = Command::new(program);
        // It exits when its standard input closes.
        let mut child =
            command.arg(Self::BUCKET).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut url).expect("it says where it is");
        let port = url.trim_end().strip_prefix("http://127.0.0.1:").and_then(|port| port.parse().ok());
        Self { port: port.expect("ci/s3-endpoint did not start; see its output above"), child }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        // Both fail only if it has exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A TLS proxy in front of a server without TLS.
pub(crate) struct TlsProxy {
    pub(crate) port: u16,
    _process: ChildProcess,
    _folder: TempDir,
}

impl TlsProxy {
    /// Starts a proxy with a certificate, to a loopback port.
    pub(crate) fn start(certificate: &ServerCertificate, to: u16, log: PathBuf) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        let settings = folder.path().join("nginx.conf");
        std::fs::write(&settings, configuration(certificate, port, to)).expect("written");
        let mut nginx = command(program_path("nginx", "nginx-light"), "TERM", None);
        nginx.arg("-p").arg(folder.path()).arg("-c").arg(&settings).args(["-e", "stderr"]);
        let process = ChildProcess::start(nginx, &log);
        until("nginx listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { port, _process: process, _folder: folder }
    }
}

fn configuration(certificate: &ServerCertificate, port: u16, to: u16) -> String {
    let (certificate, key) = (certificate.certificate.display(), certificate.key.display());
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
