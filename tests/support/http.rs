//! The HTTP client of the tests.

/// Returns a builder of clients for plain HTTP.
#[cfg(not(any(feature = "otlp", feature = "s3")))]
pub(crate) fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
}

/// Returns a builder of clients for plain HTTP. Built with TLS, the client needs a provider, and would load the
/// machine's certificates, which takes longer than some tests.
#[cfg(any(feature = "otlp", feature = "s3"))]
pub(crate) fn client() -> reqwest::ClientBuilder {
    // It fails only if a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([])
}
