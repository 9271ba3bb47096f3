//! The address of the client, as an extractor.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use server::client_address;

use super::ApiConfig;

/// The address that a request comes from, behind trusted proxies.
pub(crate) struct ClientIp(pub(crate) IpAddr);

impl<S> FromRequestParts<S> for ClientIp
where
    S: Send + Sync,
    Arc<ApiConfig>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let config = Arc::<ApiConfig>::from_ref(state);
        Ok(Self(client_address(&parts.headers, &parts.extensions, &config.trusted_proxies)))
    }
}
