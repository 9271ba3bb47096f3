//! HTTP/1.1 calls to the running system, one after the other.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use indicatif::ProgressBar;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::RemoteServerArgs;
use super::connector::{Connector, connector};
use super::error::RemoteError;
use super::retry::CallRetry;
use crate::cli::print_error;
use crate::config::HttpUrl;

/// Timeout from sending a request to the head of its response.
const HEAD_TIMEOUT: Duration = Duration::from_secs(35);
/// Timeout of each piece of a body.
const PIECE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum length of a JSON response: a thousand calculations with their values need a twentieth of it.
const MAX_JSON_BYTES: usize = 64 << 20;

/// A running system.
pub(super) struct RemoteServer {
    url: HttpUrl,
    http: Client<Connector, Full<Bytes>>,
    runtime: Runtime,
    retry_limit: Duration,
    /// Whether it has responded before. If not, calls are not repeated.
    was_reached: Cell<bool>,
    /// The progress bar, hidden until something is shown.
    pub(super) bar: ProgressBar,
}

/// A request that can be repeated.
pub(super) struct RemoteCall {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A success whose body is read piece by piece.
pub(super) struct RemoteReply<'a> {
    server: &'a RemoteServer,
    head: Parts,
    body: Incoming,
}

impl RemoteCall {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn post(path: &str, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let call = Self { method: Method::POST, body: body.into(), ..Self::get(path) };
        call.with_header(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl RemoteServer {
    pub(super) fn open(args: &RemoteServerArgs) -> Result<Self, RemoteError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RemoteError::Start)?;
        let http = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector(&args.server)?);
        Ok(Self {
            url: args.server.clone(),
            http,
            runtime,
            retry_limit: Duration::from_secs(args.retry),
            was_reached: Cell::new(false),
            bar: ProgressBar::hidden(),
        })
    }

    /// Returns the URL of a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Sends a request once.
    pub(super) fn send(&self, call: &RemoteCall) -> Result<RemoteReply<'_>, RemoteError> {
        let url = self.url(&call.path);
        let request = Request::builder().method(&call.method).uri(&url).body(Full::from(call.body.clone()));
        let mut request = request.map_err(|error| RemoteError::Broken { url: url.clone(), source: error.into() })?;
        request.headers_mut().extend(call.headers.clone());
        let (head, body) = match self.within(HEAD_TIMEOUT, self.http.request(request)) {
            None => return Err(RemoteError::Silent { url, seconds: HEAD_TIMEOUT.as_secs() }),
            Some(Err(error)) if error.is_connect() => {
                return Err(RemoteError::connect(self.url.to_string(), error.into()));
            }
            Some(Err(error)) => return Err(RemoteError::Broken { url, source: error.into() }),
            Some(Ok(response)) => response.into_parts(),
        };
        self.was_reached.set(true);
        let reply = RemoteReply { server: self, head, body };
        if reply.head.status.is_success() { Ok(reply) } else { Err(reply.into_error(url)) }
    }

    /// Sends a request and reads the JSON of its response, again while the system is busy or away.
    pub(super) fn json<T: DeserializeOwned>(&self, call: &RemoteCall) -> Result<T, RemoteError> {
        self.repeat(|| self.send(call)?.json())
    }

    /// Repeats calls while the system is busy or away.
    pub(super) fn repeat<T>(&self, mut calls: impl FnMut() -> Result<T, RemoteError>) -> Result<T, RemoteError> {
        let mut retry = CallRetry::new(self);
        loop {
            match calls() {
                Ok(result) => return Ok(result),
                Err(error) => retry.wait(error)?,
            }
        }
    }

    pub(super) fn retry_limit(&self) -> Duration {
        self.retry_limit
    }

    pub(super) fn was_reached(&self) -> bool {
        self.was_reached.get()
    }

    pub(super) fn sleep(&self, time: Duration) {
        // The timer needs the runtime when it is created.
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// Prints a line on standard error, above the progress bar.
    pub(super) fn notice(&self, text: &str) {
        self.bar.suspend(|| print_error(&format!("{text}\n")));
    }

    /// Runs a future; `None` if it takes longer than `limit`.
    fn within<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Option<T> {
        self.runtime.block_on(async { timeout(limit, future).await.ok() })
    }
}

impl RemoteReply<'_> {
    pub(super) fn status(&self) -> StatusCode {
        self.head.status
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// Returns the next piece of the body, or `None` at its end.
    pub(super) fn next_piece(&mut self, limit: Duration) -> Result<Option<Bytes>, RemoteError> {
        loop {
            let Some(frame) = self.server.within(limit, self.body.frame()) else {
                return Err(RemoteError::Silent { url: self.server.url(""), seconds: limit.as_secs() });
            };
            match frame {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(RemoteError::Broken { url: self.server.url(""), source: error.into() });
                }
                // Trailers are ignored.
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    /// Reads the next piece of a value.
    pub(super) fn next_digits(&mut self) -> Result<Option<Bytes>, RemoteError> {
        self.next_piece(PIECE_TIMEOUT)
    }

    /// Reads the whole body.
    pub(super) fn read_all(&mut self) -> Result<Bytes, RemoteError> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.next_piece(PIECE_TIMEOUT)? {
            if all.len() + piece.len() > MAX_JSON_BYTES {
                return Err(self.unexpected("a longer body than expected"));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    pub(super) fn json<T: DeserializeOwned>(mut self) -> Result<T, RemoteError> {
        let body = self.read_all()?;
        serde_json::from_slice(&body).map_err(|_| self.unexpected("a body that is not expected"))
    }

    /// Returns the error for a response that is not one of this API.
    pub(super) fn unexpected(&self, what: &'static str) -> RemoteError {
        RemoteError::Unexpected { url: self.server.url.to_string(), status: self.head.status, what }
    }

    fn into_error(mut self, url: String) -> RemoteError {
        let retry_after = self.header(&RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let status = self.head.status;
        match self.read_all() {
            Ok(body) => match serde_json::from_slice(&body) {
                Ok(problem) => RemoteError::Problem { url, problem, retry_after },
                Err(_) => RemoteError::Refused { url, status, retry_after },
            },
            Err(error) => error,
        }
    }
}
