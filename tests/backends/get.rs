//! `abaci get` from a server behind TLS.

use crate::role::{TestRole, Variables, abaci};
use crate::s3::TlsProxy;
use crate::support::reference::is_fibonacci;
use crate::support::servers::CertificateAuthority;

#[test]
fn a_value_is_read_over_https_from_a_server_that_is_trusted_only() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let settings: Variables = vec![("ABACI_DATA_DIR", folder.path().join("data").display().to_string())];
    let serve = TestRole::start("serve", &settings, folder.path());
    let (authority, another) = (CertificateAuthority::new(), CertificateAuthority::new());
    let proxy = TlsProxy::start(&authority.issue("localhost"), serve.port(), folder.path().join("nginx.log"));
    let get = |trusted: &CertificateAuthority, host: &str, subject: &str| {
        let server = format!("https://{host}:{}", proxy.port);
        let trusted = trusted.certificate().display().to_string();
        abaci(&["get", subject, "--server", &server], &vec![("SSL_CERT_FILE", trusted)])
    };

    // A short value and one that is streamed.
    for n in [100, 1_000_000] {
        let got = get(&authority, "localhost", &n.to_string());
        assert!(got.status.success(), "{}", String::from_utf8_lossy(&got.stderr));
        assert!(is_fibonacci(n, got.stdout.trim_ascii_end()), "F({n})");
    }
    // A certificate of somebody else, and one for another host.
    for (trusted, host, cause) in
        [(&another, "localhost", "invalid peer certificate"), (&authority, "127.0.0.1", "not valid for name")]
    {
        let refused = get(trusted, host, "100");
        let stderr = String::from_utf8_lossy(&refused.stderr);
        assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), &b""[..]), "{stderr}");
        assert!(stderr.contains("no certificate that is trusted here") && stderr.contains(cause), "{stderr}");
    }
}
