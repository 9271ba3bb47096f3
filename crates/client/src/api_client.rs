//! The client of the HTTP API: plain HTTP/1.1 over kept-alive connections.
//!
//! The visitor's address and trace are forwarded, so that the API limits visitors instead of this process,
//! and one trace covers both.

use std::fmt;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RANGE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use model::{AskToken, Index, Subject};
use serde::de::DeserializeOwned;
use wire::{
    CalculationBody, CalculationList, FoundDigits, ModulusPeriod, NumberFacts, Problem, Submitted, SystemStatus,
    VerificationBody,
};

use crate::forwarded_headers::ForwardedHeaders;
use crate::history_view::HistoryView;
use crate::metrics;
use crate::views::Offer;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Timeout from sending a request to having read the whole response.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Shorter than the idle timeout of servers, so that a request rarely meets a connection just closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);
/// A page of the history with 200 values of 1,000 digits needs a tenth of it.
const MAX_RESPONSE_BYTES: usize = 4 << 20;

const ASK: HeaderName = HeaderName::from_static(wire::ASK_HEADER);

/// Calls the API. Clones share their connections.
#[derive(Clone)]
pub struct ApiClient {
    http: Client<HttpConnector, Full<Bytes>>,
    /// Scheme and authority, without a slash at the end.
    base: String,
    /// A header that identifies this client to an API in the same process.
    identification: Option<(HeaderName, HeaderValue)>,
}

/// Why a base URL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaseUrlError {
    /// Not a URL.
    #[error("cannot parse the API's URL")]
    Malformed(#[from] http::uri::InvalidUri),
    /// Only `http://host:port` is supported: no encryption, no path, no query.
    #[error("the API's URL must be http://host:port without a path")]
    Unsupported,
}

/// The API does not respond.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ApiUnreachable(CallError);

/// Why a call of the API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The API responded with problem details.
    #[error("the API responded {}: {}", problem.status, problem.title)]
    Problem {
        problem: Box<Problem>,
        retry_after: Option<HeaderValue>,
        /// The token of a submission that may have been stored all the same.
        ask: Option<AskToken>,
    },
    /// Connecting failed or the connection broke; a retry may succeed.
    #[error("cannot reach the API")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No complete response within the timeout; a retry may succeed.
    #[error("the API did not respond within {} s", CALL_TIMEOUT.as_secs())]
    TimedOut,
    /// The response has another shape than expected: another program, or an incompatible version.
    #[error("the API responded {status} with an unexpected body")]
    UnexpectedBody { status: StatusCode },
}

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
        Ok(Self { http, base: format!("http://{authority}"), identification: None })
    }

    /// Sends a header with every call, by which an API in the same process knows this client.
    #[must_use]
    pub fn identified_by(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.identification = Some((name, value));
        self
    }

    /// Checks that the API responds, if only with a problem. For readiness.
    ///
    /// # Errors
    /// When nothing responds there, or another program does.
    pub async fn check(&self) -> Result<(), ApiUnreachable> {
        match self.system(&ForwardedHeaders::default()).await {
            Ok(_) | Err(CallError::Problem { .. }) => Ok(()),
            Err(error) => Err(ApiUnreachable(error)),
        }
    }

    /// Submits a subject.
    pub(crate) async fn submit(&self, subject: &Subject, forwarded: &ForwardedHeaders) -> Result<Submitted, CallError> {
        // An older API knows indexes only.
        let body = match subject.fibonacci_index() {
            Some(index) => serde_json::json!({ "index": index }),
            None => serde_json::json!({ "subject": subject }),
        };
        let body = body.to_string();
        self.call("submit", Method::POST, "/api/calculations", body, forwarded).await
    }

    /// Returns one calculation; `None` if it was never submitted.
    pub(crate) async fn calculation(
        &self,
        subject: &Subject,
        forwarded: &ForwardedHeaders,
    ) -> Result<Option<CalculationBody>, CallError> {
        let path = format!("/api/calculations/{}", subject.path());
        match self.call("calculation", Method::GET, &path, String::new(), forwarded).await {
            Err(CallError::Problem { problem, .. }) if problem.kind == wire::ProblemKind::NotFound => Ok(None),
            result => result.map(Some),
        }
    }

    /// Returns the period of a modulus, or `None` where the API does not say it at once.
    pub(crate) async fn period(&self, modulus: NonZero<u128>, forwarded: &ForwardedHeaders) -> Option<ModulusPeriod> {
        let path = format!("/api/moduli/{modulus}");
        self.call("period", Method::GET, &path, String::new(), forwarded).await.ok()
    }

    /// Returns the offer to compute a subject, with what it would take or why it is refused.
    pub(crate) async fn offer(&self, subject: Subject, forwarded: &ForwardedHeaders) -> Offer {
        let path = format!("/api/estimates/{}", subject.path());
        let estimate = match self.call("estimate", Method::GET, &path, String::new(), forwarded).await {
            Ok(estimate) => Some(Ok(estimate)),
            Err(CallError::Problem { problem, .. }) if problem.status == StatusCode::UNPROCESSABLE_ENTITY => {
                Some(Err(problem))
            }
            // An older API does not say.
            Err(_) => None,
        };
        Offer { subject, estimate }
    }

    /// Returns facts about a number of any size, and its remainder by a modulus.
    pub(crate) async fn facts(
        &self,
        index: &str,
        modulus: Option<&str>,
        forwarded: &ForwardedHeaders,
    ) -> Result<NumberFacts, CallError> {
        let query = modulus.map(|modulus| format!("?modulus={modulus}")).unwrap_or_default();
        let path = format!("/api/numbers/{index}{query}");
        self.call("facts", Method::GET, &path, String::new(), forwarded).await
    }

    /// Returns part of the text of a value, by the places of its bytes from 0.
    pub(crate) async fn value_bytes(
        &self,
        index: Index,
        bytes: RangeInclusive<u64>,
        forwarded: &ForwardedHeaders,
    ) -> Result<String, CallError> {
        let range = format!("bytes={}-{}", bytes.start(), bytes.end());
        let headers = forwarded.with(RANGE, HeaderValue::try_from(range).expect("digits are valid in a header"));
        let path = format!("/api/calculations/{index}/value");
        timed("value", self.exchange(Method::GET, &path, String::new(), &headers), RawResponse::into_digits).await
    }

    /// Returns where digits occur in a part of a stored value, from a place on.
    pub(crate) async fn find_digits(
        &self,
        index: Index,
        digits: &str,
        from: u64,
        forwarded: &ForwardedHeaders,
    ) -> Result<FoundDigits, CallError> {
        let path = format!("/api/calculations/{index}/value/find?digits={digits}&from={from}");
        self.call("find-digits", Method::GET, &path, String::new(), forwarded).await
    }

    /// Compares a text with F(n).
    pub(crate) async fn verify(
        &self,
        index: &str,
        text: String,
        forwarded: &ForwardedHeaders,
    ) -> Result<VerificationBody, CallError> {
        let path = format!("/api/verify?index={index}");
        self.call("verify", Method::POST, &path, text, forwarded).await
    }

    /// Returns those of some calculations that were submitted, newest first.
    pub(crate) async fn calculations(
        &self,
        subjects: &[Subject],
        forwarded: &ForwardedHeaders,
    ) -> Result<CalculationList, CallError> {
        // An older API knows indexes only.
        let (numbers, others): (Vec<_>, Vec<_>) =
            subjects.iter().partition(|subject| subject.fibonacci_index().is_some());
        let numbers: Vec<String> = numbers.into_iter().map(Subject::path).collect();
        let numbers = (!numbers.is_empty()).then(|| format!("index={}", numbers.join(",")));
        let others = others.into_iter().map(|subject| format!("subject={subject}"));
        let query: Vec<String> = numbers.into_iter().chain(others).collect();
        let path = format!("/api/calculations?{}", query.join("&"));
        self.call("calculations", Method::GET, &path, String::new(), forwarded).await
    }

    /// Returns a page of the history.
    pub(crate) async fn history(
        &self,
        limit: u32,
        view: &HistoryView,
        after: Option<&Cursor>,
        forwarded: &ForwardedHeaders,
    ) -> Result<CalculationList, CallError> {
        let mut path = format!("/api/calculations?limit={limit}{}", view.api_query());
        if let Some(Cursor(after)) = after {
            path = format!("{path}&after={after}");
        }
        self.call("history", Method::GET, &path, String::new(), forwarded).await
    }

    /// Cancels a calculation with the token of its submission.
    pub(crate) async fn cancel(
        &self,
        subject: &Subject,
        ask: &AskToken,
        forwarded: &ForwardedHeaders,
    ) -> Result<CalculationBody, CallError> {
        let mut token = HeaderValue::try_from(ask.to_string()).expect("hexadecimal digits are valid in a header");
        token.set_sensitive(true);
        let path = format!("/api/calculations/{}", subject.path());
        self.call("cancel", Method::DELETE, &path, String::new(), &forwarded.with(ASK, token)).await
    }

    /// Returns the state of the system.
    pub(crate) async fn system(&self, forwarded: &ForwardedHeaders) -> Result<SystemStatus, CallError> {
        self.call("system", Method::GET, "/api/system", String::new(), forwarded).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        call: &'static str,
        method: Method,
        path: &str,
        body: String,
        forwarded: &ForwardedHeaders,
    ) -> Result<T, CallError> {
        timed(call, self.exchange(method, path, body, forwarded), RawResponse::parse).await
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: String,
        forwarded: &ForwardedHeaders,
    ) -> Result<RawResponse, CallError> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(headers) = request.headers_mut() {
            forwarded.add_to(headers);
            headers.extend(self.identification.clone());
            headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/problem+json"));
            if !body.is_empty() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        let unreachable = |error: Box<dyn std::error::Error + Send + Sync>| CallError::Unreachable(error);
        let request = request.body(Full::from(body)).map_err(|error| unreachable(error.into()))?;
        let (parts, body) = self.http.request(request).await.map_err(|error| unreachable(error.into()))?.into_parts();
        let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await.map_err(unreachable)?.to_bytes();
        let ask = parts.headers.get(ASK).and_then(|ask| ask.to_str().ok()?.parse().ok());
        Ok(RawResponse { status: parts.status, retry_after: parts.headers.get(RETRY_AFTER).cloned(), ask, body })
    }
}

/// Waits for a response for up to [`CALL_TIMEOUT`], parses it and measures the call.
async fn timed<T>(
    call: &'static str,
    exchange: impl Future<Output = Result<RawResponse, CallError>>,
    parse: impl FnOnce(RawResponse) -> Result<T, CallError>,
) -> Result<T, CallError> {
    let started = Instant::now();
    let response = tokio::time::timeout(CALL_TIMEOUT, exchange).await.unwrap_or(Err(CallError::TimedOut));
    let result = response.and_then(parse);
    let outcome = result.as_ref().map_or_else(CallError::outcome, |_| "ok");
    metrics::record_api_call(call, outcome, started.elapsed());
    result
}

/// A response before its body is parsed.
struct RawResponse {
    status: StatusCode,
    retry_after: Option<HeaderValue>,
    ask: Option<AskToken>,
    body: Bytes,
}

impl RawResponse {
    fn parse<T: DeserializeOwned>(self) -> Result<T, CallError> {
        let unexpected = || CallError::UnexpectedBody { status: self.status };
        if self.status.is_success() {
            return serde_json::from_slice(&self.body).map_err(|_| unexpected());
        }
        let problem: Problem = serde_json::from_slice(&self.body).map_err(|_| unexpected())?;
        Err(CallError::Problem { problem: Box::new(problem), retry_after: self.retry_after, ask: self.ask })
    }

    fn into_digits(self) -> Result<String, CallError> {
        let digits = str::from_utf8(&self.body).ok().map(str::to_owned);
        match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')) {
            Some(digits) if self.status == StatusCode::PARTIAL_CONTENT => Ok(digits),
            _ => Err(CallError::UnexpectedBody { status: self.status }),
        }
    }
}

impl CallError {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::Problem { .. } => "problem",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut => "timeout",
            Self::UnexpectedBody { .. } => "unexpected-body",
        }
    }
}

/// The cursor of a page of the history: opaque, but made only of characters that are safe in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(String);

impl Cursor {
    /// Parses a cursor; `None` for a text that the API cannot have issued.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        (!text.is_empty() && text.len() <= 100 && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        assert_eq!(Cursor::parse("c12").map(|cursor| cursor.to_string()).as_deref(), Some("c12"));
        for bad in ["", "a&limit=1", "a b", "a#", "é", &"a".repeat(101)] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
