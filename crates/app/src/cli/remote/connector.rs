//! Opens connections: with TLS in builds with the feature `distributed`, which has it for other reasons.

use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;

use super::error::RemoteError;
use crate::config::HttpUrl;

#[cfg(not(feature = "distributed"))]
pub(super) use plain::Connector;
#[cfg(not(feature = "distributed"))]
use plain::for_scheme;
#[cfg(feature = "distributed")]
pub(super) use tls::Connector;
#[cfg(feature = "distributed")]
use tls::for_scheme;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns a connector for the URL's scheme.
pub(super) fn connector(url: &HttpUrl) -> Result<Connector, RemoteError> {
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(CONNECT_TIMEOUT));
    http.set_nodelay(true);
    for_scheme(http, url)
}

#[cfg(not(feature = "distributed"))]
mod plain {
    use super::{HttpConnector, HttpUrl, RemoteError};

    pub(in super::super) type Connector = HttpConnector;

    pub(super) fn for_scheme(http: HttpConnector, url: &HttpUrl) -> Result<Connector, RemoteError> {
        if url.uri().scheme_str() == Some("https") { Err(RemoteError::NoTls(url.to_string())) } else { Ok(http) }
    }
}

#[cfg(feature = "distributed")]
mod tls {
    use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
    use rustls::ClientConfig;
    use rustls_platform_verifier::BuilderVerifierExt as _;

    use super::{HttpConnector, HttpUrl, RemoteError};

    pub(in super::super) type Connector = HttpsConnector<HttpConnector>;

    /// Trusts the certificates that the machine trusts, or those in the file `SSL_CERT_FILE`.
    pub(super) fn for_scheme(mut http: HttpConnector, _: &HttpUrl) -> Result<Connector, RemoteError> {
        http.enforce_http(false);
        let builder = ClientConfig::builder().with_platform_verifier().map_err(RemoteError::Tls)?;
        let tls = HttpsConnectorBuilder::new().with_tls_config(builder.with_no_client_auth());
        Ok(tls.https_or_http().enable_http1().wrap_connector(http))
    }
}
