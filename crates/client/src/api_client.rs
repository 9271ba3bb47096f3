//! The HTTP API as the pages use it: plain HTTP/1.1 over kept-alive connections.
//!
//! Whoever asked and which trace it belongs to is passed on, so that the API limits visitors, not this
//! process, and the log tells one story.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::{AskToken, Index};
use serde::de::DeserializeOwned;
use wire::{CalculationBody, CalculationList, Problem, Submitted, SystemStatus};

use crate::metrics;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// From sending a request to having read the whole answer.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than what servers keep idle connections for, so that we rarely write to one just closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// A page of the record with 200 values of 1,000 digits has a tenth of it.
const MAX_ANSWER_BYTES: usize = 4 << 20;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const ASK: HeaderName = HeaderName::from_static(wire::ASK_HEADER);

/// Calls the API. Clones share their connections.
#[derive(Clone)]
pub struct ApiClient {
    http: Client<HttpConnector, Full<Bytes>>,
    /// Scheme and authority, without a slash at the end.
    base: String,
}

/// Why a base URL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL.
    #[error("the API's URL cannot be read")]
    Malformed(#[from] http::uri::InvalidUri),
    /// Only `http://host:port` is understood: no encryption, no path, no query.
    #[error("the API's URL must be http://host:port without a path")]
    Unsupported,
}

/// The API does not answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OutOfReach(ApiError);

/// Why the API gave no answer that can be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// It said itself what is wrong; for people to read.
    #[error("the API answered {}: {}", problem.status, problem.title)]
    Problem { problem: Box<Problem>, retry_after: Option<HeaderValue> },
    /// Nobody answers there, or the connection broke; later it may work.
    #[error("the API is out of reach")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No complete answer in time; later it may work.
    #[error("the API did not answer within {} s", CALL_TIMEOUT.as_secs())]
    TimedOut,
    /// An answer of another shape than agreed: another program, or a version too far apart.
    #[error("the API answered {status} with something else than agreed")]
    Unintelligible { status: StatusCode },
}

/// What is passed on from a visitor's request to the API.
#[derive(Debug, Default)]
pub(crate) struct OnBehalf(HeaderMap);

impl ApiClient {
    /// Calls the API at a base URL such as `http://127.0.0.1:3050`. Connects when first used.
    ///
    /// # Errors
    /// When it is no URL, or one with anything but `http`, host and port.
    pub fn new(base_url: &str) -> Result<Self, BaseUrlError> {
        let uri: Uri = base_url.parse()?;
        let plain = uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/") && uri.query().is_none();
        let authority = uri.authority().filter(|_| plain).ok_or(BaseUrlError::Unsupported)?;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Ok(Self { http, base: format!("http://{authority}") })
    }

    /// Whether the API answers, if only that it is not well itself. For readiness.
    ///
    /// # Errors
    /// When nobody answers there, or another program.
    pub async fn reach(&self) -> Result<(), OutOfReach> {
        match self.system(&OnBehalf::default()).await {
            Ok(_) | Err(ApiError::Problem { .. }) => Ok(()),
            Err(error) => Err(OutOfReach(error)),
        }
    }

    /// Asks for F(n).
    pub(crate) async fn submit(&self, index: Index, by: &OnBehalf) -> Result<Submitted, ApiError> {
        let body = serde_json::json!({ "index": index }).to_string();
        self.call("submit", Method::POST, "/api/calculations", body, by).await
    }

    /// One calculation; `None` if it was never asked for.
    pub(crate) async fn calculation(&self, index: Index, by: &OnBehalf) -> Result<Option<CalculationBody>, ApiError> {
        let path = format!("/api/calculations/{index}");
        match self.call("calculation", Method::GET, &path, String::new(), by).await {
            Err(ApiError::Problem { problem, .. }) if problem.kind == wire::ProblemKind::NotFound => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// A page of the record, newest first.
    pub(crate) async fn record(
        &self,
        limit: u32,
        after: Option<&Cursor>,
        by: &OnBehalf,
    ) -> Result<CalculationList, ApiError> {
        let mut path = format!("/api/calculations?limit={limit}");
        if let Some(Cursor(after)) = after {
            path = format!("{path}&after={after}");
        }
        self.call("record", Method::GET, &path, String::new(), by).await
    }

    /// Withdraws an ask.
    pub(crate) async fn withdraw(
        &self,
        index: Index,
        ask: &AskToken,
        by: &OnBehalf,
    ) -> Result<CalculationBody, ApiError> {
        let mut headers = by.0.clone();
        let mut token = HeaderValue::try_from(ask.to_string()).expect("hexadecimal digits may stand in a heading");
        token.set_sensitive(true);
        headers.insert(ASK, token);
        let path = format!("/api/calculations/{index}");
        self.call("withdraw", Method::DELETE, &path, String::new(), &OnBehalf(headers)).await
    }

    /// The state of the system.
    pub(crate) async fn system(&self, by: &OnBehalf) -> Result<SystemStatus, ApiError> {
        self.call("system", Method::GET, "/api/system", String::new(), by).await
    }

    async fn call<Answer: DeserializeOwned>(
        &self,
        call: &'static str,
        method: Method,
        path: &str,
        body: String,
        by: &OnBehalf,
    ) -> Result<Answer, ApiError> {
        let begun = Instant::now();
        let answer = tokio::time::timeout(CALL_TIMEOUT, self.exchange(method, path, body, by))
            .await
            .unwrap_or(Err(ApiError::TimedOut))
            .and_then(|answer| answer.read());
        let outcome = answer.as_ref().map_or_else(ApiError::outcome, |_| "ok");
        metrics::api_called(call, outcome, begun.elapsed());
        answer
    }

    async fn exchange(&self, method: Method, path: &str, body: String, by: &OnBehalf) -> Result<Answer, ApiError> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(headers) = request.headers_mut() {
            headers.extend(by.0.clone());
            headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
            if !body.is_empty() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        let unreachable = |error: Box<dyn std::error::Error + Send + Sync>| ApiError::Unreachable(error);
        let request = request.body(Full::from(body)).map_err(|error| unreachable(error.into()))?;
        let (parts, body) = self.http.request(request).await.map_err(|error| unreachable(error.into()))?.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(unreachable)?.to_bytes();
        Ok(Answer { status: parts.status, retry_after: parts.headers.get(RETRY_AFTER).cloned(), body })
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What came back, not yet understood.
struct Answer {
    status: StatusCode,
    retry_after: Option<HeaderValue>,
    body: Bytes,
}

impl Answer {
    fn read<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        let unintelligible = || ApiError::Unintelligible { status: self.status };
        if self.status.is_success() {
            return serde_json::from_slice(&self.body).map_err(|_| unintelligible());
        }
        let problem: Problem = serde_json::from_slice(&self.body).map_err(|_| unintelligible())?;
        Err(ApiError::Problem { problem: Box::new(problem), retry_after: self.retry_after })
    }
}

impl ApiError {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Problem { .. } => "problem",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut => "timeout",
            Self::Unintelligible { .. } => "unintelligible",
        }
    }
}

/// Where a page of the record goes on; opaque, but only of characters that may stand in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(String);

impl Cursor {
    /// `None` for a text that the API cannot have given out.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        (!text.is_empty() && text.len() <= 100 && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for OnBehalf {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut headers = HeaderMap::new();
        let trace = server::current_trace();
        if let Some(traceparent) = trace.and_then(|trace| HeaderValue::try_from(trace.to_string()).ok()) {
            headers.insert(TRACEPARENT, traceparent);
        }
        // The address that called us comes last: the API believes the chain from its end, as far as it
        // trusts the links.
        let said = parts.headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let seen = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|caller| caller.0.ip().to_string());
        let chain: Vec<String> = said.map(str::to_owned).chain(seen).collect();
        if let Ok(chain) = HeaderValue::try_from(chain.join(", "))
            && !chain.is_empty()
        {
            headers.insert(X_FORWARDED_FOR, chain);
        }
        Ok(Self(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_a_host_is_taken_for_a_base_url() {
        for good in ["http://127.0.0.1:3050", "http://api:5000/", "http://[::1]:3050"] {
            assert!(ApiClient::new(good).is_ok(), "{good}");
        }
        for bad in ["https://api", "api:5000", "/api", "", "http://api/api", "http://api/?x", "ftp://api"] {
            assert!(ApiClient::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cursor_holds_nothing_that_changes_a_query() {
        assert_eq!(Cursor::read("c12").map(|cursor| cursor.to_string()).as_deref(), Some("c12"));
        for bad in ["", "a&limit=1", "a b", "a#", "é", &"a".repeat(101)] {
            assert_eq!(Cursor::read(bad), None, "{bad}");
        }
    }
}
