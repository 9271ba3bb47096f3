//! The secret by which the API of `serve` recognizes the pages of its own process, which call it over loopback like any
//! client.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn};
use client::ApiClient;
use model::AskToken;
use server::TrustedPeer;

const HEADER: HeaderName = HeaderName::from_static("abaci-pages");

/// A secret of this process. The address that a request with it forwards is believed.
pub(crate) struct OwnPages {
    secret: String,
}

impl OwnPages {
    /// Makes a random secret.
    pub(crate) fn new() -> std::io::Result<Self> {
        let secret = AskToken::random().map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(Self { secret: secret.to_string() })
    }

    /// Makes a client send the secret.
    pub(crate) fn identify(&self, api: ApiClient) -> ApiClient {
        match HeaderValue::from_str(&self.secret) {
            Ok(secret) => api.identified_by(HEADER, secret),
            Err(_) => api,
        }
    }

    /// Makes an API believe requests with the secret.
    pub(crate) fn trusted_by(&self, api: Router) -> Router {
        let secret = self.secret.clone();
        api.layer(from_fn(move |mut request: Request, next: Next| {
            if request.headers().get(&HEADER).is_some_and(|given| given.as_bytes() == secret.as_bytes()) {
                request.extensions_mut().insert(TrustedPeer);
            }
            next.run(request)
        }))
    }
}
