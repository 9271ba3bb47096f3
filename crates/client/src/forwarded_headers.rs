//! The headers of a visitor that the API gets: its address and trace.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The headers that are forwarded from a visitor's request to the API.
#[derive(Debug, Default)]
pub(crate) struct ForwardedHeaders(HeaderMap);

impl ForwardedHeaders {
    /// Returns them with another header.
    pub(crate) fn with(&self, name: HeaderName, value: HeaderValue) -> Self {
        let mut headers = self.0.clone();
        headers.insert(name, value);
        Self(headers)
    }

    /// Adds them to the headers of a request.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        headers.extend(self.0.clone());
    }
}

impl<S: Sync> FromRequestParts<S> for ForwardedHeaders {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut headers = HeaderMap::new();
        let trace = server::current_trace();
        if let Some(traceparent) = trace.and_then(|trace| HeaderValue::try_from(trace.to_string()).ok()) {
            headers.insert(TRACEPARENT, traceparent);
        }
        // The address of our peer comes last: the API reads the chain from its end, as far as it trusts the proxies.
        let claimed = parts.headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let seen = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|caller| caller.0.ip().to_string());
        let chain: Vec<String> = claimed.map(str::to_owned).chain(seen).collect();
        if let Ok(chain) = HeaderValue::try_from(chain.join(", "))
            && !chain.is_empty()
        {
            headers.insert(X_FORWARDED_FOR, chain);
        }
        Ok(Self(headers))
    }
}
