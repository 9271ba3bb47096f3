//! A private certificate authority and its server certificates.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::super::process::{program_path, run_to_end};

/// A certificate authority that no program trusts by default.
pub(crate) struct CertificateAuthority {
    folder: TempDir,
}

/// A certificate for a host, with its key.
#[derive(Clone, Debug)]
pub(crate) struct ServerCertificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The certificate of the authority.
    pub(crate) authority: PathBuf,
}

impl CertificateAuthority {
    /// Creates an authority; its files are deleted with it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        // The servers run as other users.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a folder of ours");
        let authority = Self { folder };
        let mut openssl = openssl(&["req", "-x509", "-days", "2", "-subj", "/CN=A test authority"]);
        openssl.args(KEY).arg("-keyout").arg(authority.path("authority.key")).arg("-out").arg(authority.certificate());
        run_to_end(openssl);
        authority
    }

    /// Returns its certificate, as PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// Creates a certificate for one host name.
    pub(crate) fn issue(&self, host: &str) -> ServerCertificate {
        let (key, request) = (self.path(&format!("{host}.key")), self.path(&format!("{host}.csr")));
        let certificate = self.path(&format!("{host}.pem"));
        let extensions = self.path(&format!("{host}.ext"));
        let text = format!("subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n");
        std::fs::write(&extensions, text).expect("written");
        let mut request_command = openssl(&["req", "-subj", &format!("/CN={host}")]);
        request_command.args(KEY).arg("-keyout").arg(&key).arg("-out").arg(&request);
        run_to_end(request_command);
        let mut sign_command = openssl(&["x509", "-req", "-days", "2", "-CAcreateserial"]);
        sign_command.arg("-in").arg(&request).arg("-out").arg(&certificate).arg("-extfile").arg(&extensions);
        sign_command.arg("-CA").arg(self.certificate()).arg("-CAkey").arg(self.path("authority.key"));
        run_to_end(sign_command);
        ServerCertificate { certificate, key, authority: self.certificate() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl ServerCertificate {
    /// Returns a copy of the key that only one user can read, as PostgreSQL requires.
    pub(super) fn key_for(&self, user: Option<&str>, folder: &Path) -> PathBuf {
        let copy = folder.join("server.key");
        std::fs::copy(&self.key, &copy).expect("the key can be copied");
        std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o600)).expect("a file of ours");
        if let Some(user) = user {
            let mut chown = Command::new("chown");
            chown.arg(user).arg(&copy);
            run_to_end(chown);
        }
        copy
    }
}

const KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

fn openssl(arguments: &[&str]) -> Command {
    let mut openssl = Command::new(program_path("openssl", "openssl"));
    openssl.args(arguments);
    openssl
}
