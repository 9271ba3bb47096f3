//! The HTTP client of the tests.

/// A client to be set up further, for plain HTTP.
#[cfg(not(any(feature = "otlp", feature = "s3")))]
pub(crate) fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
}

/// The same where the program is built with TLS: so is the tests' client then, and it wants a provider, and
/// would read the machine's certificates, which takes longer than some tests.
#[cfg(any(feature = "otlp", feature = "s3"))]
pub(crate) fn client() -> reqwest::ClientBuilder {
    // An error says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([])
}
