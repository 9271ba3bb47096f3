//! A private authority, and the certificates that it gives to servers.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{output, program_path};

/// An authority that nobody believes who is not told to.
pub(crate) struct Authority {
    folder: TempDir,
}

/// A certificate for a host, with its key.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The authority's own certificate.
    pub(crate) authority: PathBuf,
}

impl Authority {
    /// A new one; all that it has goes with it.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        // What it gives out is read by servers that run as others.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a folder of ours");
        let authority = Self { folder };
        let mut openssl = openssl(&["req", "-x509", "-days", "2", "-subj", "/CN=An authority of a test"]);
        openssl.args(KEY).arg("-keyout").arg(authority.path("authority.key")).arg("-out").arg(authority.certificate());
        output(openssl);
        authority
    }

    /// Its certificate, as PEM: who believes this file believes all that it signs.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("authority.pem")
    }

    /// A certificate for one host name and no other.
    pub(crate) fn identity(&self, host: &str) -> Identity {
        let (key, request) = (self.path(&format!("{host}.key")), self.path(&format!("{host}.csr")));
        let certificate = self.path(&format!("{host}.pem"));
        let extensions = self.path(&format!("{host}.ext"));
        let said = format!("subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n");
        std::fs::write(&extensions, said).expect("written");
        let mut asking = openssl(&["req", "-subj", &format!("/CN={host}")]);
        asking.args(KEY).arg("-keyout").arg(&key).arg("-out").arg(&request);
        output(asking);
        let mut signing = openssl(&["x509", "-req", "-days", "2", "-CAcreateserial"]);
        signing.arg("-in").arg(&request).arg("-out").arg(&certificate).arg("-extfile").arg(&extensions);
        signing.arg("-CA").arg(self.certificate()).arg("-CAkey").arg(self.path("authority.key"));
        output(signing);
        Identity { certificate, key, authority: self.certificate() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Identity {
    /// A copy of the key that a user may read and nobody else, as PostgreSQL demands.
    pub(super) fn key_for(&self, user: Option<&str>, folder: &Path) -> PathBuf {
        let copy = folder.join("server.key");
        std::fs::copy(&self.key, &copy).expect("the key can be copied");
        std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o600)).expect("a file of ours");
        if let Some(user) = user {
            let mut chown = Command::new("chown");
            chown.arg(user).arg(&copy);
            output(chown);
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
